"""A message becomes readings: times are judged, units converted, sentinels found, what is wrong told apart.

Promises: `decode` raises nothing on any bytes; what is good in a message is kept whatever else is wrong with
it; units are converted here and nowhere else; whoever speaks is heard for itself and for the devices behind it
(docs/decisions/0010), and for nobody else. `Directory`, `DeviceEntry` and `credential_hash` may be imported
from here.
"""

import logging
import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

import numpy as np

from flameblue import plugins
from flameblue.domain.errors import BadInput
from flameblue.domain.limits import (
    KNOWN_KEYS_TOLD_MAX,
    PAYLOAD_DEPTH_MAX,
    QUARANTINE_KEYS_MAX,
    READINGS_PER_MESSAGE_MAX,
)
from flameblue.domain.quantities import NO_VALUE, STEPS_MAX, Quantity
from flameblue.domain.readings import NS_PER_MS, READING, Mark, Readings
from flameblue.intake import lenient_json, payloads, state_words, written_times
from flameblue.intake.directory import DeviceEntry, Directory, credential_hash, name_behind
from flameblue.intake.reasons import Reason, Reject
from flameblue.intake.samples import OWN_TOPIC, Kind, Payload, Sample
from flameblue.profiles.loader import Profile, ProfilePoint

log = logging.getLogger("flameblue.intake")
__all__ = ["DeviceEntry", "Directory", "Reject", "credential_hash", "decode"]

DETAIL_LENGTH_MAX = 200
KNOWN_KEYS_LENGTH_MAX = 160  # with the detail before it within the 400 that a row keeps
RAW_MAX = 1e15  # beyond it no quantity has a value, whatever the scale; ints of any length compare
MS_PER_S = 1_000
T_MS_MAX = 1e15  # the year 33658; beyond it, no float has all its nanoseconds and some have none
NESTING_OF_A_VALUE = 3  # an array of objects with an object "v" in them
_INFINITIES = (math.inf, -math.inf)
_PACK = struct.Struct("<IqiH").pack  # the bytes of one READING
_FORMATS: tuple[Payload, ...] = tuple(plugins.find(payloads).values())
_RETAINED, _REPLACED, _ASSUMED = int(Mark.RETAINED), int(Mark.TIME_REPLACED), int(Mark.TIME_ASSUMED)
_OPEN, _SHORT, _TEST = int(Mark.SENSOR_OPEN), int(Mark.SENSOR_SHORT), int(Mark.TEST)
assert struct.calcsize("<IqiH") == READING.itemsize


class Message(NamedTuple):
    """One message as it came. `retained`: a broker sends it from its store, so its age is unknown.

    `origin`: the mark of where it came from, which all its readings get (origins.py). `asked`: somebody wanted to see
    it, so what no point is for is passed over.
    """

    topic: str
    payload: bytes
    retained: bool = False
    origin: int = 0
    asked: bool = False


@dataclass(frozen=True)
class Decoded:
    """What a message gave."""

    readings: Readings
    rejects: tuple[Reject, ...]


class Knowing(Protocol):
    """Whoever knows who the devices are, and their models by name."""

    @property
    def directory(self) -> Directory: ...

    @property
    def profiles(self) -> Mapping[str, Profile]: ...


class Known(NamedTuple):
    """Just that."""

    directory: Directory
    profiles: Mapping[str, Profile]


