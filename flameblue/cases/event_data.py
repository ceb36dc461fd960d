"""What a case event carries: all that a text or a page needs, so that nobody looks up rows that change.

Values are in the quantity's unit, currents in ampere, durations in seconds. Nothing here depends on when a
record was applied: a replay gives the same data.
"""

from datetime import datetime
from typing import TypedDict

from flameblue.cases.models import Alarm
from flameblue.cases.policy import Step
from flameblue.domain.clock import to_datetime
from flameblue.domain.points import NO_LIMIT, NO_LOWER_LIMIT
from flameblue.domain.quantities import NO_VALUE, QUANTITIES
from flameblue.domain.transitions import Level, Rule, Transition, Why
from flameblue.fleet.models import Point, Premises, Site

CURRENT = QUANTITIES["current_a"]


class StepData(TypedDict):
    """A step of the escalation ladder, as in policy.yaml."""

    id: str
    to: str  # owner, second, desk, duty, leader, next_station
    channel: str  # sms, voice, desk
    sound: bool
    waits_for_morning: bool


class ContraryData(TypedDict):
    """A reading that contradicted who said that a case is safe."""

    place: str
    circuit: str
    phase: str
    device: str
    quantity: str
    unit: str
    value: float | None
    limit: float | None
    limit_level: str  # whose limit it is: warning, alarm; empty: none
    read_at: str  # device time, ISO 8601


class EventData(TypedDict, total=False):
    """The data of a case event; a key that says nothing for this event is absent."""

    # where
    site: str
    station: str
    signature: str
    premises: str
    short_name: str
    address: str
    key_holder: str
    panel: str
    circuit: str
    isolator: str
    place: str
    phase: str
    device: str
    point: int
    # what
    family: str
    is_test: bool
    rule: str  # over, under, silence …
    why: list[str]  # one_reading, by_tick, device_disagrees …
    quantity: str
    unit: str
    value: float | None
    limit: float | None
    worst_value: float | None  # the worst value of this alarm in this case
    level: str  # of this alarm: normal, warning, alarm, fault
    level_before: str
    case_level: str  # the worst level of the case's alarms after this event
    device_at: str  # device time, ISO 8601
    load_a: float | None  # the circuit's current then, of several phases their sum
    load_phase: str  # of several phases the one that is told …
    load_phase_a: float | None  # … and its current then
    rise: float  # the value's rise since the level before …
    rise_s: float  # … and how long it took
    offset: int  # of the journal's record that this event is derived from
    # who is told
    announces: bool  # people are told anew
    steps: list[StepData]  # whom, at once (announcing events) or now (escalated)
    step: str  # escalated: the step's id
    because: str  # escalated: why before its time, a word of cases.presence
    new: str  # what is new: case, place, device, level, relapse, reason_ended
    shelved: bool  # nobody is told: the case is shelved
    people: list[int]  # reopened: who had it, person ids
    # the handling
    by: str  # the person's name
    taken_by: str  # who had it
    taken_at: str
    text: str  # a comment, what is wrong with the system
    how: str  # made safe: a word of cases.causes.MADE_SAFE
    contrary: list[ContraryData]  # made safe, repaired, closed without proof though these said otherwise
    cause: str
    action: str
    reason: str
    until: str  # ISO 8601
    in_alarm: list[int]  # shelved: the alarms that were at alarm then, row ids
    assigned_to: str
    without_proof: bool
    current_a: float | None  # the circuit's current now, of several phases their sum
    current_phase: str  # of several phases the one that is told …
    current_phase_a: float | None  # … and its current now
    repaired: bool  # load_back: a repair was named before
    proof_s: float  # how long the value stayed under the clear limit …
    proof_max: float | None  # … and its highest (under-voltage: lowest) then
    proof_load: float  # the least share of the alarm's current meanwhile
    hours_to_limit: float  # at the present rise, or fall to a lower limit
    what: str  # system: a word of its caller
    still: list[str]  # system: what else is still wrong
    # incidents
    members: int
    voltage_before_v: float | None  # of one member, before it fell silent
    voltage_zero: bool
    members_voltage_zero: int
    members_network_only: int
    members_silent: int
    monitored: int  # premises of the site that are heard well
    left_over: list[str]  # short names


