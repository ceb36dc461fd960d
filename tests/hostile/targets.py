"""What mutated bytes are thrown at: each target says, in a word, what became of one mutation, or raises.

The inner functions are called, not those that catch what they do not know: a fault of ours must show.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from smpplib import exceptions

from flameblue import plugins
from flameblue.domain.errors import BadInput
from flameblue.domain.limits import PACKET_BYTES_MAX, READINGS_PER_MESSAGE_MAX
from flameblue.domain.quantities import QUANTITIES
from flameblue.domain.readings import READING
from flameblue.intake import commands, payloads, protocols, redact
from flameblue.intake.decode import Draft, Known, Message, decode_into, route
from flameblue.intake.directory import DeviceEntry, Directory, name_behind
from flameblue.intake.protocol import Broken
from flameblue.intake.samples import Sample
from flameblue.notices.channels.smpp.client import HEAD_BYTES
from flameblue.notices.channels.smpp.line import SmppLine
from flameblue.profiles import loader
from flameblue.profiles.loader import Profile, Shelf, package_folder
from tests.hostile.mutations import Mutator
from tests.hostile.streams import VECTORS, recorded, spoken
from tests.intake.payload_vectors import content, read
from tests.notices.cable import Cable, bound

ARRIVAL_NS = 1_768_417_700 * 10**9
Target = Callable[[], str]


@dataclass(frozen=True)
class Aim:
    """A target, and how many of a million mutations are its own."""

    name: str
    share: float
    throw: Target


def aims(seed: int, folder: Path) -> list[Aim]:
    """Every target there is: plug-ins and vectors as they lie on disk."""
    heard, sent = plugins.find(protocols), plugins.find(payloads)
    assert heard
    assert sent
    return [
        *(Aim(f"protocol {name}", 0.5 / len(heard), protocol(seed, name)) for name in sorted(heard)),
        *(Aim(f"payload {name}", 0.43 / len(sent), payload(seed, name)) for name in sorted(sent)),
        Aim("SMPP", 0.06, smpp_units(seed)),
        Aim("profile", 0.01, profile_files(seed, folder)),
    ]


def protocol(seed: int, name: str) -> Target:
    """A session that is fed one mutated stream, in pieces."""
    plugin = plugins.find(protocols)[name]
    mutator = Mutator(seed, recorded(name) + (spoken() if name == "mqtt" else []))

    def throw() -> str:
        session, frames = plugin.session(), []
        for piece in mutator.pieces(mutator.stream()):
            frames += session.feed(piece)
            assert session.held_bytes() <= plugin.frame_bytes_max + 16
        assert not any(isinstance(frame, Broken) for frame in frames[:-1]), "it went on after the end"
        if frames and isinstance(frames[-1], Broken):
            assert session.feed(b"\xc0\x00") == []
            assert frames[-1].reason
            return "oversized" if frames[-1].oversized else "broken"
        return "frames" if frames else "incomplete"

    return throw


def payload(seed: int, name: str) -> Target:
    """A message of one format, of a device or gateway of any profile; sometimes its topic is mutated too."""
    vectors = [read(path) for path in sorted((VECTORS / name).glob("*.json"))]
    good = [vector for vector in vectors if "error" not in vector]
    mutator = Mutator(seed, [content(vector) for vector in [*vectors, *good * 3]])
    topics = Mutator(seed + 1, [vector["topic"].encode() for vector in vectors])
    plugin = plugins.find(payloads)[name]
    for vector in vectors:
        for earlier in vector.get("before", ()):
            plugin.parse(earlier["topic"], content(earlier))
    shelf = Shelf(package_folder()).current()
    known_samples = samples_of(name, vectors)
    owners = dict.fromkeys(["D0217", *(plugin.device(vector["topic"]) for vector in vectors)])
    households = [household(known_samples, [one for one in owners if one], known) for known in shelf.values()]
    assert households

    def throw() -> str:
        draw = mutator.random
        known = draw.choice(households)
        topic = draw.choice(topics.seeds)
        owner = plugin.device(topic.decode()) if draw.random() < 0.95 else ""
        topic = topic if draw.random() < 0.95 else topics.message()
        sent = mutator.json()[:PACKET_BYTES_MAX]
        message = Message(topic.decode("utf-8", "replace"), sent, draw.random() < 0.1)
        speaker = next(iter(known.directory.devices.values()))
        draft = Draft()
        decode_into(draft, known, replace(speaker, name=owner or speaker.name), message, ARRIVAL_NS)
        answers = commands.replies_of_formats(message.topic, message.payload)
        assert all(isinstance(text, str) and isinstance(data, bytes) for text, data in answers)
        return outcome(draft, message)

    return throw


def outcome(draft: Draft, message: Message) -> str:
    """What became of a message. Only a format that lets pass what nobody wants may have nothing to say."""
    rows = len(draft.readings())
    assert len(draft.rows) == rows * READING.itemsize
    assert rows <= 2 * READINGS_PER_MESSAGE_MAX
    for _, detail in draft.rejects():
        redact.shown(detail).encode("utf-8")
    redact.sample(message.payload).encode("utf-8")
    if draft.found:
        return "in part" if rows else next(iter(draft.found)).value
    if rows or draft.online or draft.strangers:
        return "readings" if rows else "about devices"
    spoken, _ = route(message.topic)
    assert spoken is not None
    assert not spoken.strict, f"it vanished: {message}"
    return "nothing for us"


def samples_of(name: str, vectors: Sequence[dict[str, Any]]) -> list[Sample]:
    """What the whole messages among the vectors say."""
    plugin = plugins.find(payloads)[name]
    whole = [vector for vector in vectors if "error" not in vector]
    return [sample for vector in whole for sample in plugin.parse(vector["topic"], content(vector))]


def household(samples: Sequence[Sample], owners: Sequence[str], profile: Profile) -> Known:
    """Devices with the profile's points and those that `samples` speak of; behind each the others, alike."""
    keys = dict.fromkeys([*profile.points, *(key for one in samples for key in (*one.values, *one.states))])
    kinds = list(QUANTITIES.values())
    points = {
        key: (number, profile.points[key].quantity if key in profile.points else kinds[number % len(kinds)])
        for number, key in enumerate(keys, 1)
    }
    speaker = DeviceEntry("D0217", profile.name, "", points)
    behind = [
        replace(speaker, name=name_behind(owner, one))
        for one in dict.fromkeys(sample.device for sample in samples)
        for owner in owners
        if one
    ]
    return Known(Directory({entry.name: entry for entry in (speaker, *behind)}), {profile.name: profile})


