"""The board: always the newest, never torn, also while it grows, after a crash and with a full disk."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flameblue.domain.limits import SECOND_NS
from flameblue.domain.readings import Mark, Reading, readings_array
from flameblue.history.board import HEADER, SLOT, SLOTS_MIN, STUCK_NS, Board, Latest, is_whole

NOW_NS = 1_768_000_000 * SECOND_NS


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "board.bin"


def put(board: Board, point: int, at_ns: int, value: int, arrival_ns: int | None = None) -> None:
    row = readings_array([Reading(point, at_ns, value, int(Mark.TEST))])
    board.update(row, at_ns if arrival_ns is None else arrival_ns)


def test_a_reader_sees_the_newest_reading(path: Path) -> None:
    board = Board(path, writable=True)
    reader = Board(path, writable=False)
    assert reader.latest(3) is None
    put(board, 3, NOW_NS, 821)
    put(board, 3, NOW_NS + 5, 822, NOW_NS + 9)
    assert reader.latest(3) == board.latest(3) == Latest(NOW_NS + 5, NOW_NS + 9, 822, int(Mark.TEST))
    assert reader.latest(4) is None
    assert reader.latest(10**6) is None


def test_a_late_or_repeated_reading_replaces_nothing_but_was_heard(path: Path) -> None:
    board = Board(path, writable=True)
    put(board, 3, NOW_NS, 821)
    put(board, 3, NOW_NS - SECOND_NS, 999, NOW_NS + SECOND_NS)
    put(board, 3, NOW_NS, 998, NOW_NS + 2 * SECOND_NS)
    assert board.latest(3) == Latest(NOW_NS, NOW_NS + 2 * SECOND_NS, 821, int(Mark.TEST))


def test_a_clock_that_was_set_back_does_not_freeze_the_board(path: Path) -> None:
    board = Board(path, writable=True)
    put(board, 3, NOW_NS, 821)
    hour_ns = 3600 * SECOND_NS
    for after_ns in range(0, STUCK_NS + 1, 60 * SECOND_NS):
        put(board, 3, NOW_NS + after_ns - hour_ns, 400, NOW_NS + after_ns)
        found = board.latest(3)
        assert found is not None
        assert found.value == 821
    put(board, 3, NOW_NS + STUCK_NS + 1 - hour_ns, 401, NOW_NS + STUCK_NS + 1)
    put(board, 3, NOW_NS + STUCK_NS + 2 - hour_ns, 402, NOW_NS + STUCK_NS + 2)
    found = board.latest(3)
    assert found is not None
    assert (found.value, found.at_ns) == (402, NOW_NS + STUCK_NS + 2 - hour_ns)


updates = st.lists(
    st.lists(
        st.builds(Reading, st.integers(0, 5), st.integers(0, 40), st.integers(-9, 9), st.just(0)), max_size=8
    ),
    max_size=12,
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=updates)
def test_any_order_ends_with_the_newest_of_each_point(path: Path, batches: list[list[Reading]]) -> None:
    path.unlink(missing_ok=True)
    board = Board(path, writable=True)
    newest: dict[int, Reading] = {}
    heard: dict[int, int] = {}
    for arrival_ns, batch in enumerate(batches):
        board.update(readings_array(batch), arrival_ns)
        in_this: dict[int, Reading] = {}
        for reading in batch:
            heard[reading.point] = arrival_ns
            known = in_this.get(reading.point)
            if known is None or reading.at_ns >= known.at_ns:
                in_this[reading.point] = reading
        for point, reading in in_this.items():
            if point not in newest or reading.at_ns > newest[point].at_ns:
                newest[point] = reading
    reader = Board(path, writable=False)
    assert {point: reader.latest(point) for point in range(6)} == {
        point: Latest(newest[point].at_ns, heard[point], newest[point].value, 0) if point in newest else None
        for point in range(6)
    }
    seen = reader.all()
    assert np.flatnonzero(seen["sequence"]).tolist() == sorted(newest)


def test_a_reader_follows_the_board_as_it_grows(path: Path) -> None:
    board = Board(path, writable=True)
    put(board, 3, NOW_NS, 1)
    reader = Board(path, writable=False)
    for point in (SLOTS_MIN, 3 * SLOTS_MIN, 40 * SLOTS_MIN):
        put(board, point, NOW_NS, point)
        found = reader.latest(point)
        assert found is not None
        assert found.value == point
    assert reader.latest(3) == Latest(NOW_NS, NOW_NS, 1, int(Mark.TEST))
    assert np.frombuffer(path.read_bytes(), HEADER, 1)["generation"][0] == 4


def test_the_file_has_all_its_blocks(path: Path) -> None:
    """A hole would be filled by the writer's next page fault, and on a full disk that is a SIGBUS."""
    board = Board(path, writable=True)
    put(board, 10 * SLOTS_MIN, NOW_NS, 1)
    assert path.stat().st_blocks * 512 >= path.stat().st_size