@dataclass(slots=True)
class Draft:
    """Readings (packed) and rejects of messages under way; rejects of one reason are told together.

    `online`: devices that were said to be there or gone. `strangers`: names behind a gateway that nobody knows.
    """

    rows: bytearray = field(default_factory=bytearray)
    found: dict[Reason, list[str]] = field(default_factory=dict)
    keys: dict[Reason, set[str]] = field(
        default_factory=dict
    )  # that rejects name, whatever their values were
    notes: dict[Reason, str] = field(default_factory=dict)  # what is told beside a reject of the same message
    online: list[tuple[DeviceEntry, bool]] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    def reject(self, reason: Reason, detail: str, key: str = "") -> None:
        self.found.setdefault(reason, []).append(detail)
        keys = self.keys.setdefault(reason, set())
        if key and len(keys) < QUARANTINE_KEYS_MAX:
            keys.add(key)

    def forget_rejects(self) -> None:
        self.found.clear()
        self.keys.clear()

    def rejects(self) -> tuple[Reject, ...]:
        return tuple(
            Reject(reason, _shortened(details) + self.notes.get(reason, ""))
            for reason, details in self.found.items()
        )

    def reject_key(self, entry: DeviceEntry, key: str) -> None:
        """A key that `entry` does not have, told with those that it has."""
        if Reason.UNKNOWN_KEY not in self.found:
            told = ", ".join(list(entry.points)[:KNOWN_KEYS_TOLD_MAX])[:KNOWN_KEYS_LENGTH_MAX]
            more = len(entry.points) - KNOWN_KEYS_TOLD_MAX
            self.notes[Reason.UNKNOWN_KEY] = (
                f" (it has {told}{f' and {more} more' if more > 0 else ''})" if told else ""
            )
        self.reject(Reason.UNKNOWN_KEY, key[:DETAIL_LENGTH_MAX], key)

    def readings(self) -> Readings:
        return np.frombuffer(bytes(self.rows), dtype=READING)

    def mark(self, length: int, marks: int) -> None:
        """The readings behind the first `length` bytes get `marks`."""
        if len(self.rows) > length:
            np.frombuffer(self.rows, READING, offset=length)["marks"] |= marks

    def sign(self, entry: DeviceEntry, at_ns: int, marks: int) -> None:
        """A reading without value of the first point of `entry`, where it has one."""
        if entry.points:
            self.rows += _PACK(next(iter(entry.points.values()))[0], at_ns, NO_VALUE, marks)


def decode(entry: DeviceEntry, profile: Profile | None, message: Message, arrival_ns: int) -> Decoded:
    """The readings of `message` of `entry`, and what could not be taken. No profile: nothing is taken."""
    profiles = {} if profile is None else {entry.profile: profile}
    draft = Draft()
    decode_into(draft, Known(Directory({entry.name: entry}), profiles), entry, message, arrival_ns)
    return Decoded(draft.readings(), draft.rejects())


def decode_into(draft: Draft, known: Knowing, entry: DeviceEntry, message: Message, arrival_ns: int) -> None:
    """As `decode`, into `draft`; what `entry` says of the devices behind it is theirs."""
    payload, name = route(message.topic)
    if payload is None:
        draft.reject(Reason.UNKNOWN_TOPIC, message.topic)
        return
    if name != entry.name and name != OWN_TOPIC and _is_foreign(payload, name, known):
        draft.reject(Reason.FOREIGN_TOPIC, message.topic)
        return
    profile = known.profiles.get(entry.profile)
    if profile is None:
        draft.reject(Reason.NO_PROFILE, entry.profile)
        return
    is_strict = payload.strict and not message.asked
    speaker = _Speaker(entry, profile, arrival_ns, message.retained, is_strict)
    _decode_samples(draft, known, speaker, payload, message)


@lru_cache(maxsize=4096)
def route(topic: str) -> tuple[Payload | None, str]:
    """The format whose topic this is (None: nobody's), and the device that it names (or OWN_TOPIC)."""
    for payload in _FORMATS:
        try:
            if payload.matches(topic):
                return payload, payload.device(topic)
        except Exception:  # a fault in one format must not cost the others their messages
            log.exception("%s can't say whether %s is its topic.", type(payload).__name__, topic)
    return None, OWN_TOPIC


def _is_foreign(payload: Payload, name: str, known: Knowing) -> bool:
    """Whether `name` can't be what the firmware of the speaker calls itself."""
    return not payload.line_decides or name in known.directory.devices


