"""A message becomes readings: times are judged, units converted, sentinels found, what is wrong told apart.

Promises: `decode` raises nothing on any bytes; what is good in a message is kept whatever else is wrong with
it; units are converted here and nowhere else. `Directory`, `DeviceEntry` and `credential_hash` may be
imported from here.
"""

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from flameblue import plugins
from flameblue.domain.errors import BadInput
from flameblue.domain.limits import (
    BACKLOG_NS_MAX,
    CLOCK_AHEAD_NS_MAX,
    PAYLOAD_DEPTH_MAX,
    READINGS_PER_MESSAGE_MAX,
)
from flameblue.domain.quantities import NO_VALUE, STEPS_MAX
from flameblue.domain.readings import NS_PER_MS, READING, Mark, Readings
from flameblue.intake import lenient_json, payloads
from flameblue.intake.directory import DeviceEntry, Directory, credential_hash
from flameblue.intake.reasons import Reason, Reject
from flameblue.intake.samples import OWN_TOPIC, Payload, Sample
from flameblue.profiles.loader import Profile, ProfilePoint

__all__ = ["DeviceEntry", "Directory", "Reject", "credential_hash", "decode"]

STATES = {
    "warning": Mark.REPORTED_WARNING,
    "alarm": Mark.REPORTED_ALARM,
    "fault": Mark.REPORTED_FAULT,
    "shielded": Mark.SHIELDED,
    "test": Mark.TEST,
}
DETAIL_LENGTH_MAX = 200
RAW_MAX = 1e15  # beyond it no quantity has a value, whatever the scale; ints of any length compare
T_MS_MAX = 1e15  # the year 33658; beyond it, no float has all its nanoseconds and some have none
NESTING_OF_A_VALUE = 3  # an array of objects with an object "v" in them
_INFINITIES = (math.inf, -math.inf)
_PACK = struct.Struct("<IqiH").pack  # the bytes of one READING
_FORMATS: tuple[Payload, ...] = tuple(plugins.find(payloads).values())
_RETAINED, _REPLACED, _ASSUMED = int(Mark.RETAINED), int(Mark.TIME_REPLACED), int(Mark.TIME_ASSUMED)
_OPEN, _SHORT = int(Mark.SENSOR_OPEN), int(Mark.SENSOR_SHORT)
assert struct.calcsize("<IqiH") == READING.itemsize


class Message(NamedTuple):
    """One message as it came. `retained`: a broker sends it from its store, so its age is unknown."""

    topic: str
    payload: bytes
    retained: bool = False


@dataclass(frozen=True)
class Decoded:
    """What a message gave."""

    readings: Readings
    rejects: tuple[Reject, ...]


@dataclass(slots=True)
class Draft:
    """Readings (packed) and rejects of messages under way; rejects of one reason are told together."""

    rows: bytearray = field(default_factory=bytearray)
    found: dict[Reason, list[str]] = field(default_factory=dict)

    def reject(self, reason: Reason, detail: str) -> None:
        self.found.setdefault(reason, []).append(detail)

    def rejects(self) -> tuple[Reject, ...]:
        return tuple(Reject(reason, _shortened(details)) for reason, details in self.found.items())

    def readings(self) -> Readings:
        return np.frombuffer(bytes(self.rows), dtype=READING)


def decode(entry: DeviceEntry, profile: Profile | None, message: Message, arrival_ns: int) -> Decoded:
    """The readings of `message` of `entry`, and what could not be taken. No profile: nothing is taken."""
    draft = Draft()
    decode_into(draft, entry, profile, message, arrival_ns)
    return Decoded(draft.readings(), draft.rejects())


def decode_into(
    draft: Draft, entry: DeviceEntry, profile: Profile | None, message: Message, arrival_ns: int
) -> None:
    """As `decode`, into `draft`."""
    payload, name = route(message.topic)
    if payload is None:
        draft.reject(Reason.UNKNOWN_TOPIC, message.topic)
    elif name not in (OWN_TOPIC, entry.name):
        draft.reject(Reason.FOREIGN_TOPIC, message.topic)
    elif profile is None:
        draft.reject(Reason.NO_PROFILE, entry.profile)
    else:
        _decode_samples(draft, _Known(entry, profile, arrival_ns, message.retained), payload, message.payload)


@lru_cache(maxsize=4096)
def route(topic: str) -> tuple[Payload | None, str]:
    """The format whose topic this is (None: nobody's), and the device that it names (or OWN_TOPIC)."""
    for payload in _FORMATS:
        if payload.matches(topic):
            return payload, payload.device(topic)
    return None, OWN_TOPIC


class _Known(NamedTuple):
    """What is known before the payload is looked at."""

    entry: DeviceEntry
    profile: Profile
    arrival_ns: int
    retained: bool


