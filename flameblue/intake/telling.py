"""Captured bytes told to people, whatever the protocol: `flameblue decode`.

A protocol is told by the module `telling` in its folder, or by what another package's plug-in has under that name:
`told(data)` yields a mapping for each frame and each run of bytes that is none, in order: "at", "hex", the protocol's
own keys, and "error" ({"at", "why"}) where something is wrong. It raises nothing.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from errno import ENAMETOOLONG
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from flameblue import plugins
from flameblue.domain.errors import BadInput
from flameblue.domain.limits import DECODE_BYTES_MAX
from flameblue.intake import lenient_json, payloads, protocols, telling_messages
from flameblue.intake.decode import Message
from flameblue.profiles.loader import Profile
from flameblue.profiles.pushing import Push

Told = Mapping[str, Any]
Teller = Callable[[bytes], Iterator[Told]]
MQTT = "mqtt:"  # and a profile: a message of a device of that model
PUSHED = "http-push:"  # likewise: the body of a message that a platform pushes
_BETWEEN = re.compile(r"0[xX]|[\s,;:-]")
_NO_DIGIT = re.compile(r"[^0-9a-fA-F]")


class Given(NamedTuple):
    """What a person gave to be told; `topic` "": the usual one."""

    data: str
    topic: str = ""


def tellers() -> dict[str, Teller]:
    """Who can tell, by the name that people use: a protocol's folder with hyphens, or a payload's folder."""
    return {name.replace("_", "-"): told for name, told in _of(protocols)} | dict(_of(payloads))


def _of(package: ModuleType) -> Iterator[tuple[str, Teller]]:
    brought = plugins.foreign(package)
    for name in plugins.names(package):
        module = f"{package.__name__}.{name}.telling"
        if name in brought:
            telling = getattr(plugins.one(package, name), "telling", None)
            if telling is not None:
                yield name, telling.told
        elif find_spec(module) is not None:
            yield name, import_module(module).told


def told(name: str, data: bytes) -> Iterator[Told]:
    """What `data` says in the protocol `name`; BadInput where nobody can tell."""
    known = tellers()
    if name not in known:
        raise BadInput(
            f"Nobody can tell {name!r}. There are: {', '.join([*sorted(known), f'{MQTT}PROFILE', f'{PUSHED}PROFILE'])}."
        )
    return known[name](data)


def named(protocol: str, profiles: Mapping[str, Profile]) -> Profile:
    """The profile that `protocol`, such as mqtt:flameblue-generic, names; BadInput where there is none of that kind."""
    kind, _, name = protocol.partition(":")
    pushed = f"{kind}:" == PUSHED
    known = {
        name: profile
        for name, profile in profiles.items()
        if (profile.push is not None if pushed else profile.payload)
    }
    if name in profiles and profiles[name].is_asked:
        raise BadInput(telling_messages.asked(name))
    if name not in known:
        raise BadInput(f"There is no profile {name!r}. There are: {', '.join(sorted(known))}.")
    return known[name]


def told_message(profile: Profile, said: Given, arrival_ns: int) -> Iterator[Told]:
    """What a message of a device of `profile` says, had it come at `arrival_ns`: text, or hexadecimal."""
    if profile.push is not None:
        return telling_messages.told_push(profile, _pushed(profile.push, said.data), arrival_ns)
    topic = said.topic or telling_messages.usual_topic(profile)
    message = Message(topic, _content(said.data, is_binary=profile.payload in dict(_of(payloads))))
    return telling_messages.told(profile, message, arrival_ns)


def _content(said: str, *, is_binary: bool) -> bytes:
    """The payload that a person gave: digits alone are a number where payloads are text."""
    data = _of_file(said)
    data = said.encode() if data is None else data
    try:
        return from_hex(data.decode("ascii")) if is_binary or not _is_json(data) else data
    except (UnicodeDecodeError, BadInput):
        return data


def _pushed(push: Push, said: str) -> bytes:
    """The body that a person gave: a file's, or the text itself, which may be hexadecimal where it is no JSON."""
    data = _of_file(said)
    if data is not None:
        return data
    try:
        return said.encode() if push.form != "json" or _is_json(said.encode()) else from_hex(said)
    except BadInput:
        return said.encode()


def _is_json(data: bytes) -> bool:
    try:
        lenient_json.loads(data)
    except BadInput:
        return False
    return True


def given(said: str) -> bytes:
    """The bytes that a person gave: a file's (hexadecimal text, or as they are), else `said` itself, in hexadecimal."""
    data = _of_file(said)
    if data is None:
        return from_hex(said)
    try:
        return from_hex(data.decode("ascii"))
    except (UnicodeDecodeError, BadInput):
        return data


def _of_file(said: str) -> bytes | None:
    """What the file of this name holds; None: there is no such file."""
    path = Path(said)
    try:
        if not path.is_file():
            return None
        if path.stat().st_size > DECODE_BYTES_MAX:
            raise BadInput(f"{said} has {path.stat().st_size} bytes; at most {DECODE_BYTES_MAX} are taken.")
        return path.read_bytes()
    except ValueError:  # not a name
        return None
    except OSError as error:
        if error.errno == ENAMETOOLONG:
            return None
        raise BadInput(f"{said} can't be read: {error.strerror}.") from error


def from_hex(said: str) -> bytes:
    """The bytes of hexadecimal text with blanks, line ends, commas or 0x between them; BadInput says what is wrong."""
    digits = _BETWEEN.sub("", said)
    if not digits:
        raise BadInput("There are no bytes to decode.")
    wrong = _NO_DIGIT.search(digits)
    if wrong:
        place = said.index(wrong.group()) + 1
        raise BadInput(f"No such file, and no hexadecimal: its character {place} is {wrong.group()!r}.")
    if len(digits) % 2:
        raise BadInput(f"{len(digits)} hexadecimal digits make no whole bytes.")
    return bytes.fromhex(digits)
