"""A deaf gateway is an alarm too: a line that is down for a minute becomes a system case, and says when it is back."""

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings

from flameblue.cases import actions as cases
from flameblue.notices.channel import Channel

DEAF_AFTER_S = 60.0
WHAT = {  # the words of the system cases, by the channel's setting; a text says their first word
    "sms_channel": "sms line",
    "voice_channel": "voice line",
    "sms_second_channel": "second sms line",
    "voice_second_channel": "second voice line",
    "group_channel": "group line",
}


def watch(channels: Mapping[str, Channel], now: datetime) -> list[str]:
    """Opens and clears the system cases of the channels' lines; the channels that are deaf."""
    messages = settings.CONFIG.messages
    deaf = [name for name, channel in channels.items() if channel.deaf_s() >= DEAF_AFTER_S]
    for setting, name in messages.channels().items():
        if name in deaf:
            cases.open_system_case(WHAT[setting], f"The line of {name} has been down for a minute.", now)
        elif name in channels and channels[name].deaf_s() == 0:
            cases.system_cleared(WHAT[setting], now)
    return deaf
