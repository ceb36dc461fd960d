"""A message told to people, of MQTT or pushed: what a device of a model says with it, and what would be readings."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from flameblue import plugins
from flameblue.domain.errors import BadInput
from flameblue.domain.limits import KNOWN_KEYS_TOLD_MAX
from flameblue.domain.quantities import NO_VALUE
from flameblue.domain.readings import NS_PER_S, Mark, Readings
from flameblue.intake import examples, payloads
from flameblue.intake.decode import Draft, Known, Message, decode, decode_samples_into
from flameblue.intake.directory import DeviceEntry, Directory, name_behind
from flameblue.intake.push import mapping
from flameblue.intake.reasons import SENTENCES, Reject
from flameblue.intake.samples import Payload, Sample
from flameblue.profiles.loader import Profile

_DEVICE = "device"  # as it is called where the topic does not say it
_PLACE = re.compile(r"at (?:byte|character) (\d+)")


def asked(name: str) -> str:
    """That devices of the model `name` send no messages, as a sentence."""
    return f"{name} is asked and sends no messages: flameblue profile try tells its answers."


def usual_topic(profile: Profile) -> str:
    """A topic on which a device of this model sends; BadInput where there is none that tells all."""
    if not profile.payload:
        raise BadInput(asked(profile.name))
    example = examples.any_of(profile, _DEVICE)
    if example is None:
        raise BadInput(f"What a message of {profile.name} means depends on its topic: add --topic TOPIC.")
    return example.topic


def told(profile: Profile, message: Message, arrival_ns: int) -> Iterator[dict[str, object]]:
    """The one message: its samples as sent, and its readings as they would be had it come at `arrival_ns`."""
    payload: Payload = plugins.one(payloads, profile.payload)
    said: dict[str, Any] = {"at": 0, "hex": message.payload.hex(), "bytes": len(message.payload)}
    said |= {"profile": profile.name, "payload": profile.payload, "topic": message.topic}
    if not payload.matches(message.topic):
        yield said | {"error": {"at": 0, "why": f"The payload format {profile.payload} has no such topic."}}
        return
    try:
        samples = payload.parse(message.topic, message.payload)
    except BadInput as error:
        yield said | {"error": {"at": _place(str(error), message), "why": str(error)}}
        return
    said["samples"] = [_sample(one) for one in samples]
    name = payload.device(message.topic) or _DEVICE
    decoded = decode(device_of(profile, name), profile, message, arrival_ns)
    said["readings"] = told_readings(profile, decoded.readings)
    said |= _left_open(profile, samples)
    if decoded.rejects and not profile.open_points:
        said["error"] = {"at": _place(decoded.rejects[0].detail, message), "why": whys(decoded.rejects)}
    yield said


def told_push(profile: Profile, body: bytes, arrival_ns: int) -> Iterator[dict[str, object]]:
    """The one pushed message: likewise; devices behind the source have all the model's points too."""
    push = profile.push
    assert push is not None, "only a model that is pushed has such messages"
    said: dict[str, Any] = {"at": 0, "hex": body.hex(), "bytes": len(body), "profile": profile.name}
    try:
        pushed = mapping.read(push, body)
    except BadInput as error:
        yield said | {
            "error": {"at": int(found[1]) if (found := _PLACE.search(str(error))) else 0, "why": str(error)}
        }
        return
    source = device_of(profile)
    behind = {name_behind(source.name, one.device) for one in pushed.samples if one.device}
    known = {name: device_of(profile, name) for name in (source.name, *behind)}
    draft = Draft()
    decode_samples_into(
        draft, Known(Directory(known), {profile.name: profile}), source, pushed.samples, arrival_ns
    )
    said |= {"id": pushed.identity, "samples": [_sample(one) for one in pushed.samples]}
    said["readings"] = told_readings(profile, draft.readings())
    said |= _left_open(profile, pushed.samples)
    if (rejects := draft.rejects()) and not profile.open_points:
        said["error"] = {"at": 0, "why": whys(rejects)}
    yield said


def _left_open(profile: Profile, samples: Iterable[Sample]) -> dict[str, str]:
    """Why values that came are no readings here, where the registry alone knows which of them are points."""
    keys = dict.fromkeys(key for one in samples for key in (*one.values, *one.states))
    left = [key for key in keys if key not in profile.points]
    if not profile.open_points or not left:
        return {}
    named = ", ".join(left[:KNOWN_KEYS_TOLD_MAX])
    more = f" and {len(left) - KNOWN_KEYS_TOLD_MAX} more" if len(left) > KNOWN_KEYS_TOLD_MAX else ""
    return {
        "note": f"{profile.name} names no points of its own: the registry does, in its columns point and quantity. "
        f"These keys could be points: {named}{more}."
    }


def device_of(profile: Profile, name: str = _DEVICE) -> DeviceEntry:
    """A device with all the model's points, numbered in their order."""
    points = {key: (place, point.quantity) for place, (key, point) in enumerate(profile.points.items())}
    return DeviceEntry(name, profile.name, "", points)


def told_readings(profile: Profile, readings: Readings) -> list[dict[str, object]]:
    """The readings of `device_of` this model."""
    return [_reading(profile, row) for row in readings]


def whys(rejects: Iterable[Reject]) -> str:
    """What could not be taken, in one line."""
    return "; ".join(_why(one) for one in rejects)


def _why(reject: Reject) -> str:
    return f"{SENTENCES[reject.reason]} ({reject.detail})"


def _place(detail: str, message: Message) -> int:
    """The byte where what `detail` complains of stands, as well as can be told."""
    found = _PLACE.search(detail)
    if found:
        return int(found[1])
    return max(0, message.payload.find(detail.split(",")[0].split(":")[0].split(" (")[0].encode()))


def _sample(sample: Sample) -> dict[str, object]:
    said: dict[str, object] = {"time": str(sample.t_ms) if isinstance(sample.t_ms, datetime) else sample.t_ms}
    said |= {"values": dict(sample.values), "states": dict(sample.states)}
    if sample.device:
        said["device"] = sample.device
    return said if sample.online is None else {**said, "online": sample.online}


def _reading(profile: Profile, row: Any) -> dict[str, object]:
    key, point = list(profile.points.items())[row["point"]]
    steps = int(row["value"])
    at = datetime.fromtimestamp(int(row["at_ns"]) / NS_PER_S, UTC)
    return {
        "point": key,
        "quantity": point.quantity.name,
        "value": None if steps == NO_VALUE else point.quantity.value(steps),
        "unit": point.quantity.unit,
        "time": at.isoformat(timespec="milliseconds"),
        "marks": [mark.name.lower() for mark in Mark if int(row["marks"]) & mark and mark.name],
    }
