"""What an unknown device sends, and which models could be its own: read from the messages that are kept of it.

Promises: nothing is guessed that a person does not see and may change; a message that no format of ours reads gives
no keys, not an error. A model that names its points fits where it has the keys that came; one that leaves them open
fits where their names or kinds say what they measure. Of models that know as much, those come first whose points were
all heard: a point that nobody sends falls silent.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from flameblue import plugins
from flameblue.domain.errors import BadInput
from flameblue.domain.limits import FITTED_KEYS_MAX, KEY_CHARACTERS_MAX
from flameblue.domain.quantities import QUANTITIES
from flameblue.intake import naming, payloads
from flameblue.intake.directory import BEHIND
from flameblue.intake.guessing import AROUND
from flameblue.intake.payloads.gb26875_unit.codec import HEAD
from flameblue.intake.protocols.gb26875.codec import Frame, Session
from flameblue.intake.push import mapping
from flameblue.intake.push.admitting import PATH
from flameblue.intake.samples import Kind, Payload, Sample
from flameblue.profiles.loader import Profile

_COMPONENTS = {"17": "residual_current_ma", "18": "temperature_c"}  # GB/T 26875.3-2011, 8.2.1.2: detectors
GENERIC = "-generic"
_COMPONENT = re.compile(r"\d{1,3}\.(\d{1,3})\.[0-9a-f]{8}")


class Said(NamedTuple):
    """One key that came, and its value or its states as sent. `kind`: what the format says of the number."""

    key: str
    value: Any
    kind: Kind | None = None

    @property
    def is_number(self) -> bool:
        return isinstance(self.value, int | float) and not isinstance(self.value, bool)


class Heard(NamedTuple):
    """One message that is kept of a device."""

    topic: str
    payload: bytes
    at_ns: int = 0


class Meant(NamedTuple):
    """What a key seems to measure. `quantity` "": its name does not say."""

    quantity: str
    phase: str = ""


@dataclass(frozen=True, slots=True)
class Fit:
    """How a model fits: `recognised` of the `came` keys, and what each would be. `is_open`: the registry says so.

    `points`: how many the model names, `unheard`: of how many of these nothing came.
    """

    profile: str
    recognised: int
    came: int
    is_open: bool
    meant: Mapping[str, Meant]
    points: int
    unheard: int


def look(name: str, heard: Sequence[Heard], profiles: Mapping[str, Profile]) -> tuple[list[Said], list[Fit]]:
    """The keys that came of the device `name`, and the models that speak as it does, the best first.

    A key that came in several messages has the value of the newest. What was pushed is read by each model in its own
    way; the keys are then those of the best.
    """
    by_age = sorted(heard, key=lambda one: -one.at_ns)
    if not by_age:
        return [], []
    if by_age[0].topic.startswith(PATH):
        return _look_at_pushed(name, by_age[0].payload, profiles)
    known = next((found for one in by_age if (found := _format(one.topic)) is not None), None)
    if known is None:
        return [], []
    spoken = [one for one in heard if (found := _format(one.topic)) is not None and found[0] == known[0]]
    newest: dict[str, tuple[int, Said]] = {}
    for message in spoken:
        for one in said(name, message.topic, message.payload):
            if one.key not in newest or message.at_ns >= newest[one.key][0]:
                newest[one.key] = (message.at_ns, one)
    came = [one for _, one in newest.values()][:FITTED_KEYS_MAX]
    return came, fits(spoken[0].topic, came, profiles)


def _look_at_pushed(name: str, body: bytes, profiles: Mapping[str, Profile]) -> tuple[list[Said], list[Fit]]:
    pushed = [one for one in profiles.values() if one.push is not None]
    read = {one.name: _of(name, _pushed(one, body)) for one in pushed}
    found = [_fit(one, read[one.name]) for one in pushed if _is_read(one, read[one.name])]
    ranked = sorted(found, key=lambda fit: (-fit.recognised, -fit.came, _order(fit)))
    return (read[ranked[0].profile] if ranked else []), ranked


def said(name: str, topic: str, payload: bytes) -> list[Said]:
    """The keys that `payload` holds of the device `name`, in their order, at most FITTED_KEYS_MAX."""
    known = _format(topic)
    if known is None:
        return []
    try:
        return _of(name, known[1].parse(topic, _unit(payload) if topic.startswith(HEAD) else payload))
    except BadInput:
        return []


def _is_read(profile: Profile, came: Sequence[Said]) -> bool:
    """Anything can be read as a form."""
    assert profile.push is not None
    return profile.push.form == "json" or _fit(profile, came).recognised > 0


def _pushed(profile: Profile, body: bytes) -> Sequence[Sample]:
    assert profile.push is not None
    try:
        return mapping.read(profile.push, body).samples
    except BadInput:
        return ()


def _of(name: str, samples: Iterable[Sample]) -> list[Said]:
    whose = name.rpartition(BEHIND)[2] if BEHIND in name else ""
    found: dict[str, Said] = {}
    for sample in samples:
        if sample.device == whose:
            found.update((one.key, one) for one in _of_sample(sample) if one.key not in found)
    return list(found.values())[:FITTED_KEYS_MAX]


def fits(topic: str, came: Sequence[Said], profiles: Mapping[str, Profile]) -> list[Fit]:
    """The models that speak as `topic` does, the best first; those that know nothing of `came` last."""
    known = _format(topic)
    if known is None:
        return []
    found = [_fit(one, came) for one in profiles.values() if one.payload == known[0]]
    return sorted(found, key=lambda fit: (-fit.recognised, _order(fit)))


def _order(fit: Fit) -> tuple[bool, bool, int, bool, str]:
    """Of models that know as many keys; a standard's own comes before its makers'."""
    return (fit.unheard > 0, fit.is_open, fit.unheard, not fit.profile.endswith(GENERIC), fit.profile)


def meaning(one: Said, profile: Profile) -> Meant:
    """What the key of `one` measures in a device of `profile`, whose points are open."""
    if one.kind is not None:
        declared = profile.kinds.get(one.kind.name)
        if declared is not None:
            return Meant(declared.quantity.name, declared.phase)
        return Meant(next((name for name, known in QUANTITIES.items() if known.unit == one.kind.unit), ""))
    if component := _COMPONENT.fullmatch(one.key):
        return Meant(_COMPONENTS.get(component[1], ""))
    return _by_name(one.key) if one.is_number else Meant("")


def _fit(profile: Profile, came: Sequence[Said]) -> Fit:
    if profile.open_points:
        meant = {one.key: meaning(one, profile) for one in came}
    else:
        points = profile.points
        meant = {
            one.key: Meant(points[one.key].quantity.name, points[one.key].phase)
            for one in came
            if one.key in points
        }
    recognised = sum(1 for one in meant.values() if one.quantity)
    named = 0 if profile.open_points else len(profile.points)
    unheard = named - recognised if named else 0
    return Fit(profile.name, recognised, len(came), profile.open_points, meant, named, unheard)


def _by_name(key: str) -> Meant:
    kind, phase, _, whole = naming.read(key, hinted=True)
    if kind is None:
        return Meant("")
    if kind.quantity == "temperature_c" and AROUND & set(whole):
        return Meant("ambient_temperature_c", phase)
    return Meant(kind.quantity, phase)


def _of_sample(sample: Sample) -> Iterable[Said]:
    for key, value in (*sample.values.items(), *sample.states.items()):
        if isinstance(key, str) and 0 < len(key) <= KEY_CHARACTERS_MAX:
            yield Said(key, value, sample.kinds.get(key))


def _unit(kept: bytes) -> bytes:
    """The application unit of a transmitter's frame, which is kept in hexadecimal."""
    try:
        items = Session().feed(bytes.fromhex(kept.decode("ascii", "replace")))
    except ValueError as error:
        raise BadInput("no whole frame is kept") from error
    return next((item.unit for item in items if isinstance(item, Frame)), b"")


def _format(topic: str) -> tuple[str, Payload] | None:
    """The name of the format whose topic this is, and the format."""
    found = plugins.find(payloads).items()
    return next(((name, payload) for name, payload in found if payload.matches(topic)), None)
