"""The roster: who is on duty at a station in a role."""

from datetime import datetime, timedelta

import pytest

from flameblue.people.actions import shift_facts
from flameblue.people.models import Shift
from flameblue.people.roster import ShiftFacts, on_duty
from tests.cast import Cast

NOW = datetime.fromisoformat("2026-01-15T03:07:00+08:00")
HOUR = timedelta(hours=1)


def test_a_shift_begins_at_its_start_and_is_over_at_its_end() -> None:
    shift = ShiftFacts(1, 7, "duty", NOW, NOW + HOUR)
    assert on_duty([shift], 7, "duty", NOW) == [1]
    assert on_duty([shift], 7, "duty", NOW + HOUR) == []
    assert on_duty([shift], 7, "duty", NOW - timedelta(microseconds=1)) == []


def test_only_the_station_and_the_role_that_are_asked_for_count() -> None:
    shifts = [ShiftFacts(1, 7, "duty"), ShiftFacts(2, 7, "leader"), ShiftFacts(3, 8, "duty")]
    assert on_duty(shifts, 7, "duty", NOW) == [1]
    assert on_duty(shifts, 7, "leader", NOW) == [2]
    assert on_duty(shifts, 9, "duty", NOW) == []


def test_whoever_came_last_stands_first_and_the_standing_ones_last() -> None:
    shifts = [
        ShiftFacts(1, 7, "duty"),
        ShiftFacts(2, 7, "duty", NOW - 2 * HOUR),
        ShiftFacts(3, 7, "duty", NOW - HOUR),
        ShiftFacts(4, 7, "duty"),
    ]
    assert on_duty(shifts, 7, "duty", NOW) == [3, 2, 1, 4]


def test_a_person_with_two_shifts_is_called_once() -> None:
    assert on_duty([ShiftFacts(1, 7, "duty"), ShiftFacts(1, 7, "duty", NOW - HOUR)], 7, "duty", NOW) == [1]


@pytest.mark.django_db
def test_shifts_of_people_who_have_left_are_not_read(cast: Cast) -> None:
    role = Shift.Role.DUTY
    assert on_duty(shift_facts(), cast.station.pk, role, NOW) == [cast.bolat.pk]
    cast.bolat.active = False
    cast.bolat.save()
    assert on_duty(shift_facts(), cast.station.pk, role, NOW) == []
    assert on_duty(shift_facts(), cast.station.pk, Shift.Role.LEADER, NOW) == [cast.chen.pk]