def decode_samples_into(
    draft: Draft, known: Knowing, entry: DeviceEntry, samples: Sequence[Sample], arrival_ns: int
) -> None:
    """As `decode_into`, of samples that were read already: we asked `entry` for them, or its platform pushed them.

    What no point of it is for is passed over, unless its model says that pushed messages hold nothing else.
    """
    profile = known.profiles.get(entry.profile)
    if profile is None:
        draft.reject(Reason.NO_PROFILE, entry.profile)
        return
    strict = profile.push is not None and profile.push.strict
    _take_samples(draft, known, _Speaker(entry, profile, arrival_ns, retained=False, strict=strict), samples)


class _Speaker(NamedTuple):
    """Whose samples these are, and what is known before they are looked at."""

    entry: DeviceEntry
    profile: Profile
    arrival_ns: int
    retained: bool
    strict: bool


def _decode_samples(
    draft: Draft, known: Knowing, speaker: _Speaker, payload: Payload, message: Message
) -> None:
    try:
        samples = payload.parse(message.topic, message.payload)
    except BadInput as error:
        draft.reject(Reason.MALFORMED, str(error))
        return
    _take_samples(draft, known, speaker, samples)


def _take_samples(draft: Draft, known: Knowing, speaker: _Speaker, samples: Sequence[Sample]) -> None:
    count = 0
    for sample in samples:
        count += len(sample.values) + len(sample.states)
    if count > READINGS_PER_MESSAGE_MAX or len(samples) > READINGS_PER_MESSAGE_MAX:
        draft.reject(Reason.TOO_MANY, f"{max(count, len(samples))}, at most {READINGS_PER_MESSAGE_MAX}")
        return
    start = len(draft.rows)
    try:
        for sample in samples:
            whose = speaker if not sample.device else _behind(draft, known, speaker, sample.device)
            if whose is not None:
                _decode_sample(draft, whose, sample)
    except BadInput as error:
        del draft.rows[start:]
        draft.reject(Reason.MALFORMED, str(error))


def _behind(draft: Draft, known: Knowing, speaker: _Speaker, name: str) -> _Speaker | None:
    """The device `name` behind the speaker; None where it is not one of its own, or can't be read."""
    entry = known.directory.behind(speaker.entry, name)
    if entry is None:
        draft.strangers.append(name_behind(speaker.entry.name, name)[:DETAIL_LENGTH_MAX])
        return None
    profile = known.profiles.get(entry.profile)
    if profile is None:
        draft.reject(Reason.NO_PROFILE, f"{entry.name}: {entry.profile}")
        return None
    return speaker._replace(entry=entry, profile=profile)


def _decode_sample(draft: Draft, speaker: _Speaker, sample: Sample) -> None:
    entry, profile, arrival_ns, retained, strict = speaker
    t_ms, values, sent_states, unknown, _, online, _ = sample
    if unknown:
        draft.reject(Reason.UNKNOWN_FIELD, ", ".join(unknown))
    if online is not None:
        draft.online.append((entry, online))
    if not values and not sent_states:
        if strict:
            draft.reject(Reason.EMPTY, "no values")
        return
    if type(t_ms) is datetime:
        t_ms = written_times.from_local(t_ms, profile.utc_offset_min)
    if retained and t_ms is None:
        draft.reject(Reason.UNKNOWN_AGE, "retained, without a time")
        return
    at_ns, sample_marks = _time(draft, t_ms, arrival_ns)
    if retained:
        sample_marks |= _RETAINED
    if arrival_ns < entry.testing_until_ns:  # by arrival: who tests a device may find that its clock is wrong
        sample_marks |= _TEST
    _decode_values(draft, speaker, sample, at_ns, sample_marks)


