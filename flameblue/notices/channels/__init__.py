"""The ways to a person: a folder a channel, found, not listed; other packages bring theirs by entry point."""

from flameblue.notices.channel import ChannelPlugin

ENTRY_POINTS = "flameblue.channels"
SHAPE = ChannelPlugin
