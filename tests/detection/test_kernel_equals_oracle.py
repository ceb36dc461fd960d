"""The kernel and the oracle say the same of any stream."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, event, given, settings

from flameblue.detection.detector import Detector
from flameblue.domain.transitions import Transition
from tests.detection.inputs import Input, drive
from tests.detection.oracle import Oracle
from tests.detection.streams import POINTS, streams

ANY = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
MANY = settings(ANY, max_examples=5_000)


@ANY
@given(streams())
def test_the_kernel_says_what_the_oracle_says(inputs: list[Input]) -> None:
    compare(inputs)


@pytest.mark.proof
@MANY
@given(streams(length_max=80))
def test_the_kernel_says_what_the_oracle_says_of_many_long_streams(inputs: list[Input]) -> None:
    compare(inputs)


def compare(inputs: list[Input]) -> None:
    detector, oracle = Detector(), Oracle()
    found, expected = drive(detector, inputs), oracle.drive(inputs)
    for one in expected:
        event(f"{one.rule.name} {one.level.name}")
    assert found == expected
    assert [detector.latest(point) for point in POINTS] == [oracle.latest(point) for point in POINTS]
    assert identities_are_unique(found)


def identities_are_unique(transitions: list[Transition]) -> bool:
    identities = Counter((one.offset, one.index, one.point, one.rule) for one in transitions)
    return not identities or max(identities.values()) == 1