def test_a_disk_without_room_stops_only_the_growth(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def no_room(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    board = Board(path, writable=True)
    with monkeypatch.context() as full:
        full.setattr(os, "posix_fallocate", no_room)
        rows = [Reading(1, NOW_NS, 11, 0), Reading(SLOTS_MIN, NOW_NS, 12, 0)]
        board.update(readings_array(rows), NOW_NS)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert list(path.parent.iterdir()) == [path]
    assert board.latest(1) == Latest(NOW_NS, NOW_NS, 11, 0)
    assert board.latest(SLOTS_MIN) is None
    put(board, SLOTS_MIN, NOW_NS, 13)
    assert board.latest(SLOTS_MIN) is not None


def test_an_impossible_point_does_not_eat_the_disk(path: Path) -> None:
    board = Board(path, writable=True)
    put(board, 2**32 - 1, NOW_NS, 1)
    put(board, 1, NOW_NS, 2)
    assert board.latest(1) is not None
    assert board.latest(2**32 - 1) is None
    assert path.stat().st_size < 100_000


def spoil(path: Path, point: int, field: str, value: int) -> None:
    """Leaves a slot as a crash in the middle of a write would."""
    slots = np.memmap(path, SLOT, "r+", HEADER.itemsize, (SLOTS_MIN,))
    slots[field][point] = value
    slots.flush()


@pytest.mark.parametrize(("field", "value"), [("sequence", 3), ("value", 7), ("check", 1), ("at_ns", 2**62)])
def test_a_half_written_record_is_no_reading(path: Path, field: str, value: int) -> None:
    board = Board(path, writable=True)
    put(board, 1, NOW_NS, 821)
    put(board, 2, NOW_NS, 822)
    board.close()
    spoil(path, 1, field, value)
    reader = Board(path, writable=False)
    assert reader.latest(1) is None
    assert reader.all()["sequence"][:3].tolist() == [0, 0, 2]
    board = Board(path, writable=True)
    assert board.latest(2) is not None
    put(board, 1, NOW_NS + 1, 5)
    assert reader.latest(1) == Latest(NOW_NS + 1, NOW_NS + 1, 5, int(Mark.TEST))


def test_a_board_that_is_opened_again_still_knows(path: Path) -> None:
    board = Board(path, writable=True)
    put(board, 1, NOW_NS, 821)
    board.close()
    again = Board(path, writable=True)
    assert again.latest(1) == Latest(NOW_NS, NOW_NS, 821, int(Mark.TEST))


def test_replaying_the_journal_ends_where_it_was(path: Path) -> None:
    board = Board(path, writable=True)
    for _ in range(2):
        for n in range(2_000):
            put(board, 1, NOW_NS + n * SECOND_NS, n)
    assert board.latest(1) == Latest(
        NOW_NS + 1_999 * SECOND_NS, NOW_NS + 1_999 * SECOND_NS, 1_999, int(Mark.TEST)
    )


@pytest.mark.parametrize("content", [b"", b"short", b"\0" * 100_000])
def test_a_file_that_is_no_board_is_made_anew(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    reader = Board(path, writable=False)
    assert reader.latest(1) is None
    board = Board(path, writable=True)
    put(board, 1, NOW_NS, 821)
    assert reader.latest(1) == Latest(NOW_NS, NOW_NS, 821, int(Mark.TEST))


WRITER = """
import sys
from pathlib import Path
import numpy as np
from flameblue.domain.readings import READING
from flameblue.history.board import Board
board = Board(Path(sys.argv[1]), writable=True)
rows = np.zeros(700, READING)
rows["point"] = np.arange(700)
print("ready", flush=True)
for n in range(1, 1 << 30):
    rows["at_ns"], rows["value"], rows["marks"] = n * 1_000_003, n, n % 65_521
    board.update(rows, n * 7)
"""


def test_a_reader_in_another_process_never_sees_a_torn_record(path: Path) -> None:
    Board(path, writable=True).close()
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
    ) as writer:
        try:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
            reader = Board(path, writable=False)
            raced = 0
            seen = set()
            for look in range(3_000):
                raced += not is_whole(reader._slots[:700].copy()).all()
                slots = reader.all()[:700]
                n = slots["value"].astype(np.int64)
                assert (slots["at_ns"] == n * 1_000_003).all()
                assert (slots["arrival_ns"] == n * 7).all()
                assert (slots["marks"] == n % 65_521).all()
                found = reader.latest(look % 700)
                assert found is None or found.at_ns == found.value * 1_000_003
                seen.add(int(n[0]))
        finally:
            writer.kill()
    assert len(seen) > 100
    assert raced > 10
