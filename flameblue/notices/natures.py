"""What this installation's channels are like, as their plug-ins say."""

from functools import cache

from django.conf import settings

from flameblue import plugins
from flameblue.notices import channels
from flameblue.notices.channel import ChannelPlugin, Nature


def nature_of(channel: str) -> Nature:
    """The nature of the channel with this name; of an unknown one, which delivery refuses, an ordinary one."""
    plugin = _plugins().get(channel)
    return plugin.nature(settings.CONFIG) if plugin is not None else Nature()


@cache
def _plugins() -> dict[str, ChannelPlugin]:
    return plugins.find(channels)
