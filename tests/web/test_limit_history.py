"""Limits as they were: lines that begin and end with what the point table has carried."""

from datetime import datetime, timedelta

import numpy as np
import pytest

from flameblue.domain.clock import to_ns
from flameblue.domain.limits import SECOND_NS
from flameblue.domain.points import ENABLED, NO_LIMIT, NO_LOWER_LIMIT, POINT, PointRows
from flameblue.domain.quantities import QUANTITIES
from flameblue.fleet.models import PointChange
from flameblue.web import limit_history
from flameblue.web.limit_history import LimitStep, changes_of, steps, unknown_until
from tests.cast import Cast

TEMPERATURE = QUANTITIES["temperature_c"]
HOUR_NS = 3_600 * SECOND_NS


def rows(*limits: tuple[int, float | None], flags: int = ENABLED) -> PointRows:
    """A row of each (point, alarm limit above in °C)."""
    made = np.zeros(len(limits), POINT)
    for row, (point, alarm) in zip(made, limits, strict=True):
        row["point"], row["flags"] = point, flags
        for field in ("over_warning", "over_alarm"):
            row[field] = NO_LIMIT
        for field in ("under_warning", "under_alarm"):
            row[field] = NO_LOWER_LIMIT
        if alarm is not None:
            row["over_alarm"] = TEMPERATURE.steps(alarm)
    return made


def test_a_limit_that_was_changed_is_two_lines() -> None:
    changes = [(1 * HOUR_NS, rows((7, 70.0))), (5 * HOUR_NS, rows((7, 60.0), (8, 30.0)))]
    assert steps(changes, 7, TEMPERATURE, (0, 9 * HOUR_NS)) == [
        LimitStep("over_alarm", 70.0, HOUR_NS, 5 * HOUR_NS),
        LimitStep("over_alarm", 60.0, 5 * HOUR_NS, 9 * HOUR_NS),
    ]


def test_lines_are_cut_to_the_window_and_what_was_over_before_it_is_not_drawn() -> None:
    changes = [
        (0, rows((7, 90.0))),
        (1 * HOUR_NS, rows((7, 70.0))),
        (5 * HOUR_NS, rows((7, 60.0))),
        (8 * HOUR_NS, rows((7, 50.0))),
    ]
    assert steps(changes, 7, TEMPERATURE, (2 * HOUR_NS, 6 * HOUR_NS)) == [
        LimitStep("over_alarm", 70.0, 2 * HOUR_NS, 5 * HOUR_NS),
        LimitStep("over_alarm", 60.0, 5 * HOUR_NS, 6 * HOUR_NS),
    ]


def test_a_change_of_something_else_breaks_no_line() -> None:
    changes = [(HOUR_NS, rows((7, 70.0))), (2 * HOUR_NS, rows((7, 70.0)))]
    assert steps(changes, 7, TEMPERATURE, (0, 4 * HOUR_NS)) == [
        LimitStep("over_alarm", 70.0, HOUR_NS, 4 * HOUR_NS)
    ]


def test_a_limit_that_was_taken_away_ends_and_a_retired_point_has_none() -> None:
    changes = [(HOUR_NS, rows((7, 70.0))), (2 * HOUR_NS, rows((7, None)))]
    assert steps(changes, 7, TEMPERATURE, (0, 4 * HOUR_NS)) == [
        LimitStep("over_alarm", 70.0, HOUR_NS, 2 * HOUR_NS)
    ]
    assert steps([(0, rows((7, 70.0), flags=0))], 7, TEMPERATURE, (0, HOUR_NS)) == []


def write(at: datetime, packed: PointRows) -> None:
    PointChange.objects.create(created_at=at, rows=packed.tobytes())


def test_the_outbox_is_read_back_to_what_held_at_the_beginning(cast: Cast, now: datetime) -> None:
    day = timedelta(days=1)
    for days, limit in ((9, 90.0), (5, 70.0), (1, 60.0)):
        write(now - days * day, rows((cast.tb.pk, limit), (cast.ib.pk, 1.0)))
    write(now, rows())
    found = changes_of([cast.tb], now, to_ns(now - 2 * day))
    assert [at for at, _ in found] == [to_ns(now - 5 * day), to_ns(now - day)]
    assert {int(point) for _, some in found for point in some["point"]} == {cast.tb.pk}
    assert [at for at, _ in changes_of([cast.tb], now - 3 * day, 0)] == [
        to_ns(now - 9 * day),
        to_ns(now - 5 * day),
    ]


def test_a_point_beyond_what_is_looked_at_has_had_its_row_since_then(
    cast: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = rows((cast.tb.pk, 70.0))
    write(now - timedelta(days=9), old)
    for days in (3, 2, 1):
        write(now - timedelta(days=days), rows((cast.ib.pk, 1.0)))
    cast.tb.row = old.tobytes()
    monkeypatch.setattr(limit_history, "LIMIT_HISTORY_BYTES_MAX", 2 * POINT.itemsize)
    found = changes_of([cast.tb], now, to_ns(now - timedelta(days=30)))
    assert [at for at, _ in found] == [to_ns(now - timedelta(days=2))]


def test_what_was_read_before_the_first_limits_has_unknown_ones() -> None:
    changes = [(2 * HOUR_NS, rows((7, 70.0))), (3 * HOUR_NS, rows((8, 70.0)))]
    window = (0, 9 * HOUR_NS)
    assert unknown_until(changes, {7: HOUR_NS}, window) == 2 * HOUR_NS
    assert unknown_until(changes, {7: HOUR_NS, 8: HOUR_NS}, window) == 3 * HOUR_NS
    assert unknown_until(changes, {7: 2 * HOUR_NS}, window) is None, "nothing was read before"
    assert unknown_until(changes, {}, window) is None
    assert unknown_until(changes, {9: HOUR_NS}, window) == window[1], "its limits are not known at all"
