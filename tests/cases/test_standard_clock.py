"""The standard clock: seconds of each step against a clause, and nothing guessed where nothing is known."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from flameblue.cases.standard_clock import Known, Step, lines, total_s

MEASURED = datetime(2026, 1, 15, 3, 7, tzinfo=UTC)
WHOLE = Known(
    quantity="residual_current_ma",
    measured_at=MEASURED,
    hold_s=30.0,
    arrived_at=MEASURED + timedelta(seconds=1.5),
    planned_at=MEASURED + timedelta(seconds=2),
    handed_over_at=MEASURED + timedelta(seconds=3),
    delivered_at=MEASURED + timedelta(seconds=9),
)


def test_each_step_is_counted_from_the_one_before() -> None:
    assert [(line.step, line.used_s) for line in lines(WHOLE)] == [
        (Step.BEYOND, 30.0),
        (Step.ARRIVED, 1.5),
        (Step.PLANNED, 0.5),
        (Step.HANDED_OVER, 1.0),
        (Step.DELIVERED, 6.0),
    ]
    assert total_s(WHOLE) == 7.5


@pytest.mark.parametrize(
    ("quantity", "hold_s", "keeps"),
    [
        ("residual_current_ma", 30.0, True),
        ("residual_current_ma", 30.1, False),
        ("temperature_c", 40.0, True),
        ("temperature_c", 60.0, False),
        ("current_a", 1.0, None),
        ("temperature_c", None, None),
    ],
)
def test_a_hold_is_compared_with_the_clause_of_its_quantity(
    quantity: str, hold_s: float | None, keeps: bool | None
) -> None:
    beyond = lines(replace(WHOLE, quantity=quantity, hold_s=hold_s))[0]
    assert beyond.keeps is keeps


@pytest.mark.parametrize(("seconds", "keeps"), [(10.0, True), (10.1, False)])
def test_a_reading_that_was_long_on_its_way_exceeds(seconds: float, keeps: bool) -> None:
    arrived = lines(replace(WHOLE, arrived_at=MEASURED + timedelta(seconds=seconds)))[1]
    assert arrived.keeps is keeps
    assert arrived.clause is not None
    assert (arrived.clause.edition, arrived.clause.clause) == ("GB 26875.1-2011", "4.1.2")


def test_no_limit_is_claimed_for_an_sms() -> None:
    assert [line.clause for line in lines(WHOLE)[2:]] == [None, None, None]


def test_what_has_not_happened_has_no_seconds() -> None:
    waiting = replace(WHOLE, delivered_at=None)
    assert lines(waiting)[-1].used_s is None
    assert total_s(waiting) == 1.5
    assert total_s(replace(waiting, handed_over_at=None)) is None


def test_a_device_clock_that_runs_ahead_uses_no_negative_time() -> None:
    assert lines(replace(WHOLE, arrived_at=MEASURED - timedelta(seconds=3)))[1].used_s == 0.0
