"""What `flameblue watch` is told to do: whom it asks and whom it calls. A mistake is one sentence."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from flameblue import plugins
from flameblue.config import Config
from flameblue.domain.errors import BadInput
from flameblue.domain.limits import WATCH_EVERY_S, WATCHED_MAX
from flameblue.notices import channels

PHONE = re.compile(r"\+\d{6,15}")
PATH = "/healthz"


@dataclass(frozen=True, slots=True)
class Watched:
    """One Flameblue: how people call it, and where it says whether it is alive."""

    name: str
    url: str


def watched(given: Iterable[str], config: Config) -> list[Watched]:
    """Each address of the command line, else of the settings, once; BadInput says which is none."""
    found = {one.url: one for one in map(_watched, given or config.watch.urls)}
    if not found:
        raise BadInput(
            "There is nothing to watch: `flameblue watch https://board.example.org`, or set watch.urls."
        )
    if len(found) > WATCHED_MAX:
        raise BadInput(f"{len(found)} addresses are to be watched; {WATCHED_MAX} are the most.")
    return list(found.values())


def check(config: Config) -> None:
    """BadInput where nobody would be told, or too late."""
    if not 0 < config.watch.every_s <= WATCH_EVERY_S:
        raise BadInput(
            f"watch.every_s is {config.watch.every_s}; it should be {WATCH_EVERY_S:.0f} or less, "
            "so that a message leaves in time."
        )
    if not config.watch.phones:
        raise BadInput('There is nobody to call: set watch.phones, such as ["+8613900000001"].')
    for phone in config.watch.phones:
        if not PHONE.fullmatch(phone):
            raise BadInput(f"watch.phones has {phone!r}; a number is like +8613900000001.")
    for setting, channel in ways(config).items():
        _check_channel(setting, channel, config)


def ways(config: Config) -> dict[str, str]:
    """The channels that carry its messages, in their order, each by the name of its setting."""
    named = {
        "sms_channel": config.messages.sms_channel,
        "sms_second_channel": config.messages.sms_second_channel,
    }
    return {setting: name for setting, name in named.items() if name}


def _check_channel(setting: str, channel: str, config: Config) -> None:
    known = plugins.names(channels)
    if channel not in known:
        raise BadInput(f"messages.{setting} is {channel!r}; there are: {', '.join(known)}.")
    nature = plugins.one(channels, channel).nature(config)
    if not nature.reaches or nature.to_group:
        raise BadInput(f"messages.{setting} is {channel!r}, which reaches nobody's phone.")


def _watched(given: str) -> Watched:
    """`https://board.example.org`, or with a name that people know: `禾木站=https://board.example.org`."""
    name, _, url = (
        given.strip().rpartition("=") if "://" in given.partition("=")[2] else ("", "", given.strip())
    )
    try:
        parts = urlsplit(url)
        is_right = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_right = False
    if not is_right:
        raise BadInput(f"{given!r} is no address to watch; it should be like https://board.example.org.")
    address = url.split("?")[0].rstrip("/")
    return Watched(name.strip() or parts.netloc.rpartition("@")[2], address.removesuffix(PATH) + PATH)