def of_site(site: Site) -> EventData:
    """Where a site is and who signs for it."""
    return {"site": site.name, "station": site.station.name, "signature": site.station.signature}


def of_premises(premises: Premises) -> EventData:
    """Where premises are and who signs for them."""
    data = of_site(premises.site)
    data.update(
        {
            "premises": premises.name,
            "short_name": premises.short_name,
            "address": premises.address,
            "key_holder": premises.key_holder,
        }
    )
    return data


def of_point(point: Point) -> EventData:
    """Where a point is, down to circuit, isolator, room and phase, and what it measures."""
    data = of_premises(point.device.premises)
    data.update({"device": point.device.name, "point": point.pk, "place": point.place, "phase": point.phase})
    data.update({"quantity": point.quantity, "unit": QUANTITIES[point.quantity].unit})
    if point.circuit is not None:
        data.update({"circuit": point.circuit.name, "isolator": point.circuit.isolator})
        data["panel"] = point.circuit.panel.name
    return data


def of_contrary(point: Point, value: int, limit: tuple[Level, int] | None, at_ns: int) -> ContraryData:
    """A point with its value now, when it was read, and the limit that it is beyond with the level of that."""
    return {
        "place": point.place,
        "circuit": point.circuit.name if point.circuit else "",
        "phase": point.phase,
        "device": point.device.name,
        "quantity": point.quantity,
        "unit": QUANTITIES[point.quantity].unit,
        "value": value_of(point.quantity, value),
        "limit": None if limit is None else limit_of(point.quantity, limit[1]),
        "limit_level": "" if limit is None else word(limit[0]),
        "read_at": to_datetime(at_ns).isoformat(),
    }


def of_transition(transition: Transition, point: Point, at: datetime) -> EventData:
    """A point's data with what detection said; `at` is the transition's device time."""
    data = of_point(point)
    data.update(
        {
            "rule": Rule(transition.rule).name.lower(),
            "why": [why.name.lower() for why in Why if transition.why & why and why.name],
            "value": value_of(point.quantity, transition.value),
            "limit": limit_of(point.quantity, transition.limit),
            "level": word(transition.level),
            "level_before": word(transition.before),
            "device_at": at.isoformat(),
        }
    )
    if transition.offset:
        data["offset"] = transition.offset
    return data


def word(level: int) -> str:
    """normal, warning, alarm, fault."""
    return Level(level).name.lower()


def value_of(quantity: str, steps: int) -> float | None:
    """Whole steps in the quantity's unit; None where there is no value."""
    return None if steps == NO_VALUE else QUANTITIES[quantity].value(steps)


def limit_of(quantity: str, steps: int) -> float | None:
    """A limit in the quantity's unit; None where there is none."""
    return None if steps in {NO_LIMIT, NO_LOWER_LIMIT, NO_VALUE} else QUANTITIES[quantity].value(steps)


def ampere(steps: int | None) -> float | None:
    """A current in ampere; None where it is not known."""
    return None if steps is None else CURRENT.value(steps)


def of_load(alarm: Alarm) -> EventData:
    """The current at the alarm; of several phases also the one that is told."""
    if not alarm.load_phase:
        return {"load_a": ampere(alarm.load)}
    return {
        "load_a": ampere(alarm.load),
        "load_phase": alarm.load_phase,
        "load_phase_a": ampere(alarm.load_of_phase),
    }


def step_data(step: Step) -> StepData:
    """A step as events carry it."""
    return {
        "id": step.id,
        "to": step.to,
        "channel": step.channel,
        "sound": step.sound,
        "waits_for_morning": step.waits_for_morning,
    }
