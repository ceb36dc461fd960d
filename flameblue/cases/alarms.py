"""The alarm rows of a case: where they are, how bad they are now, and their ISA-18.2 state.

Invariant: a case's level is the worst level of its alarms; levels come from detection alone, never from
people.
"""

from collections.abc import Iterable
from datetime import datetime

from flameblue.cases import grouping
from flameblue.cases.models import Alarm, Case, State
from flameblue.domain.transitions import Level, Rule
from flameblue.fleet.models import Point


def place_of(point: Point, rule: int) -> grouping.Place:
    """What counts as one place: the circuit and room; the device for rules that concern all its points."""
    if rule in grouping.DEVICE_WIDE or point.circuit_id is None:
        return ("device", point.device_id, "" if rule in grouping.DEVICE_WIDE else point.place)
    return (point.circuit_id, point.place)


def alarms_of(case: Case) -> list[Alarm]:
    """The case's alarms with their points, oldest first."""
    return list(case.alarms.select_related("point").order_by("pk"))


def places_of(alarms: Iterable[Alarm]) -> dict[grouping.Place, Level]:
    """The places of alarms, each with the worst level it had in this case."""
    places: dict[grouping.Place, Level] = {}
    for alarm in alarms:
        place = place_of(alarm.point, alarm.rule)
        places[place] = grouping.worst([alarm.worst_level, places.get(place, Level.NORMAL)])
    return places


def idle_s(alarms: Iterable[Alarm], place: grouping.Place, at: datetime) -> float | None:
    """For how long every alarm of `place` had been back to normal at `at`; None where one had not."""
    here = [alarm for alarm in alarms if place_of(alarm.point, alarm.rule) == place]
    if not here or any(alarm.level != Level.NORMAL for alarm in here):
        return None
    return (at - max(alarm.since for alarm in here)).total_seconds()


def others_active(alarm: Alarm) -> bool:
    """Another point of the same device has the same rule active in the same case."""
    return (
        Alarm.objects.filter(case=alarm.case_id, rule=alarm.rule, point__device=alarm.point.device_id)
        .exclude(pk=alarm.pk)
        .exclude(level=Level.NORMAL)
        .exists()
    )


def settle(case: Case) -> None:
    """Sets the case's level from its alarms and each alarm's ISA state from the case; saves the alarms
    only."""
    alarms = alarms_of(case)
    if case.premises_id is not None:  # an incident's and a system case's level is set by what opens it
        case.level = grouping.worst(alarm.level for alarm in alarms)
    case.worst_level = grouping.worst([case.level, case.worst_level])
    for alarm in alarms:
        state = grouping.isa_state(
            alarm.level,
            acknowledged=case.state != State.OPEN,
            shelved=case.shelved_until is not None and case.state != State.CLOSED,
            latched=alarm.rule == Rule.LATE and alarm.level != Level.NORMAL,
            retired=alarm.point.retired,
        )
        if alarm.isa != state:
            alarm.isa = Alarm.Isa(state)
            alarm.save(update_fields=["isa"])


def reset_latched(case: Case) -> None:
    """A latched alarm (a reading of the past) is held until the case closes."""
    case.alarms.filter(rule=Rule.LATE).update(level=Level.NORMAL)


def is_beyond(case: Case) -> bool:
    """A value of the case is at or beyond a limit now; what is past or only a fault does not count."""
    return any(
        alarm.level in {Level.WARNING, Level.ALARM} and alarm.rule not in {Rule.LATE, Rule.TEST}
        for alarm in case.alarms.all()
    )
