"""The fleet as it is known without waiting: what is told before, while and after it is read beside."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError, connection

from flameblue.fleet import audit, coverage_table, keeping
from flameblue.fleet.counting import AGE, REST_S, Counting
from flameblue.fleet.keeping import Hand
from tests.cases.bench import another_cabin
from tests.cast import Cast, enter


class Beside(list[Callable[[], None]]):
    """The work that is to run beside, run by hand; `when_resting` is done in its rest."""

    when_resting: Callable[[], object] = staticmethod(lambda: None)

    def pause(self, seconds: float) -> None:
        if seconds == REST_S:
            self.when_resting()


@pytest.fixture
def beside(monkeypatch: pytest.MonkeyPatch) -> Beside:
    """The test goes on with its connection, which work that runs beside would close."""
    monkeypatch.setattr("flameblue.fleet.counting.connections.close_all", lambda: None)
    return Beside()


@pytest.fixture
def counting(beside: Beside) -> Counting:
    """Of a fleet that is too large to be read at once."""
    return Counting(start=beside.append, at_once_max=0, pause=beside.pause)


def rename(cast: Cast, now: datetime) -> None:
    cast.premises.name += "新"
    keeping.keep(cast.premises, Hand("root", now))


def test_nothing_is_known_until_one_has_read_beside(
    cast: Cast, counting: Counting, beside: Beside, now: datetime
) -> None:
    assert counting.last(now) is None
    assert counting.last(now) is None
    (work,) = beside
    assert counting.times == 0
    work()
    known = counting.last(now)
    assert known is not None
    assert known.is_current
    assert known.places.ids.tolist() == [cast.premises.pk]
    assert counting.times == 1
    assert len(beside) == 1


def test_what_is_older_than_a_change_is_told_as_such_and_read_again(
    cast: Cast, counting: Counting, beside: Beside, now: datetime
) -> None:
    counting.places(now)
    another_cabin(cast, "新开")
    later = now + timedelta(seconds=1)
    old = counting.last(later)
    assert old is not None
    assert (old.at, old.is_current, len(old.places.ids)) == (now, False, 1)
    beside.pop()()
    new = counting.last(later)
    assert new is not None
    assert (new.at, new.is_current, len(new.places.ids)) == (later, True, 2)
    rename(cast, later)
    assert counting.last(later) == new._replace(is_current=False)


def test_who_asks_in_the_rest_is_told_when_it_is_over(
    cast: Cast, counting: Counting, beside: Beside, now: datetime
) -> None:
    def edited() -> None:
        rename(cast, now)
        assert counting.last(now) is not None

    counting.last(now)
    beside.when_resting = edited
    beside.pop()()
    assert beside == []
    assert counting.times == 2
    beside.when_resting = lambda: None
    assert counting.last(now) is not None
    beside.pop()()
    known = counting.last(now)
    assert known is not None
    assert known.is_current
    assert counting.times == 3


def test_a_database_that_fails_is_read_again(
    cast: Cast, counting: Counting, beside: Beside, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails() -> None:
        raise DatabaseError("disk I/O error")

    with monkeypatch.context() as patched:
        patched.setattr(coverage_table, "read", fails)
        counting.last(now)
        beside.pop()()
    assert counting.last(now) is None
    beside.pop()()
    assert counting.last(now) is not None


def test_a_thread_that_can_not_be_started_is_tried_again(
    cast: Cast, counting: Counting, beside: Beside, now: datetime
) -> None:
    def no_thread(work: Callable[[], None]) -> None:
        raise RuntimeError("can't start new thread")

    counting.start = no_thread
    assert counting.last(now) is None
    counting.start = beside.append
    assert counting.last(now) is None
    beside.pop()()
    assert counting.last(now) is not None


def test_what_nobody_has_changed_is_current_and_still_read_again_after_a_while(
    cast: Cast, counting: Counting, beside: Beside, now: datetime
) -> None:
    counting.places(now)
    old = counting.last(now + AGE)
    assert old is not None
    assert (old.at, old.is_current) == (now, True)
    beside.pop()()
    new = counting.last(now + AGE)
    assert new is not None
    assert new.at == now + AGE


def test_what_changes_no_fleet_is_not_read_again(
    cast: Cast, counting: Counting, beside: Beside, now: datetime
) -> None:
    places = counting.places(now)
    audit.record("root", "checked", "松林客栈", {}, now)
    assert counting.places(now) is places
    rename(cast, now)
    assert counting.places(now) is not places


def test_a_small_fleet_is_read_at_once(cast: Cast, beside: Beside, now: datetime) -> None:
    counting = Counting(start=beside.append, pause=beside.pause)
    known = counting.last(now)
    assert known is not None
    rename(cast, now)
    assert counting.last(now) != known
    assert beside == []


@pytest.mark.django_db(transaction=True)
def test_a_thread_that_reads_leaves_no_connection_open(now: datetime) -> None:
    cast, left = enter(), list[object]()

    def in_a_thread(work: Callable[[], None]) -> None:
        def watched() -> None:
            work()
            left.append(connection.connection)

        thread = threading.Thread(target=watched)
        thread.start()
        thread.join()

    counting = Counting(start=in_a_thread, at_once_max=0, pause=lambda _seconds: None)
    assert counting.last(now) is None
    known = counting.last(now)
    assert known is not None
    assert known.places.ids.tolist() == [cast.premises.pk]
    assert left == [None]
