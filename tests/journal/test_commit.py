"""Group commit: who waits for what, and what can't stop the journal's thread."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flameblue.domain.clock import ManualClock
from flameblue.domain.errors import JournalFull
from flameblue.domain.limits import (
    COMMIT_WAITING_BYTES_MAX,
    COMMIT_WITHIN_S,
    RECORD_READINGS_MAX,
    SECOND_NS,
)
from flameblue.domain.readings import Reading, readings_array
from flameblue.journal.commit import MERGE_NS_MAX, Committer, merged
from flameblue.journal.embedded import EmbeddedJournal
from flameblue.journal.log import Journal
from flameblue.journal.record import (
    Draft,
    Kind,
    connection_draft,
    gap_of,
    readings_draft,
    readings_of,
    tick_draft,
)

NOW_NS = 1_768_000_000 * SECOND_NS
WITHIN_S = 30.0


class GatedJournal:
    """A real journal whose appends wait until they are let through, and fail when they are told to."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.gate = threading.Event()
        self.entered = threading.Semaphore(0)
        self.failure: Exception | None = None
        self.appends: list[int] = []

    def append(self, drafts: Sequence[Draft]) -> list[int]:
        self.entered.release()
        assert self.gate.wait(WITHIN_S)
        if self.failure is not None:
            raise self.failure
        self.appends.append(len(drafts))
        return self.journal.append(drafts)

    def __getattr__(self, name: str) -> object:
        return getattr(self.journal, name)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[GatedJournal]:
    embedded = EmbeddedJournal(tmp_path / "journal.sqlite3")
    yield GatedJournal(embedded)
    embedded.close()


@pytest.fixture
def committer(journal: GatedJournal) -> Iterator[Committer]:
    committer = Committer(journal)
    yield committer
    journal.gate.set()
    committer.stop()


def reading(n: int, arrival_ns: int) -> Draft:
    return readings_draft(arrival_ns, readings_array([Reading(n, arrival_ns, 400 + n, 0)]))


def held(committer: Committer, journal: GatedJournal) -> Future[int]:
    """A first commit that is under way until the gate opens."""
    future = committer.submit(tick_draft(NOW_NS))
    assert journal.entered.acquire(timeout=WITHIN_S)
    return future


def records(journal: GatedJournal) -> list[tuple[int, Kind]]:
    return [(record.offset, record.kind) for record in journal.journal.read(0, 100)]


def test_a_future_is_done_only_when_its_record_is_durable(
    committer: Committer, journal: GatedJournal
) -> None:
    future = held(committer, journal)
    assert not future.done()
    assert journal.journal.end() == 0
    journal.gate.set()
    assert future.result(WITHIN_S) == 1
    assert journal.journal.end() == 1


def test_who_comes_during_a_commit_shares_the_next_one(committer: Committer, journal: GatedJournal) -> None:
    held(committer, journal)
    futures = [committer.submit(reading(n, NOW_NS + n * SECOND_NS)) for n in range(50)]
    journal.gate.set()
    assert [future.result(WITHIN_S) for future in futures] == list(range(2, 52))
    assert journal.appends == [1, 50]
    assert committer.commits == 2


def test_neighbours_that_arrived_together_become_one_record(
    committer: Committer, journal: GatedJournal
) -> None:
    held(committer, journal)
    apart = [NOW_NS, NOW_NS + MERGE_NS_MAX, NOW_NS + MERGE_NS_MAX + 1]
    futures = [committer.submit(reading(n, at)) for n, at in enumerate(apart)]
    journal.gate.set()
    assert [future.result(WITHIN_S) for future in futures] == [2, 2, 3]
    _, both, alone = journal.journal.read(0, 10)
    assert both.arrival_ns == NOW_NS + MERGE_NS_MAX
    assert readings_of(both)["point"].tolist() == [0, 1]
    assert readings_of(alone)["point"].tolist() == [2]


def test_what_lies_between_two_batches_keeps_them_apart(committer: Committer, journal: GatedJournal) -> None:
    held(committer, journal)
    for draft in (reading(1, NOW_NS), connection_draft(NOW_NS, [1], lost=True), reading(2, NOW_NS)):
        committer.submit(draft)
    journal.gate.set()
    assert committer.submit(tick_draft(NOW_NS)).result(WITHIN_S) == 5
    assert [kind for _, kind in records(journal)] == [
        Kind.TICK,
        Kind.READINGS,
        Kind.CONNECTION,
        Kind.READINGS,
        Kind.TICK,
    ]


