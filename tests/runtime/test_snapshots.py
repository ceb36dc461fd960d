"""Which of the snapshots on disk is used after a restart."""

import logging
from pathlib import Path

import numpy as np
import pytest

from flameblue.detection.detector import Detector
from flameblue.domain.limits import SNAPSHOTS_KEPT
from flameblue.domain.readings import READING
from flameblue.runtime.snapshots import Snapshots
from tests.runtime.test_arrival import START_NS, a_point


@pytest.fixture
def detector() -> Detector:
    made = Detector()
    made.points(1, START_NS, a_point())
    made.readings(2, START_NS, np.array([(1, START_NS, 412, 0)], READING))
    return made


@pytest.fixture
def snapshots(tmp_path: Path, detector: Detector) -> Snapshots:
    kept = Snapshots(tmp_path / "snapshots")
    for offset in (10, 20, 30):
        kept.save(detector, offset)
    return kept


def loaded_at(snapshots: Snapshots, cursor: int) -> int | None:
    found = snapshots.load(cursor)
    return None if found is None else found[1]


def test_the_newest_two_are_kept_and_the_journal_is_kept_from_the_older_one_on(snapshots: Snapshots) -> None:
    assert SNAPSHOTS_KEPT == 2
    assert snapshots.oldest() == 20


def test_only_a_snapshot_that_is_not_past_the_cursor_is_used(snapshots: Snapshots) -> None:
    assert [loaded_at(snapshots, cursor) for cursor in (30, 29, 20, 19)] == [30, 20, 20, None]


def test_what_is_loaded_is_what_was_saved(snapshots: Snapshots, detector: Detector) -> None:
    found = snapshots.load(30)
    assert found is not None
    assert found[0].latest(1) == (START_NS, 412)
    assert found[0].snapshot() == detector.snapshot()


@pytest.mark.parametrize("damage", ["flipped", "cut", "empty"])
def test_a_damaged_one_is_passed_over(
    snapshots: Snapshots, tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    newest = max((tmp_path / "snapshots").iterdir())
    data = bytearray(newest.read_bytes())
    data[len(data) // 2] ^= 1
    newest.write_bytes({"flipped": bytes(data), "cut": bytes(data[:100]), "empty": b""}[damage])
    with caplog.at_level(logging.WARNING):
        assert loaded_at(snapshots, 30) == 20
    assert newest.name in caplog.text
