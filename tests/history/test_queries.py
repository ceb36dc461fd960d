"""Questions to the long memory: files and tail together are what a plain list says."""

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flameblue.domain.errors import BadInput
from flameblue.domain.limits import CHART_POINTS_MAX, SECOND_NS
from flameblue.domain.quantities import NO_VALUE
from flameblue.domain.readings import READING, Reading, readings_array
from flameblue.history import archive as archiving
from flameblue.history import queries, tail
from flameblue.history.archive import files
from flameblue.history.queries import Memory
from flameblue.journal.embedded import EmbeddedJournal
from flameblue.journal.record import readings_draft
from tests.history.house import House
from tests.history.journals import POINTS, START_NS, Batch, batches, drafts_of, many

ALL = (START_NS - 10 * 86_400 * SECOND_NS, START_NS + 10 * 86_400 * SECOND_NS)


@pytest.fixture
def house(houses: Callable[[], House]) -> House:
    return houses()


def expected_raw(
    rows: list[Reading], wanted: list[int], begin: int, end: int
) -> dict[int, list[tuple[int, int]]]:
    found: dict[int, list[tuple[int, int]]] = {}
    for row in sorted(rows):
        if row.point in wanted and begin <= row.at_ns <= end:
            found.setdefault(row.point, []).append((row.at_ns, row.value))
    return found


