"""One phase without voltage, while another has some: an alarm of its own, told apart from an outage."""

from dataclasses import replace

import pytest

from flameblue.detection.detector import Detector
from flameblue.domain.points import NO_LIMIT, NO_LOWER_LIMIT
from flameblue.domain.readings import Mark, Reading
from tests.detection.inputs import T0, Batch, Input, Row, S, drive, rows_array, told

V = 10  # steps a volt
VOLTAGE = Row(
    over_warning=NO_LIMIT, over_alarm=NO_LIMIT, plausible_min=0, plausible_max=10_000,
    phase_lost=110 * V, phase_stands=176 * V,
)  # fmt: skip
A, B, C = 1, 2, 3


def circuit(**changed: int) -> Detector:
    """A detector that knows three phases of one circuit, since a second before T0."""
    others = {A: (B, C), B: (A, C), C: (A, B)}
    rows = [replace(VOLTAGE, point=point, other_phases=others[point], **changed) for point in others]
    detector = Detector()
    detector.points(1, T0 - S, rows_array(rows))
    return detector


def volts(at_s: int, a: float, b: float, c: float, *, order: tuple[int, ...] = (0, 1, 2)) -> Batch:
    """A message with the three voltages."""
    at_ns = T0 + at_s * S
    readings = [Reading(point, at_ns, round(u * V), 0) for point, u in ((A, a), (B, b), (C, c))]
    return Batch(at_ns, tuple(readings[place] for place in order))


def lasting(until_s: int, a: float, b: float, c: float, *, start_s: int = 0) -> list[Input]:
    return [volts(at_s, a, b, c) for at_s in range(start_s, until_s + 1, 10)]


def lost(inputs: list[Input], detector: Detector | None = None) -> list[tuple[int, str, float]]:
    found = drive(detector or circuit(), inputs, 2)
    mine = [one for one in found if one.rule.name == "PHASE_LOSS"]
    return [(one.point, level, at_s) for one, (_, level, at_s) in zip(mine, told(mine), strict=True)]


def test_a_lost_phase_alarms_once_its_hold_is_over_and_leaves_when_the_voltage_is_back() -> None:
    inputs = [*lasting(60, 230, 0, 229), *lasting(130, 230, 228, 229, start_s=70)]
    assert lost(inputs) == [(B, "ALARM", 30.0), (B, "NORMAL", 130.0)]


def test_an_outage_of_all_phases_is_no_phase_loss() -> None:
    assert lost([*lasting(60, 230, 230, 230), *lasting(200, 0, 0, 0, start_s=70)]) == []


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_the_order_within_a_message_makes_no_difference(order: tuple[int, int, int]) -> None:
    falling = [volts(10 * i, 230, 230, 230, order=order) for i in range(3)]
    dead = [volts(30 + 10 * i, 0, 0, 0, order=order) for i in range(9)]
    assert lost([*falling, *dead]) == []


def test_two_lost_phases_are_told_each_and_the_third_is_not() -> None:
    inputs = [volts(0, 230, 230, 229), *lasting(60, 0, 0, 229, start_s=10)]
    assert lost(inputs) == [(A, "ALARM", 40.0), (B, "ALARM", 40.0)]


def test_a_phase_that_floats_at_ninety_volts_is_lost_and_one_at_a_hundred_and_twenty_is_only_low() -> None:
    assert lost(lasting(60, 230, 90, 230)) == [(B, "ALARM", 30.0)]
    assert lost(lasting(60, 230, 120, 230)) == []


def test_another_phase_that_was_heard_long_ago_proves_nothing() -> None:
    silent_since = [volts(0, 230, 230, 230)]
    alone: list[Input] = [Batch(T0 + s * S, (Reading(B, T0 + s * S, 0, 0),)) for s in range(20, 300, 10)]
    assert lost([*silent_since, *alone]) == []


def test_an_outage_that_follows_ends_no_phase_loss() -> None:
    inputs = [*lasting(60, 230, 0, 229), *lasting(300, 0, 0, 0, start_s=70)]
    assert lost(inputs) == [(B, "ALARM", 30.0)]


def test_a_flicker_shorter_than_the_hold_tells_nothing() -> None:
    inputs = [*lasting(20, 230, 0, 230), *lasting(60, 230, 230, 230, start_s=30)]
    assert lost(inputs) == []


def test_a_device_that_reports_each_minute_alarms_with_its_second_reading() -> None:
    slow = circuit(interval_ns=60 * S, gap_ns=91 * S)
    assert lost([volts(s, 230, 0, 230) for s in (0, 60, 120)], slow) == [(B, "ALARM", 60.0)]


def test_a_broken_probe_is_no_lost_phase() -> None:
    open_wire = [
        Batch(
            T0 + s * S, (Reading(A, T0 + s * S, 2_300, 0), Reading(B, T0 + s * S, 0, int(Mark.SENSOR_OPEN)))
        )
        for s in range(0, 100, 10)
    ]
    assert lost(list(open_wire)) == []


def test_a_circuit_of_one_phase_has_none_to_lose() -> None:
    alone = Detector()
    alone.points(1, T0 - S, rows_array([replace(VOLTAGE, phase_lost=NO_LOWER_LIMIT)]))
    assert lost(lasting(100, 0, 230, 230), alone) == []


def test_the_cause_is_told_before_the_low_voltage_that_follows_from_it() -> None:
    detector = circuit(under_alarm=176 * V, under_warning=198 * V)
    found = [one for one in drive(detector, lasting(60, 230, 0, 230), 2) if one.level.name == "ALARM"]
    assert [one.rule.name for one in found] == ["PHASE_LOSS", "UNDER"]