def test_a_record_is_no_larger_than_it_may_be(committer: Committer, journal: GatedJournal) -> None:
    held(committer, journal)
    batch = readings_array([Reading(1, NOW_NS, 1, 0)]).repeat(RECORD_READINGS_MAX // 2)
    futures = [committer.submit(readings_draft(NOW_NS, batch)) for _ in range(3)]
    journal.gate.set()
    assert [future.result(WITHIN_S) for future in futures] == [2, 2, 3]


class AskedClock(ManualClock):
    """Tells how often it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Semaphore(0)

    def monotonic_s(self) -> float:
        self.asked.release()
        return super().monotonic_s()


def test_two_commits_begin_apart_so_that_company_can_come(journal: GatedJournal) -> None:
    clock = AskedClock()
    journal.gate.set()
    committer = Committer(journal, clock)
    committer.submit(tick_draft(NOW_NS)).result(WITHIN_S)
    futures = [committer.submit(tick_draft(NOW_NS)) for _ in range(3)]
    for _ in range(6):
        assert clock.asked.acquire(timeout=WITHIN_S), "it does not wait for company"
    assert journal.appends == [1]
    clock.advance(COMMIT_WITHIN_S)
    assert [future.result(WITHIN_S) for future in futures] == [2, 3, 4]
    assert journal.appends == [1, 3]
    committer.stop()


def test_a_full_disk_fails_those_who_wait_and_later_ones_are_written(
    committer: Committer, journal: GatedJournal
) -> None:
    first = held(committer, journal)
    journal.failure = JournalFull("no room")
    others = [committer.submit(reading(n, NOW_NS)) for n in range(3)]
    journal.gate.set()
    for future in (first, *others):
        with pytest.raises(JournalFull, match="no room"):
            future.result(WITHIN_S)
    assert records(journal) == []
    journal.failure = None
    assert committer.submit(reading(9, NOW_NS)).result(WITHIN_S) == 1
    assert committer.refusals == 4


def test_the_time_without_a_commit_is_a_gap_on_record(committer: Committer, journal: GatedJournal) -> None:
    journal.gate.set()
    committer.submit(tick_draft(NOW_NS)).result(WITHIN_S)
    journal.failure = JournalFull("no room")
    with pytest.raises(JournalFull):
        committer.submit(tick_draft(NOW_NS + SECOND_NS)).result(WITHIN_S)
    journal.failure = None
    assert committer.submit(reading(1, NOW_NS + 600 * SECOND_NS)).result(WITHIN_S) == 3
    assert committer.submit(reading(1, NOW_NS + 900 * SECOND_NS)).result(WITHIN_S) == 4
    assert [kind for _, kind in records(journal)] == [Kind.TICK, Kind.GAP, Kind.READINGS, Kind.READINGS]
    assert gap_of(journal.journal.read(1, 1)[0]) == 600 * SECOND_NS


def test_nothing_is_written_while_it_may_not_be(journal: GatedJournal) -> None:
    journal.gate.set()
    allowed = [False]
    committer = Committer(journal, may_write=lambda: allowed[0])
    with pytest.raises(JournalFull, match="kept for cases and notices"):
        committer.submit(tick_draft(NOW_NS)).result(WITHIN_S)
    assert journal.appends == []
    allowed[0] = True
    assert committer.submit(tick_draft(NOW_NS)).result(WITHIN_S) == 1
    committer.stop()


def test_who_gives_up_waiting_stops_nobody(committer: Committer, journal: GatedJournal) -> None:
    under_way = held(committer, journal)
    gone, stays = committer.submit(tick_draft(NOW_NS)), committer.submit(tick_draft(NOW_NS))
    assert gone.cancel()
    assert not under_way.cancel()
    journal.gate.set()
    assert stays.result(WITHIN_S) == 2
    assert committer.submit(tick_draft(NOW_NS)).result(WITHIN_S) == 3


@pytest.mark.parametrize("where", ["journal", "follower"])
def test_an_error_of_ours_is_told_and_the_thread_goes_on(
    committer: Committer, journal: GatedJournal, where: str, caplog: pytest.LogCaptureFixture
) -> None:
    def stumble() -> None:
        raise RuntimeError("a loop that is closed")

    journal.gate.set()
    heard = threading.Event()
    if where == "journal":
        journal.failure = ValueError("a bug")
        with pytest.raises(ValueError, match="a bug"):
            committer.submit(tick_draft(NOW_NS)).result(WITHIN_S)
        journal.failure = None
    else:
        committer.on_commit += [stumble, heard.set]
        committer.submit(tick_draft(NOW_NS)).result(WITHIN_S)
        assert heard.wait(WITHIN_S)
        committer.on_commit.clear()
    assert committer.submit(tick_draft(NOW_NS)).result(WITHIN_S) in (1, 2)
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_too_much_that_waits_is_refused_and_the_rest_is_kept(
    committer: Committer, journal: GatedJournal
) -> None:
    held(committer, journal)
    large = Draft(Kind.READINGS, NOW_NS, bytes(COMMIT_WAITING_BYTES_MAX // 4))
    kept = [committer.submit(large) for _ in range(4)]
    with pytest.raises(JournalFull, match="too slow"):
        committer.submit(reading(1, NOW_NS)).result(0)
    journal.gate.set()
    assert [future.result(WITHIN_S) for future in kept] == [2, 3, 4, 5]
    assert committer.submit(reading(1, NOW_NS)).result(WITHIN_S) == 6


def test_stopping_commits_what_waits_and_refuses_what_comes(journal: GatedJournal) -> None:
    committer = Committer(journal)
    first = held(committer, journal)
    second = committer.submit(tick_draft(NOW_NS))
    journal.gate.set()
    committer.stop()
    assert (first.result(0), second.result(0)) == (1, 2)
    with pytest.raises(JournalFull, match="closed"):
        committer.submit(tick_draft(NOW_NS)).result(0)


def test_followers_are_told_after_each_commit(committer: Committer, journal: GatedJournal) -> None:
    ends: list[int] = []
    told = threading.Semaphore(0)
    committer.on_commit += [lambda: ends.append(journal.journal.end()), told.release]
    journal.gate.set()
    for _ in range(3):
        committer.submit(tick_draft(NOW_NS)).result(WITHIN_S)
        assert told.acquire(timeout=WITHIN_S)
    assert ends == [1, 2, 3]


arrivals = st.integers(NOW_NS, NOW_NS + 50_000_000)
some = st.one_of(
    st.builds(reading, st.integers(0, 9), arrivals),
    st.builds(tick_draft, arrivals),
)


@given(drafts=st.lists(some, max_size=30))
def test_merging_loses_and_moves_nothing(drafts: list[Draft]) -> None:
    group = [(draft, Future[int]()) for draft in drafts]
    joined, members = merged(group)
    assert [future for futures in members for future in futures] == [future for _, future in group]
    assert b"".join(draft.body for draft in joined) == b"".join(draft.body for draft in drafts)
    first = 0
    for one, futures in zip(joined, members, strict=True):
        parts = drafts[first : first + len(futures)]
        first += len(futures)
        assert {part.kind for part in parts} == {one.kind}
        assert one.arrival_ns == max(part.arrival_ns for part in parts)
        assert np.ptp([part.arrival_ns for part in parts]) <= 2 * MERGE_NS_MAX
        assert len(parts) == 1 or one.kind is Kind.READINGS


def test_waiters_are_many_threads(committer: Committer, journal: GatedJournal) -> None:
    journal.gate.set()
    offsets: list[int] = []

    def send(seed: int) -> None:
        for n in range(50):
            at_ns = NOW_NS + (seed * 50 + n) * SECOND_NS
            offsets.append(committer.submit(reading(seed, at_ns)).result(WITHIN_S))

    threads = [threading.Thread(target=send, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(offsets) == list(range(1, 401))


def test_the_fake_journal_fits_its_protocol(journal: GatedJournal) -> None:
    submit: Callable[[Draft], Future[int]] = Committer(journal).submit
    journal.gate.set()
    assert submit(tick_draft(NOW_NS)).result(WITHIN_S) == 1