def _decode_values(draft: Draft, speaker: _Speaker, sample: Sample, at_ns: int, sample_marks: int) -> None:
    entry_points, profile_points, strict = speaker.entry.points, speaker.profile.points, speaker.strict
    states = _states(draft, speaker, sample.states) if sample.states else {}
    rows, kinds = draft.rows, sample.kinds
    for key, raw in sample.values.items():
        point = entry_points.get(key)
        if point is None:
            if strict:
                _check_depth(raw)
                draft.reject_key(speaker.entry, key)
            continue
        if (type(raw) is not float and type(raw) is not int) or raw != raw or raw in _INFINITIES:
            if raw is not None or strict:
                _reject_value(draft, Reason.NOT_A_NUMBER, key, raw)
            continue
        known = profile_points.get(key)
        if kinds:
            known, why = _of_kind(kinds[key], speaker.profile, point[1])
            if why:
                draft.reject(Reason.WRONG_UNIT, f"{key}: {why}", key)
                continue
        value, marks = _value(raw, point[1].steps_per_unit, known)
        if value is None:
            _reject_value(draft, Reason.TOO_LARGE, key, raw)
            continue
        rows += _PACK(point[0], at_ns, value, sample_marks | marks | states.pop(key, 0))
    for key, marks in states.items():  # states without a value, or whose value was rejected
        rows += _PACK(entry_points[key][0], at_ns, NO_VALUE, sample_marks | marks)


def _of_kind(kind: Kind, profile: Profile, quantity: Quantity) -> tuple[ProfilePoint | None, str]:
    """What `profile` says of `kind`, and why a point of `quantity` takes no number of it (empty: it does)."""
    known = profile.kinds.get(kind.name)
    unit = kind.unit or (known.quantity.unit if known else "")
    if unit == quantity.unit:
        return known, ""
    if not unit:
        return None, f"{profile.name} does not say under kinds what type {kind.name} measures"
    caution = f"; {kind.caution}" if kind.caution else ""
    return None, f"it comes in {unit}, and the point is {quantity.name}{caution}"


def _value(raw: float, steps_per_unit: int, known: ProfilePoint | None) -> tuple[int | None, int]:
    """The value in steps (None: it does not fit), and the marks of a broken sensor."""
    if not -RAW_MAX <= raw <= RAW_MAX:
        return None, 0
    if known is not None:
        if raw in known.open_at:
            return NO_VALUE, _OPEN
        if raw in known.short_at:
            return NO_VALUE, _SHORT
        raw = raw * known.scale + known.offset
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
    if written_times.is_likely(at_ns, arrival_ns):
        return at_ns, 0
    if written_times.is_likely(at_ns * MS_PER_S, arrival_ns):
        draft.reject(Reason.SECONDS, f"{t_ms:.16g}")
    return arrival_ns, _REPLACED


def _states(draft: Draft, speaker: _Speaker, sent: Mapping[str, Any]) -> dict[str, int]:
    """The marks by key. A state of an unknown key, or an unknown state, is rejected; the others count."""
    marks: dict[str, int] = {}
    for key, words in sent.items():
        if key not in speaker.entry.points:
            if speaker.strict:
                draft.reject_key(speaker.entry, key)
            continue
        marks[key] = 0
        for word in words if isinstance(words, list) else [words]:
            mark = state_words.mark(word, speaker.profile)
            if mark is None:
                draft.reject(Reason.UNKNOWN_STATE, f"{key}: {_shown(word)}", key)
            else:
                marks[key] |= mark
    return marks


def _reject_value(draft: Draft, reason: Reason, key: str, raw: Any) -> None:
    _check_depth(raw)
    draft.reject(reason, f"{key}: {_shown(raw)}", key)


def _check_depth(raw: Any) -> None:
    if isinstance(raw, dict | list):
        lenient_json.check_depth(raw, PAYLOAD_DEPTH_MAX - NESTING_OF_A_VALUE)


def _shown(raw: Any) -> str:
    """`raw` in a few characters; a number of a million digits is not written out."""
    if isinstance(raw, int) and abs(raw) >= 10**30:
        return "a number of more than 30 digits"
    return repr(raw)[:40] if isinstance(raw, int | float | str | None) else f"a {type(raw).__name__}"


def _shortened(details: list[str]) -> str:
    text = ", ".join(dict.fromkeys(detail[:DETAIL_LENGTH_MAX] for detail in details[:20]))
    more = f" and {len(details) - 20} more" if len(details) > 20 else ""
    return text[:DETAIL_LENGTH_MAX] + more
