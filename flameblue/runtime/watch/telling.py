"""The watch's own way to people: the channels of the core, opened here, and texts that need no database."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

from flameblue import plugins
from flameblue.config import Config
from flameblue.domain.errors import DeliveryError
from flameblue.notices import channels
from flameblue.notices.channel import Carried, Channel, ChannelPlugin, Ears, Outgoing
from flameblue.notices.texts.carrying import render_carried
from flameblue.notices.texts.catalogue import catalogue
from flameblue.notices.texts.names import name
from flameblue.notices.texts.rendering import Values, render
from flameblue.notices.wording import span
from flameblue.runtime.watch.rule import Word
from flameblue.runtime.watch.settings import ways

log = logging.getLogger("flameblue.watch")
NOBODY_SIGNS = "Flameblue"
MINUTE_S = 60.0  # the shortest time that a text names
_numbers = count(1)  # of messages, within this process: nothing else asks for them


@dataclass(frozen=True, slots=True)
class News:
    """What is told: `word` of the Flameblue that people call `about`, and for how long it was so."""

    word: Word
    about: str
    lasted: timedelta


@contextmanager
def opened(config: Config) -> Iterator[dict[str, Channel]]:
    """The channels by their names, in their order; BadInput where one is not configured."""
    lines: dict[str, Channel] = {}
    try:
        for channel in dict.fromkeys(ways(config).values()):
            plugin: ChannelPlugin = plugins.one(channels, channel)
            lines[channel] = plugin.open(config, _ears(channel))
            for lack in plugin.lacks(config):
                log.warning("%s", lack)
        yield lines
    finally:
        for line in lines.values():
            line.close()


def tell(news: News, phone: str, lines: Mapping[str, Channel], config: Config) -> bool:
    """By the first channel that takes it; True also where none ever will: to try again would not help."""
    is_final = True
    for channel, line in lines.items():
        try:
            line.send(message(news, phone, channel, config))
        except DeliveryError as error:
            is_final &= error.permanent
            log.warning("The message to %s did not go by %s: %s", phone, channel, error)
        else:
            log.info("%s was told by %s: %s is %s.", phone, channel, news.about, news.word)
            return True
    return is_final


def message(news: News, phone: str, channel: str, config: Config) -> Outgoing:
    """`news` as this channel takes it, in the settings' language or the first that the channel has."""
    nature = plugins.one(channels, channel).nature(config)
    known = config.language
    if nature.carries and known not in nature.carries:
        known = nature.carries[0]
    words = catalogue(known, hears=False)
    template = words.template(f"watch_{news.word}")
    said: Values = {"site": name(news.about), "age": span(max(MINUTE_S, news.lasted.total_seconds()), words)}
    signature = nature.signature or config.watch.signature or NOBODY_SIGNS
    rendered = (render_carried if nature.carries else render)(template, said, signature)
    carried = Carried(rendered.form, tuple(rendered.variables.items())) if rendered.form else None
    number = next(_numbers)
    return Outgoing(number, number, channel, phone, rendered.text, template.language, carried)


def _ears(channel: str) -> Ears:
    def heard(sender: str, text: str) -> None:
        log.info("%s answered by %s, which nobody waits for: %r", sender, channel, text)

    return Ears(receipt=lambda _id, _state: None, inbound=heard)