def _decode_samples(draft: Draft, known: _Known, payload: Payload, content: bytes) -> None:
    try:
        samples = payload.parse(content)
    except BadInput as error:
        draft.reject(Reason.MALFORMED, str(error))
        return
    count = sum(len(sample.values) + len(sample.states) for sample in samples)
    if count > READINGS_PER_MESSAGE_MAX or len(samples) > READINGS_PER_MESSAGE_MAX:
        draft.reject(Reason.TOO_MANY, f"{max(count, len(samples))}, at most {READINGS_PER_MESSAGE_MAX}")
        return
    start = len(draft.rows)
    try:
        for sample in samples:
            _decode_sample(draft, known, sample)
    except BadInput as error:
        del draft.rows[start:]
        draft.reject(Reason.MALFORMED, str(error))


def _decode_sample(draft: Draft, known: _Known, sample: Sample) -> None:
    if sample.unknown:
        draft.reject(Reason.UNKNOWN_FIELD, ", ".join(sample.unknown))
    if not sample.values and not sample.states:
        draft.reject(Reason.EMPTY, "no values")
        return
    if known.retained and sample.t_ms is None:
        draft.reject(Reason.UNKNOWN_AGE, "retained, without a time")
        return
    at_ns, sample_marks = _time(draft, sample.t_ms, known.arrival_ns)
    if known.retained:
        sample_marks |= _RETAINED
    states = _states(draft, known.entry, sample.states) if sample.states else {}
    entry_points, profile_points = known.entry.points, known.profile.points
    rows = draft.rows
    for key, raw in sample.values.items():
        point = entry_points.get(key)
        if point is None:
            _reject_value(draft, Reason.UNKNOWN_KEY, key, raw)
            continue
        if (type(raw) is not float and type(raw) is not int) or raw != raw or raw in _INFINITIES:
            _reject_value(draft, Reason.NOT_A_NUMBER, key, raw)
            continue
        value, marks = _value(raw, point[1].steps_per_unit, profile_points.get(key))
        if value is None:
            _reject_value(draft, Reason.TOO_LARGE, key, raw)
            continue
        rows += _PACK(point[0], at_ns, value, sample_marks | marks | states.pop(key, 0))
    for key, marks in states.items():  # states without a value, or whose value was rejected
        rows += _PACK(entry_points[key][0], at_ns, NO_VALUE, sample_marks | marks)


def _value(raw: float, steps_per_unit: int, known: ProfilePoint | None) -> tuple[int | None, int]:
    """The value in steps (None: it does not fit), and the marks of a broken sensor."""
    if not -RAW_MAX <= raw <= RAW_MAX:
        return None, 0
    if known is not None:
        if raw in known.open_at:
            return NO_VALUE, _OPEN
        if raw in known.short_at:
            return NO_VALUE, _SHORT
        raw = raw * known.scale
    steps = raw * steps_per_unit
    return (round(steps), 0) if -STEPS_MAX <= steps <= STEPS_MAX else (None, 0)


def _time(draft: Draft, t_ms: Any, arrival_ns: int) -> tuple[int, int]:
    """The reading's time, and what is to be said about it. No clock makes a point deaf."""
    if t_ms is None:
        return arrival_ns, _ASSUMED
    if type(t_ms) is not int and (type(t_ms) is not float or not math.isfinite(t_ms)):
        draft.reject(Reason.BAD_TIME, _shown(t_ms))
        return arrival_ns, _REPLACED
    if abs(t_ms) > T_MS_MAX:
        return arrival_ns, _REPLACED
    at_ns = round(t_ms * NS_PER_MS)
    if at_ns > arrival_ns + CLOCK_AHEAD_NS_MAX or at_ns < arrival_ns - BACKLOG_NS_MAX:
        return arrival_ns, _REPLACED
    return at_ns, 0


def _states(draft: Draft, entry: DeviceEntry, sent: Mapping[str, Any]) -> dict[str, int]:
    """The marks by key. A state of an unknown key, or an unknown state, is rejected; the others count."""
    marks: dict[str, int] = {}
    for key, words in sent.items():
        if key not in entry.points:
            draft.reject(Reason.UNKNOWN_KEY, key[:DETAIL_LENGTH_MAX])
            continue
        marks[key] = 0
        for word in words if isinstance(words, list) else [words]:
            mark = STATES.get(word) if isinstance(word, str) else None
            if mark is None:
                draft.reject(Reason.UNKNOWN_STATE, f"{key}: {_shown(word)}")
            else:
                marks[key] |= int(mark)
    return marks


def _reject_value(draft: Draft, reason: Reason, key: str, raw: Any) -> None:
    if isinstance(raw, dict | list):
        lenient_json.check_depth(raw, PAYLOAD_DEPTH_MAX - NESTING_OF_A_VALUE)
    draft.reject(reason, key if reason is Reason.UNKNOWN_KEY else f"{key}: {_shown(raw)}")


def _shown(raw: Any) -> str:
    """`raw` in a few characters; a number of a million digits is not written out."""
    if isinstance(raw, int) and abs(raw) >= 10**30:
        return "a number of more than 30 digits"
    return repr(raw)[:40] if isinstance(raw, int | float | str | None) else f"a {type(raw).__name__}"


def _shortened(details: list[str]) -> str:
    text = ", ".join(dict.fromkeys(detail[:DETAIL_LENGTH_MAX] for detail in details[:20]))
    more = f" and {len(details) - 20} more" if len(details) > 20 else ""
    return text[:DETAIL_LENGTH_MAX] + more
