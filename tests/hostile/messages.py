"""Messages of devices, mutated: what became of each, in a word, or what is wrong with us."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from flameblue import plugins
from flameblue.domain.limits import PACKET_BYTES_MAX, READINGS_PER_MESSAGE_MAX
from flameblue.domain.quantities import QUANTITIES
from flameblue.domain.readings import READING
from flameblue.intake import commands, payloads, redact
from flameblue.intake.decode import Draft, Known, Message, decode_into, route
from flameblue.intake.directory import DeviceEntry, Directory, name_behind
from flameblue.intake.samples import Sample
from flameblue.profiles.loader import Profile, Shelf, package_folder
from tests.hostile import protobuf
from tests.hostile.mutations import Mutator
from tests.hostile.streams import VECTORS
from tests.intake.payload_vectors import content, read

ARRIVAL_NS = 1_768_417_700 * 10**9
Vector = Mapping[str, Any]


def payload(seed: int, name: str) -> Callable[[], str]:
    """A message of one format, of a device or gateway of any profile; sometimes its topic is mutated too."""
    vectors = [read(path) for path in sorted((VECTORS / name).glob("*.json"))]
    good = [vector for vector in vectors if "error" not in vector]
    mutator = Mutator(seed, [content(vector) for vector in vectors])
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
        known, vector = draw.choice(households), draw.choice([*vectors, *good * 3])
        owner = plugin.device(vector["topic"]) if draw.random() < 0.95 else ""
        topic = vector["topic"] if draw.random() < 0.8 else draw.choice(topics.seeds).decode()
        topic = topic if draw.random() < 0.95 else topics.message().decode("utf-8", "replace")
        sent = mutated(mutator, vector)[:PACKET_BYTES_MAX]
        message = Message(topic, sent, draw.random() < 0.1)
        speaker = replace(next(iter(known.directory.devices.values())), name=owner or "D0217")
        draft = Draft()
        decode_into(draft, known, speaker, message, ARRIVAL_NS)
        answers = commands.replies_of_formats(message.topic, message.payload)
        assert all(isinstance(text, str) and isinstance(data, bytes) for text, data in answers)
        return outcome(draft, message, speaker)

    return throw


def mutated(mutator: Mutator, vector: Vector) -> bytes:
    """The vector's message, broken as its own kind is: as JSON, or as protobuf where it is binary."""
    if "hex" not in vector:
        return mutator.json(content(vector))
    if mutator.random.random() < 0.3:
        return mutator.broken(content(vector), mutator.random.choice((1, 1, 2, 3)))
    return protobuf.broken(mutator.random, content(vector))


def outcome(draft: Draft, message: Message, speaker: DeviceEntry) -> str:
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
    is_nobodys(message, speaker)
    return "nothing for us"


def is_nobodys(message: Message, speaker: DeviceEntry) -> None:
    """Its format says of itself that it lets pass, and nothing that has a point was let pass."""
    spoken, _ = route(message.topic)
    assert spoken is not None
    assert not spoken.strict, f"it vanished: {message}"
    samples = spoken.parse(message.topic, message.payload)
    assert samples, f"not even nothing: {message}"
    for sample in samples:
        wanted = [key for key, value in sample.values.items() if key in speaker.points and value is not None]
        assert not wanted, f"{wanted} vanished: {message}"
        assert not set(sample.states) & set(speaker.points), f"states vanished: {message}"


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
