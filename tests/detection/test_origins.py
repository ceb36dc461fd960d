"""Where a reading came from: what foreign ones may do, and what a new address does."""

import zlib
from pathlib import Path

from hypothesis import given

from flameblue.detection.detector import Detector
from flameblue.domain.quantities import NO_VALUE
from flameblue.domain.readings import Mark, Reading
from flameblue.domain.transitions import Level, Rule, Transition, Why
from tests.detection.inputs import T0, Batch, Input, S, Tick, drive, every, one, told, watched
from tests.detection.oracle import Oracle
from tests.detection.streams import UNKNOWN, streams
from tests.detection.test_kernel_equals_oracle import ANY

HOT, SAFE = 720, 400
RELEASED = Path(__file__).parent / "before_origins.snapshot.z"


def of_others(transitions: list[Transition]) -> list[Transition]:
    return [found for found in transitions if found.rule != Rule.ORIGIN]


def without_foreign(given: Input) -> Input:
    """The same record, in which foreign readings are of a point that nobody knows."""
    if not isinstance(given, Batch):
        return given
    kept = [read._replace(point=UNKNOWN) if read.marks & Mark.FOREIGN else read for read in given.readings]
    return Batch(given.arrival_ns, tuple(kept))


@ANY
@given(streams())
def test_whatever_foreigners_say_every_other_level_is_what_it_is_without_them(inputs: list[Input]) -> None:
    found = drive(Detector(), inputs)
    alone = drive(Detector(), [without_foreign(record) for record in inputs])
    assert of_others(found) == of_others(alone)
    assert of_others(Oracle().drive(inputs)) == of_others(alone)


def test_a_foreign_reading_is_one_fault_and_nothing_else() -> None:
    detector = watched()
    drive(detector, every(10, [HOT] * 4), 2)
    foreign = [one(50 + i, SAFE, Mark.FOREIGN | Mark.REPORTED_ALARM) for i in range(200)]
    found = drive(detector, foreign, 10)
    assert [(move.rule, move.level, move.why, move.value) for move in found] == [
        (Rule.ORIGIN, Level.FAULT, Why.FOREIGN, NO_VALUE),
        (Rule.SILENCE, Level.FAULT, 0, HOT),
    ]
    assert detector.latest(1) == (T0 + 30 * S, HOT)


def test_it_is_over_ten_minutes_after_the_last_foreign_reading() -> None:
    detector = watched()
    drive(detector, [one(0, SAFE, Mark.FOREIGN), one(300, SAFE, Mark.FOREIGN)], 2)
    assert told(drive(detector, every(10, [SAFE] * 60, start_s=305), 9)) == [("SILENCE", "NORMAL", 305.0)]
    assert told(drive(detector, every(10, [SAFE] * 3, start_s=905), 99)) == [("ORIGIN", "NORMAL", 905.0)]


def test_a_new_address_is_believed_and_a_fault_until_a_reading_comes_without_it() -> None:
    detector = watched()
    found = drive(detector, every(10, [HOT] * 4, marks=Mark.NEW_ADDRESS), 2)
    assert told(found) == [("ORIGIN", "FAULT", 0.0), ("OVER", "ALARM", 30.0)]
    assert found[0].why == Why.NEW_ADDRESS
    assert told(drive(detector, [one(40, HOT)], 9)) == [("ORIGIN", "NORMAL", 40.0)]


def test_a_gap_in_our_listening_is_no_quiet_time_of_a_foreigner() -> None:
    detector = watched()
    drive(detector, [one(0, SAFE, Mark.FOREIGN)], 2)
    detector.gap(900 * S)
    found = drive(detector, [one(905, SAFE), one(1_499, SAFE), one(1_500, SAFE)], 9)
    assert told(move for move in found if move.rule == Rule.ORIGIN) == [("ORIGIN", "NORMAL", 1_500.0)]


def test_the_snapshot_of_the_release_before_goes_on() -> None:
    """It was taken by that release, twenty seconds into a heat of thirty on one point and with a bit of another."""
    detector = Detector.restore(zlib.decompress(RELEASED.read_bytes()))
    found = drive(detector, [one(30, HOT), Batch(T0 + 31 * S, (Reading(2, T0 + 31 * S, SAFE, 0),))], 9)
    assert told(found) == [
        ("OVER", "ALARM", 30.0),
        ("REPORTED", "NORMAL", 31.0),
        ("SHIELDED", "NORMAL", 31.0),
    ]
    assert told(drive(detector, [one(32, SAFE, Mark.FOREIGN), Tick(T0 + 33 * S)], 20)) == [
        ("ORIGIN", "FAULT", 32.0)
    ]
    assert Detector.restore(detector.snapshot()).snapshot() == detector.snapshot()