def smpp_units(seed: int) -> Target:
    """What the SMS gateway sends: parsed by the library, read by us."""
    vectors = json.loads((VECTORS / "smpp" / "smpp.json").read_text(encoding="utf-8"))
    mutator = Mutator(seed, [bytes.fromhex(vector["hex"]) for vector in vectors])
    told: list[str] = []
    ears = SimpleNamespace(receipt=lambda *said: told.extend(said), inbound=lambda *said: told.extend(said))
    us = SimpleNamespace(_ears=ears)

    def throw() -> str:
        cable = Cable(mutator.message())
        gateway = bound(cable)
        try:
            unit = gateway.read_pdu()
        except (exceptions.PDUError, exceptions.ConnectionError):
            return "ends the line"
        if unit is None:
            assert len(cable.sent) == HEAD_BYTES
            return "refused"
        if unit.command == "deliver_sm" and not unit.is_error():
            assert SmppLine._received(us, unit) == 0
            assert all(isinstance(said, str) for said in told)
            told.clear()
        return str(unit.command)

    return throw


def profile_files(seed: int, folder: Path) -> Target:
    """A profile file as somebody may have written it."""
    seeds = [path.read_bytes() for path in sorted(package_folder().glob("*.yaml"))]
    mutator = Mutator(seed, seeds)
    names = [path.name for path in package_folder().glob("*.yaml")]

    def throw() -> str:
        path = folder / mutator.random.choice(names)
        path.write_bytes(mutator.message())
        try:
            loader.load(path)
        except BadInput:
            return "refused"
        return "taken"

    return throw


def every(aim: Aim, times: int) -> Iterator[str]:
    """The words for `times` mutations; what raises says which one it was."""
    for number in range(times):
        try:
            yield aim.throw()
        except Exception as error:
            raise AssertionError(f"mutation {number} of {aim.name}: {error!r}") from error
