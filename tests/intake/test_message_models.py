"""Each model that sends messages reads the one that its vector holds: tests/vectors/message_models/<model>.json."""

import json
from pathlib import Path
from typing import Any

import pytest

from flameblue.domain.quantities import NO_VALUE, QUANTITIES
from flameblue.domain.readings import Mark
from flameblue.intake.decode import Draft, Known, Message, decode_into
from flameblue.intake.directory import DeviceEntry, Directory
from flameblue.intake.payloads.gb26875_unit.codec import topic
from flameblue.intake.protocols.gb26875.capture import with_unit
from flameblue.intake.telling_messages import device_of
from flameblue.profiles.loader import Profile, Shelf, package_folder

VECTORS = Path(__file__).parents[1] / "vectors"
PATHS = sorted((VECTORS / "message_models").glob("*.json"))
SHELF = Shelf(package_folder()).current()
UNTIMED = {"time_assumed", "time_replaced"}  # of a message that is older than this test, or bears no time
OPEN = {"gb26875-four-faith", "gb26875-haiwan"}  # whose points are in the vector, since the registry has them


def vector_of(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if "message" in found:
        found |= json.loads((VECTORS / found["message"]).read_text(encoding="utf-8"))
    return found


def entry_of(profile: Profile, vector: dict[str, Any], name: str) -> DeviceEntry:
    points = vector.get("points")
    if points is None:
        return device_of(profile, name)
    listed = {key: (place, QUANTITIES[points[key]]) for place, key in enumerate(points)}
    return DeviceEntry(name, profile.name, "", listed)


def message_of(vector: dict[str, Any]) -> Message:
    if "frame" in vector:
        unit = with_unit(bytes.fromhex((VECTORS / vector["frame"]).read_text(encoding="ascii"))).unit
        return Message(topic(unit), unit)
    return Message(vector["topic"], vector["payload"].encode())


def test_every_model_whose_points_are_fixed_has_a_vector() -> None:
    fixed = {name for name, profile in SHELF.items() if profile.payload and profile.points}
    assert {path.stem for path in PATHS} == fixed | OPEN


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_its_message_gives_the_readings_that_it_must(path: Path) -> None:
    vector = vector_of(path)
    profile = SHELF[path.stem]
    found = readings(profile, vector)
    expected = {key: [value, sorted(marks)] for key, (value, marks) in vector["readings"].items()}
    assert found == expected
    assert vector["about"]
    assert vector["source"]


def readings(profile: Profile, vector: dict[str, Any]) -> dict[str, Any]:
    """By key, the value in its unit and the marks."""
    message = message_of(vector)
    entry = entry_of(profile, vector, vector.get("device", "device"))
    gateway = entry.name.partition(">")[0]
    speaker = DeviceEntry(gateway, profile.name, "", {}) if gateway != entry.name else entry
    decoded = readings_of(speaker, entry, profile, message)
    keys = list(entry.points)
    return {
        keys[row["point"]]: [
            None
            if row["value"] == NO_VALUE
            else entry.points[keys[row["point"]]][1].value(int(row["value"])),
            sorted(
                mark.name.lower()
                for mark in Mark
                if mark.name and int(row["marks"]) & mark and mark.name.lower() not in UNTIMED
            ),
        ]
        for row in decoded
    }


def readings_of(speaker: DeviceEntry, entry: DeviceEntry, profile: Profile, message: Message) -> Any:
    draft = Draft()
    known = Known(Directory({one.name: one for one in (speaker, entry)}), {profile.name: profile})
    decode_into(draft, known, speaker, message, 1_700_000_000_000_000_000)
    return draft.readings()
