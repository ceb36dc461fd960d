"""Which case a transition belongs to, and what it is to that case. Pure.

Invariants: a test never opens, joins or changes a real case, and what is real is never kept in a test case; a
fault is less than a warning; a worse level or a new place un-takes; what says nothing new tells nobody.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from flameblue.cases import kinds
from flameblue.domain.transitions import Level, Rule, Transition, Why

FAMILY_OF_QUANTITY = {
    "residual_current_ma": "leakage",
    "temperature_c": "heat",
    "ambient_temperature_c": "heat",
    "current_a": "load",
    "power_w": "load",
    "apparent_power_va": "load",
    "reactive_power_var": "load",
    "power_factor": "load",
    "energy_kwh": "load",
    "voltage_v": "voltage",
    "frequency_hz": "voltage",
    "arc_count": "arc",
    "humidity_percent": "equipment",
}
FAMILY_OF_RULE = {
    Rule.SILENCE: "silence",
    Rule.SENSOR: "equipment",
    Rule.CLOCK: "equipment",
    Rule.SHIELDED: "equipment",
    Rule.REPORTED_FAULT: "equipment",
    Rule.ORIGIN: "equipment",
}
DEVICE_WIDE = frozenset(
    {Rule.SILENCE, Rule.CLOCK, Rule.SHIELDED, Rule.REPORTED_FAULT, Rule.TEST, Rule.ORIGIN}
)
SEVERITY = {Level.NORMAL: 0, Level.FAULT: 1, Level.WARNING: 2, Level.ALARM: 3}
HANDLED = frozenset({"made_safe", "repaired", "proven"})
Place = tuple[object, ...]  # (circuit, room), or the device for what concerns all its points
SWITCHED_OFF = frozenset({"switched_off", "zero_current"})


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """An unclosed case as a transition finds it. `quiet`: suspected at the transition's arrival, or a member
    of an incident. `places`: the places of its alarms, each with the worst level it had in this case."""

    state: str
    quiet: bool
    places: Mapping[Place, Level]


@dataclass(frozen=True, slots=True)
class AlarmFacts:
    """Where the alarm is, and for how long that place had been back to normal (None: new, or not back)."""

    place: Place
    idle_s: float | None = None


def family_of(quantity: str, rule: Rule) -> str:
    """The cause family of a point's rule."""
    return FAMILY_OF_RULE.get(rule) or FAMILY_OF_QUANTITY.get(quantity, "equipment")


def is_test(rule: Rule, why: int) -> bool:
    """The device was being tested when it said so."""
    return rule == Rule.TEST or bool(why & Why.TEST)


def rises(transition: Transition) -> bool:
    """The level became worse."""
    return SEVERITY[Level(transition.level)] > SEVERITY[Level(transition.before)]


def worse(level: int, than: int) -> bool:
    """`level` is worse than `than`: normal < fault < warning < alarm."""
    return SEVERITY[Level(level)] > SEVERITY[Level(than)]


def worst(levels: Iterable[int]) -> Level:
    """The worst of `levels`; NORMAL where there are none."""
    return max((Level(level) for level in levels), key=SEVERITY.__getitem__, default=Level.NORMAL)


def news(level: int, case: CaseFacts, alarm: AlarmFacts, again_after_s: float) -> str:
    """What a rise is to the unclosed case it joins: reopened, joined, raised or noted."""
    if case.quiet:
        return kinds.NOTED
    if case.state in HANDLED:
        return kinds.REOPENED
    if alarm.place not in case.places:
        return kinds.JOINED
    if worse(level, case.places[alarm.place]):
        return kinds.RAISED
    if alarm.idle_s is not None and alarm.idle_s >= again_after_s:
        return kinds.RAISED  # whoever was told then has ceased to wait for it
    return kinds.NOTED


def relapses(level: int, closed_at: datetime, at: datetime, window_s: float) -> bool:
    """A new warning or alarm at `at` belongs to the case that was closed at `closed_at`."""
    return level in {Level.WARNING, Level.ALARM} and at - closed_at <= timedelta(seconds=window_s)


def is_of_the_past(transition: Transition, closed_ns: int) -> bool:
    """A late reading from before the closing tells of what was handled: no relapse."""
    return transition.rule == Rule.LATE and transition.at_ns <= closed_ns


def silence_belongs_to(made_safe_how: str, state: str) -> bool:
    """A silence of premises that were switched off is what was to be expected: it joins that case."""
    return state in {"made_safe", "repaired"} and made_safe_how in SWITCHED_OFF


def incident_members(
    silent_since: Mapping[int, datetime], at: datetime, window_s: float, premises_min: int
) -> list[int]:
    """The cases (one a premises) that are one incident at `at`: those silent within the window, in order of
    time; empty where there are too few."""
    begin = at - timedelta(seconds=window_s)
    found = sorted((since, case) for case, since in silent_since.items() if begin <= since <= at)
    return [case for _, case in found] if len(found) >= premises_min else []


def isa_state(level: int, *, acknowledged: bool, shelved: bool, latched: bool, retired: bool) -> str:
    """The ISA-18.2 state of an alarm, in words of cases.models.Alarm.Isa.

    Source: ANSI/ISA-18.2-2016, alarm state transition diagram.
    """
    if retired:
        return "out_of_service"
    if shelved:
        return "shelved"
    if latched:
        return "latched"
    if level != Level.NORMAL:
        return "acknowledged" if acknowledged else "unacknowledged"
    return "normal" if acknowledged else "returned_unacknowledged"