def expected_series(
    rows: list[Reading], wanted: list[int], begin: int, end: int, buckets_max: int
) -> dict[int, list[tuple[int, int, int]]]:
    width = max(1, -(-(end - begin + 1) // buckets_max))
    buckets: dict[int, dict[int, list[Reading]]] = {}
    for row in rows:
        if row.point in wanted and begin <= row.at_ns <= end and row.value != NO_VALUE:
            of_point = buckets.setdefault(row.point, {})
            of_point.setdefault((row.at_ns - begin) // width, []).append(row)
    return {
        point: [
            (min(r.at_ns for r in few), min(r.value for r in few), max(r.value for r in few))
            for _, few in sorted(found.items())
        ]
        for point, found in buckets.items()
    }


times = st.one_of(st.integers(-60, 900), st.integers(-4 * 86_400, 3_600))


@settings(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    messages=batches,
    archived=st.lists(st.integers(0, 25), max_size=3),
    wanted=st.lists(st.sampled_from((*POINTS, 99)), max_size=4),
    window=st.tuples(times, times),
    buckets_max=st.integers(1, 40),
    merge=st.booleans(),
)
def test_files_and_tail_together_are_what_a_plain_list_says(
    houses: Callable[[], House],
    messages: list[Batch],
    archived: list[int],
    wanted: list[int],
    window: tuple[int, int],
    buckets_max: int,
    merge: bool,
) -> None:
    house = houses()
    begin, end = (START_NS + at * SECOND_NS for at in sorted(window))
    house.journal.append(drafts_of(messages))
    for offset in sorted(archived):
        house.archive_until(offset)
        house.memory.raw(wanted, begin, end)
    if merge:
        house.archive.merge_days(before="9999-12-31")
    rows = house.readings()
    for memory in (house.memory, Memory(house.folder, house.journal)):
        found = memory.raw(wanted, begin, end)
        assert {
            point: sorted(zip(at.tolist(), value.tolist(), strict=True))
            for point, (at, value) in found.items()
        } == expected_raw(rows, wanted, begin, end)
        assert all((np.diff(at) >= 0).all() for at, _ in found.values())
        series = memory.series(wanted, begin, end, buckets_max=buckets_max)
        assert {
            point: list(zip(one.at_ns.tolist(), one.low.tolist(), one.high.tolist(), strict=True))
            for point, one in series.items()
        } == expected_series(rows, wanted, begin, end, buckets_max)
        assert all(len(one.at_ns) <= buckets_max for one in series.values())
    house.journal.close()


def test_a_late_reading_is_at_its_own_time(house: House) -> None:
    house.journal.append(many(3, step_s=10))
    house.archive_until(3)
    late = readings_array([Reading(1, START_NS + 15 * SECOND_NS, 555, 0)])
    house.journal.append([readings_draft(START_NS + 3_600 * SECOND_NS, late)])
    at, value = house.memory.raw([1], START_NS, START_NS + 60 * SECOND_NS)[1]
    assert ((at - START_NS) // SECOND_NS).tolist() == [0, 10, 15, 20]
    assert value.tolist() == [1, 11, 555, 21]
    house.archive_until(4)
    again = house.memory.raw([1], START_NS, START_NS + 60 * SECOND_NS)[1]
    assert (again[0].tolist(), again[1].tolist()) == (at.tolist(), value.tolist())


def test_a_chart_of_much_is_bounded_and_keeps_every_peak(house: House) -> None:
    n = 40_000
    rows = np.zeros(n, READING)
    rows["point"], rows["at_ns"] = 1, START_NS + np.arange(n) * SECOND_NS
    rows["value"] = 400
    rows["value"][12_345] = 821
    house.journal.append([readings_draft(START_NS + n * SECOND_NS, rows[: n // 2])])
    house.archive_until(1)
    house.journal.append([readings_draft(START_NS + n * SECOND_NS, rows[n // 2 :])])
    series = house.memory.series([1], START_NS, START_NS + n * SECOND_NS)[1]
    assert CHART_POINTS_MAX * 0.9 < len(series.at_ns) <= CHART_POINTS_MAX
    assert (int(series.low.min()), int(series.high.max())) == (400, 821)
    assert (np.diff(series.at_ns) > 0).all()


def test_a_bucket_may_lie_in_files_and_tail(house: House) -> None:
    for n, values in enumerate(((400, 821), (390, 500), (400, 410)), 1):
        at_ns = START_NS + n * SECOND_NS
        rows = [Reading(1, at_ns + k, value, 0) for k, value in enumerate(values)]
        house.journal.append([readings_draft(at_ns, readings_array(rows))])
        house.archive_until(min(n, 2))
    (found,) = house.memory.series([1], START_NS, START_NS + 60 * SECOND_NS, buckets_max=1).values()
    assert [column.tolist() for column in found] == [[START_NS + SECOND_NS], [390], [821]]
    house.journal.append([readings_draft(START_NS, readings_array([Reading(1, START_NS, 300, 0)]))])
    (found,) = house.memory.series([1], START_NS, START_NS + 60 * SECOND_NS, buckets_max=1).values()
    assert [column.tolist() for column in found] == [[START_NS], [300], [821]]


def test_too_much_at_once_is_refused_and_says_so(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.journal.append(many(20))
    monkeypatch.setattr(queries, "RAW_MAX", 30)
    for archived in (0, 15, 20):
        house.archive_until(archived)
        assert len(house.memory.raw([1], *ALL)[1][0]) == 20
        with pytest.raises(BadInput, match="shorter time"):
            house.memory.raw([1, 2], *ALL)
    with pytest.raises(BadInput, match="points asked for"):
        house.memory.series(range(10_000), *ALL)
    with pytest.raises(BadInput, match="points asked for"):
        house.memory.raw(range(10_001), *ALL)


def test_nothing_asked_is_nothing_found(house: House) -> None:
    house.journal.append(many(3))
    assert house.memory.raw([], *ALL) == {}
    assert house.memory.series([1], ALL[1], ALL[0]) == {}
    assert house.memory.series([99], *ALL) == {}


def test_what_moves_into_a_file_during_a_question_is_counted_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.journal.append(many(20))
    house.archive_until(5)
    moments = itertools.chain([10, 19], itertools.repeat(19))
    really = tail.Tail.after

    def meanwhile(self: tail.Tail, offset: int) -> object:
        house.archive_until(next(moments))
        house.archive.merge_days(before="9999-12-31")
        house.journal.retain(house.archive.cursor, 2**62)
        return really(self, offset)

    monkeypatch.setattr(tail.Tail, "after", meanwhile)
    assert len(house.memory.raw([1], *ALL)[1][0]) == 20
    assert (house.journal.first(), len(files(house.folder))) == (20, 1)


def test_a_file_that_goes_during_a_question_is_no_error(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.journal.append(many(20))
    house.archive_until(10)
    house.archive_until(20)
    really = queries.files

    def listed(folder: Path) -> list[Path]:
        found = really(folder)
        house.archive.drop_oldest()
        return found

    monkeypatch.setattr(queries, "files", listed)
    assert len(house.memory.raw([1], *ALL)[1][0]) == 10


def test_a_damaged_file_is_left_out_and_told(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.journal.append(many(20))
    house.archive_until(10)
    house.archive_until(20)
    files(house.folder)[0].write_bytes(b"PAR1 rubbish PAR1")
    assert len(house.memory.raw([1], *ALL)[1][0]) == 10
    assert caplog.records[0].levelname == "WARNING"


def test_a_damaged_record_is_passed_over(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.journal.append(many(5))
    house.journal._writer.execute("UPDATE record SET crc = crc + 1 WHERE offset IN (2, 5)")
    assert len(house.memory.raw([1], *ALL)[1][0]) == 3


def test_the_tail_is_read_on_and_not_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.journal.append(many(10))
    house.memory.raw([1], *ALL)
    asked: list[int] = []
    really = EmbeddedJournal.read

    def read(self: EmbeddedJournal, after: int, records_max: int) -> object:
        asked.append(after)
        return really(self, after, records_max)

    monkeypatch.setattr(EmbeddedJournal, "read", read)
    house.journal.append(many(2, 10))
    assert len(house.memory.raw([1], *ALL)[1][0]) == 12
    assert asked == [10]


def test_a_tail_that_has_become_too_long_shows_its_end(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tail, "TAIL_RECORDS_MAX", 8)
    house.journal.append(many(20))
    assert [int(v) for v in house.memory.raw([1], *ALL)[1][1]] == [n * 10 + 1 for n in range(12, 20)]
    assert caplog.records[0].levelname == "WARNING"
    monkeypatch.setattr(tail, "TAIL_READINGS_MAX", 6)
    memory = Memory(house.folder, house.journal)
    assert len(memory.raw(POINTS, *ALL)[1][0]) == 2


def test_only_the_days_that_matter_are_opened(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archiving, "FILE_BYTES", 1)
    day_ns = 86_400 * SECOND_NS
    for day in range(30):
        house.journal.append(
            [
                readings_draft(
                    START_NS + day * day_ns, readings_array([Reading(1, START_NS + day * day_ns, day, 0)])
                )
            ]
        )
    house.archive_until(30)
    opened: list[int] = []
    really = Memory._archived

    def archived(self: Memory, question: object, template: object, paths: list[Path]) -> object:
        opened.append(len(paths))
        return really(self, question, template, paths)

    monkeypatch.setattr(Memory, "_archived", archived)
    _, value = house.memory.raw([1], START_NS + 10 * day_ns, START_NS + 11 * day_ns)[1]
    assert value.tolist() == [10, 11]
    assert opened == [9]
