"""The load of alarms in words: a value at the event stands beside the load at the event, one of now beside now's."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from flameblue.cases import presents
from flameblue.cases.loads import Current, currents_behind, told_of
from flameblue.cases.models import Alarm
from flameblue.domain.quantities import NO_VALUE
from flameblue.fleet.models import Point
from flameblue.history.board import Latest
from flameblue.web import readings, sentences


@dataclass(frozen=True, slots=True)
class Load:
    """What is said of one alarm; empty: not known, or the alarm is about the current itself."""

    then: str = ""
    now: str = ""


def of(alarms: Sequence[Alarm], now_ns: int) -> list[Load]:
    """What is said of each of `alarms`, in their order."""
    asked = [alarm for alarm in alarms if alarm.load is not None and alarm.point.quantity != "current_a"]
    behind = currents_behind([alarm.point for alarm in asked])
    latest = readings.latest(sorted({point.pk for points in behind.values() for point in points}))
    newest = {
        point.pk: Current(point.phase, latest[point.pk].value)
        for points in behind.values()
        for point in points
        if _is_known(point, latest, now_ns)
    }
    return [
        Load(_then(alarm, behind[alarm.point_id]), _now(alarm, behind[alarm.point_id], newest))
        if alarm in asked
        else Load()
        for alarm in alarms
    ]


def _is_known(point: Point, latest: dict[int, Latest], now_ns: int) -> bool:
    reading = latest.get(point.pk)
    return reading is not None and reading.value != NO_VALUE and presents.is_live(point, reading, now_ns)


def _then(alarm: Alarm, behind: Sequence[Point]) -> str:
    """The value and the load at the event; of a row that does not know the time the load alone."""
    load = alarm.load if alarm.load is not None else NO_VALUE
    told = None if alarm.load_of_phase is None else Current(alarm.load_phase, alarm.load_of_phase)
    said = _said(load, told, [point.phase for point in behind])
    if alarm.load_at is None or alarm.load_value is None:
        return _("load at the event: %(load)s") % {"load": said}
    return _("at the event %(at)s: %(value)s with a load of %(load)s") % {
        "at": localtime(alarm.load_at).strftime("%H:%M:%S"),
        "value": sentences.measured(alarm.load_value, alarm.point.quantity),
        "load": said,
    }


def _now(alarm: Alarm, behind: Sequence[Point], newest: dict[int, Current]) -> str:
    """Of the phase that was told of the event: two phases would not be compared."""
    currents = [newest[one.pk] for one in behind if one.pk in newest]
    if not currents or len(currents) < len(behind):
        return ""
    total = sum(current.value for current in currents)
    return _said(
        total,
        told_of(currents, alarm.load_phase or alarm.point.phase),
        [current.phase for current in currents],
    )


def _said(total: int, told: Current | None, phases: Sequence[str]) -> str:
    """The current of the phase that is told; without one the sum, called so where it is one."""
    if told is not None:
        return _of_phase(told.phase, told.value)
    if len(phases) == 1:
        return _of_phase(phases[0], total)
    said = sentences.measured(total, "current_a")
    if len(phases) > 1 and all(phases):
        named = ", ".join(sorted(set(phases)))
        return _("%(value)s, the sum of phases %(phases)s") % {"value": said, "phases": named}
    return _("%(value)s, the sum of several currents") % {"value": said}


def _of_phase(phase: str, value: int) -> str:
    named = _("phase %(phase)s") % {"phase": phase} if phase else ""
    return f"{named} {sentences.measured(value, 'current_a')}".strip()
