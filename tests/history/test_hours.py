"""Roll-ups: the hours that they hold are those of the readings, whichever files are there."""

import shutil
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flameblue.domain.errors import BadInput
from flameblue.domain.limits import SECOND_NS
from flameblue.domain.quantities import NO_VALUE
from flameblue.history import archive as archiving
from flameblue.history import hours
from flameblue.history.archive import day_of, files, offsets_of
from flameblue.history.hours import HOUR_NS
from tests.history.house import House
from tests.history.journals import POINTS, START_NS, Batch, batches, drafts_of

DAY_NS = 24 * HOUR_NS
FIRST_NS = (START_NS - 9 * DAY_NS) // HOUR_NS * HOUR_NS
ALL = (FIRST_NS, FIRST_NS + 20 * DAY_NS - 1)
LATER = "2100-01-01"


@pytest.fixture
def house(houses: Callable[[], House]) -> House:
    """Three days of a reading every ten minutes, in many files; the last hours are in the journal only."""
    made = houses()
    made.journal.append(
        drafts_of([Batch(600, tuple((point, 0, 7 * n % 50, 0) for point in POINTS)) for n in range(432)])
    )
    for offset in range(40, 400, 40):
        made.archive_until(offset)
    return made


def expected(house: House) -> dict[int, list[tuple[int, ...]]]:
    """The hours by a plain list."""
    found: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for row in house.readings():
        if row.value != NO_VALUE:
            found.setdefault((row.point, row.at_ns // HOUR_NS), []).append((row.at_ns, row.value))
    by_point: dict[int, list[tuple[int, ...]]] = {}
    for (point, hour), rows in sorted(found.items()):
        values = [value for _, value in rows]
        line = (hour, min(rows)[0], max(rows)[0], min(values), max(values), sum(values), len(values))
        by_point.setdefault(point, []).append(line)
    return by_point


def answered(house: House) -> dict[int, list[tuple[int, ...]]]:
    """What the memory answers, as plain numbers."""
    found = house.memory.hours(POINTS, *ALL)
    return {point: [tuple(map(int, row)) for row in zip(*one, strict=True)] for point, one in found.items()}


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(batches, st.lists(st.integers(0, 25), max_size=4), st.booleans())
def test_hours_are_those_of_the_readings(
    houses: Callable[[], House], messages: list[Batch], stops: list[int], closed: bool
) -> None:
    house = houses()
    house.journal.append(drafts_of(messages))
    for offset in sorted(stops):
        house.archive_until(offset)
    if closed:
        house.archive.merge_days(before=LATER)
    assert answered(house) == expected(house)


def test_a_closed_day_has_one_roll_up_and_is_answered_from_it(house: House) -> None:
    days = {path.parent.name for path in files(house.folder)}
    house.archive.merge_days(before=LATER)
    assert [path.parent.name for path in hours.roll_ups(house.folder)] == sorted(days)
    assert answered(house) == expected(house)
    for path in files(house.folder):
        path.write_bytes(b"not read")
    assert answered(house) == expected(house)


def test_a_year_in_wide_buckets_says_the_same_from_roll_ups_and_from_readings(house: House) -> None:
    for buckets in (480, 160, 20, 1):
        assert 480 % buckets == 0
        exact = house.memory.series(POINTS, *ALL, buckets_max=buckets)
        house.archive.merge_days(before=LATER)
        rolled = house.memory.long_series(POINTS, *ALL, buckets_max=buckets)
        assert {point: [column.tolist() for column in one] for point, one in rolled.items()} == {
            point: [column.tolist() for column in one] for point, one in exact.items()
        }
        for path in hours.roll_ups(house.folder):
            path.unlink()


def test_a_file_that_came_into_a_closed_day_is_read_beside_its_roll_up(house: House) -> None:
    """The wall clock went back over midnight."""
    house.archive.merge_days(before=LATER)
    last = house.journal.end()
    late = drafts_of([Batch(600, ((1, 0, 49, 0),))])
    house.journal.append(late)
    house.archive_until(last + 1)
    assert day_of(late[0].arrival_ns) == files(house.folder)[0].parent.name
    assert answered(house) == expected(house)
    house.archive.merge_days(before=LATER)
    assert answered(house) == expected(house)


def test_a_roll_up_that_a_crash_left_counts_once(house: House) -> None:
    house.archive.merge_days(before=LATER)
    whole = hours.roll_ups(house.folder)[1]
    first, last = hours.range_of(whole)
    shutil.copy(whole, whole.with_name(hours.name_of(first + 1, last)))
    assert answered(house) == expected(house)


def test_a_roll_up_of_half_a_file_does_not_count(house: House) -> None:
    house.archive.merge_days(before=LATER)
    whole = hours.roll_ups(house.folder)[1]
    first, last = hours.range_of(whole)
    whole.rename(whole.with_name(hours.name_of(first + 1, last)))
    assert answered(house) == expected(house)


def test_hours_stay_when_their_files_have_gone(house: House) -> None:
    house.archive.merge_days(before=LATER)
    before = answered(house)
    assert house.archive.drop_oldest()
    assert answered(house) == before
    house.archive.merge_days(before=LATER)
    assert answered(house) == before


def test_a_roll_up_that_can_not_be_written_is_written_the_next_time(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_called: object) -> None:
        raise OSError(28, "No space left on device")

    for path in hours.roll_ups(house.folder):
        path.unlink()
    with monkeypatch.context() as patched:
        patched.setattr(archiving, "roll_up", full)
        house.archive.merge_days(before=LATER)
    assert hours.roll_ups(house.folder) == []
    assert answered(house) == expected(house)
    house.archive.merge_days(before=LATER)
    assert len(hours.roll_ups(house.folder)) == len({path.parent for path in files(house.folder)})


def test_what_is_asked_is_bounded(house: House) -> None:
    with pytest.raises(BadInput):
        house.memory.hours(range(1_000), 0, 366 * DAY_NS)
    assert house.memory.hours([], *ALL) == {}
    assert house.memory.hours([1], START_NS, START_NS - 2 * HOUR_NS) == {}
    assert house.memory.hours([999], *ALL) == {}
    assert offsets_of(files(house.folder)[0])[0] == 1
    assert SECOND_NS * 3_600 == HOUR_NS
