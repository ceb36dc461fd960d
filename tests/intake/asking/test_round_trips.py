"""How a device answers is counted and kept within bounds."""

import pytest

from flameblue.domain.limits import ROUND_TRIPS_KEPT
from flameblue.intake.asking.round_trips import Failure, NoAnswer, RoundTrips, quantile


@pytest.mark.parametrize(
    ("count", "share", "place"),
    [
        (1, 0.5, 1),
        (2, 0.5, 1),
        (3, 0.5, 2),
        (100, 0.5, 50),
        (100, 0.95, 95),
        (20, 0.95, 19),
        (20, 1.0, 20),
        (5, 0, 1),
    ],
)
def test_a_quantile_is_the_least_value_that_so_many_do_not_exceed(
    count: int, share: float, place: int
) -> None:
    assert quantile(list(range(1, count + 1)), share) == place


def test_of_no_answers_there_is_no_duration() -> None:
    assert RoundTrips().as_dict()["p50_s"] is None


def test_questions_are_counted_by_what_became_of_them() -> None:
    trips = RoundTrips(since_ns=5)
    for _ in range(3):
        trips.answer(0.06)
    trips.failure(NoAnswer(Failure.TIME_OUT, "no answer within 1 s"))
    trips.failure(NoAnswer(Failure.GARBLED, "9 bytes"), 77)
    assert trips.as_dict() == {
        "asked": 5,
        "answered": 3,
        "time_out": 1,
        "garbled": 1,
        "unreached": 0,
        "refused": 0,
        "other_address": 0,
        "other_answer": 0,
        "line_lost": 0,
        "p50_s": 0.06,
        "p95_s": 0.06,
        "since_ns": 5,
        "last_failure": "garbled",
        "last_failure_ns": 77,
        "last_trouble": "9 bytes",
    }


def test_durations_are_kept_within_a_bound_and_the_last_ones_count() -> None:
    trips = RoundTrips()
    for n in range(10 * ROUND_TRIPS_KEPT):
        trips.answer(float(n))
    assert trips.answered == 10 * ROUND_TRIPS_KEPT
    assert trips.duration_s(0.0) == 9 * ROUND_TRIPS_KEPT
    assert trips.duration_s(0.5) == 9.5 * ROUND_TRIPS_KEPT - 1
