"""A deaf gateway is an alarm too: a line that is down for a minute becomes a system case, and says when it is back."""

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings

from flameblue.cases import actions as cases
from flameblue.notices.channel import Channel

DEAF_AFTER_S = 60.0


def watch(channels: Mapping[str, Channel], now: datetime) -> list[str]:
    """Opens and clears the system cases of the channels' lines; the channels that are deaf."""
    messages = settings.CONFIG.messages
    deaf = [name for name, channel in channels.items() if channel.deaf_s() >= DEAF_AFTER_S]
    for medium, name in (("sms", messages.sms_channel), ("voice", messages.voice_channel)):
        if name in deaf:
            cases.open_system_case(f"{medium} line", f"The line of {name} has been down for a minute.", now)
        elif name in channels and channels[name].deaf_s() == 0:
            cases.system_cleared(f"{medium} line", now)
    return deaf
