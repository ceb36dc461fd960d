"""The ways out: can a message reach the provider, and does a heartbeat reach who waits for it? Nothing is sent."""

import time
from collections.abc import Iterator
from contextlib import closing
from typing import NamedTuple

import httpx

from flameblue import plugins
from flameblue.config import Config
from flameblue.domain.clock import Clock
from flameblue.domain.errors import BadInput
from flameblue.notices import channels
from flameblue.notices.channel import Channel, ChannelPlugin, Ears
from flameblue.runtime.set_up.findings import Finding, fine, unsure, wrong

SMS, VOICE = "SMS", "voice"
UP_WITHIN_S = 10.0
LOOK_EVERY_S = 0.1
ANSWER_S = 5.0
SILENT = Ears(receipt=lambda _id, _state: None, inbound=lambda _sender, _text: None)


class _Way(NamedTuple):
    medium: str
    name: str
    plugin: ChannelPlugin


def look_at_channels(config: Config, clock: Clock, *, running: bool) -> Iterator[Finding]:
    """Each channel that is set: opened as the core opens it, until its line is up."""
    found, messages = plugins.find(channels), config.messages
    media = {"sms_channel": SMS, "voice_channel": VOICE}
    for medium, name in ((media.get(key, key), name) for key, name in messages.channels().items()):
        if name not in found:
            continue  # told with the settings
        plugin: ChannelPlugin = found[name]
        nature = plugin.nature(config)
        if not nature.reaches:
            yield unsure(
                medium, f"Channel {name}: {medium} messages go to the pages only, nobody's phone rings."
            )
        elif running and nature.has_line:
            yield fine(
                medium, f"The line of {name} is held by the Flameblue that runs now; its board shows it."
            )
        else:
            yield from _look_at(_Way(medium, name, plugin), config, clock)


def _look_at(way: _Way, config: Config, clock: Clock) -> Iterator[Finding]:
    try:
        channel = way.plugin.open(config, SILENT)
    except BadInput as error:
        yield wrong(way.medium, str(error))
        return
    with closing(channel):
        lacks = way.plugin.lacks(config)
        yield from (wrong(way.medium, said) for said in lacks)
        nature = way.plugin.nature(config)
        if nature.has_line:
            yield _line(way.medium, way.name, channel, clock)
        elif not lacks:
            deaf = way.medium == SMS and not nature.hears
            on_pages = " It hears no answers: cases are taken on the pages." if deaf else ""
            yield fine(way.medium, f"{way.name} is set; it can't be tried without sending.{on_pages}")


def _line(medium: str, name: str, channel: Channel, clock: Clock) -> Finding:
    until_s = clock.monotonic_s() + UP_WITHIN_S
    while channel.deaf_s() and clock.monotonic_s() < until_s:
        time.sleep(LOOK_EVERY_S)
    if channel.deaf_s():
        return wrong(medium, f"{name} can't be reached within {UP_WITHIN_S:.0f} s: {channel.trouble()}.")
    return fine(medium, f"{name} takes us; no message was sent.")


def look_at_watchers(config: Config) -> Iterator[Finding]:
    """Who would notice that Flameblue itself is gone."""
    url = config.messages.heartbeat_url
    if not url and not config.messages.alive_to:
        yield unsure(
            "watcher",
            "Nobody would notice if this machine died: set messages.heartbeat_url or messages.alive_to.",
        )
        return
    if not url:
        yield fine(
            "watcher", "A daily SMS says that Flameblue is alive; its absence has to be noticed by a person."
        )
        return
    try:
        httpx.head(url, timeout=ANSWER_S)
    except httpx.HTTPError as error:
        yield wrong("watcher", f"messages.heartbeat_url can't be reached: {error}.")
    else:
        yield fine("watcher", "The receiver of the heartbeat can be reached.")
