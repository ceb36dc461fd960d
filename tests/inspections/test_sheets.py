"""Silent hours and visits saved of a month."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flameblue.inspections.sheets import Turn, silent_hours, visits_saved

BEGIN = datetime.fromisoformat("2026-01-01T00:00:00+08:00")
END = datetime.fromisoformat("2026-02-01T00:00:00+08:00")
TURNS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 743), st.booleans()), max_size=12)


def turn(point: int, hour: float, silent: bool) -> Turn:
    return Turn(point, BEGIN + timedelta(hours=hour), silent)


def test_hours_of_two_points_are_counted_once() -> None:
    turns = [turn(1, 10, True), turn(2, 12, True), turn(1, 13, False), turn(2, 20, False)]
    assert silent_hours(turns, BEGIN, END) == 10


def test_what_was_silent_before_and_what_still_is() -> None:
    assert silent_hours([turn(1, 5, False)], BEGIN, END, {1}) == 5
    assert silent_hours([turn(1, 740, True)], BEGIN, END) == 4
    assert silent_hours([], BEGIN, END, {1}) == 744
    assert silent_hours([], BEGIN, END) == 0


def test_turns_of_other_months_are_nothing() -> None:
    assert silent_hours([turn(1, -5, True), turn(1, 800, False)], BEGIN, END) == 0


@settings(deadline=None)
@given(TURNS, st.sets(st.integers(0, 2)))
def test_as_hour_by_hour(rows: list[tuple[int, int, bool]], before: set[int]) -> None:
    """An hour is silent when, after the turns up to its beginning, some point is."""
    ordered = sorted(rows, key=lambda row: row[1])
    silent, hours = set(before), 0
    for hour in range(744):
        for point, _, now in (row for row in ordered if row[1] == hour):
            (silent.add if now else silent.discard)(point)
        hours += bool(silent)
    assert silent_hours([turn(*row) for row in rows], BEGIN, END, before) == pytest.approx(hours)


@pytest.mark.parametrize(
    ("read", "silent_h", "visits", "saved"),
    [
        ([True, True], 0.0, 0, 1),
        ([True, True], 23.9, 0, 1),
        ([True, True], 24.0, 0, 0),
        ([True, False], 0.0, 0, 0),
        ([], 0.0, 0, 0),
        ([True], 0.0, 1, 0),
    ],
)
def test_a_visit_is_saved_where_readings_did_its_work(
    read: list[bool], silent_h: float, visits: int, saved: int
) -> None:
    assert visits_saved(read, silent_h, visits) == saved
