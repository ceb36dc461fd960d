"""Group commit: many submitters, one sync.

Invariants: a future is done only after its record is durable; nothing that a submitter, a listener or the disk does
ends the thread. An idle journal commits at once; two commits begin at least `COMMIT_WITHIN_S` apart, so the first
waiter waits no longer than that for company. Adjacent batches of readings that arrived within `MERGE_NS_MAX` become
one record. Time in which nothing could be written was no listening time: a GAP record says so before the first
record that can be written again.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future

from flameblue.domain.clock import Clock, SystemClock
from flameblue.domain.errors import JournalFull
from flameblue.domain.limits import (
    COMMIT_RECORDS_MAX,
    COMMIT_WAITING_BYTES_MAX,
    COMMIT_WITHIN_S,
    RECORD_READINGS_MAX,
    SECOND_NS,
)
from flameblue.domain.readings import READING
from flameblue.journal.log import Journal
from flameblue.journal.record import Draft, Kind, gap_draft

log = logging.getLogger("flameblue.journal")
MERGE_NS_MAX = 10_000_000
GAP_NS_MIN = 2 * SECOND_NS  # a shorter time without a commit is no gap
STEP = READING.itemsize

Waiter = tuple[Draft, "Future[int]"]


def always() -> bool:
    """Nothing stands against writing."""
    return True


class Committer:
    """The one thread that appends to `journal`. `may_write` false (`disk.Disk`): all is refused."""

    def __init__(
        self, journal: Journal, clock: Clock | None = None, may_write: Callable[[], bool] = always
    ) -> None:
        self._journal = journal
        self._clock = clock or SystemClock()
        self._may_write = may_write
        self._waiting: deque[Waiter] = deque()
        self._waiting_bytes = 0
        self._wake = threading.Condition()
        self._stopping = False
        self._next_s = 0.0
        self._written_ns: int | None = None  # the newest arrival on disk
        self._refused = False
        self.on_commit: list[Callable[[], None]] = []
        self.commits = 0
        self.refusals = 0
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def submit(self, draft: Draft) -> "Future[int]":
        """A future of the draft's offset; JournalFull in it when it could not be written.

        A future that is cancelled before its turn is not written.
        """
        future: Future[int] = Future()
        with self._wake:
            if self._stopping:
                future.set_exception(JournalFull("The journal is closed."))
            elif self._waiting_bytes + len(draft.body) > COMMIT_WAITING_BYTES_MAX:
                self.refusals += 1
                future.set_exception(JournalFull("The disk is too slow: too much waits to be written."))
            else:
                self._waiting.append((draft, future))
                self._waiting_bytes += len(draft.body)
                if len(self._waiting) in (1, COMMIT_RECORDS_MAX):
                    self._wake.notify()
        return future

    def stop(self) -> None:
        """Commits what waits, then ends the thread."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self._thread.join()

    def _run(self) -> None:
        while (group := self._gathered()) is not None:
            running = [waiter for waiter in group if waiter[1].set_running_or_notify_cancel()]
            if running:
                self._commit(running)

    def _gathered(self) -> list[Waiter] | None:
        """Those whose turn it is; None when it is time to go."""
        with self._wake:
            while not self._waiting and not self._stopping:
                self._wake.wait()
            while not self._stopping and len(self._waiting) < COMMIT_RECORDS_MAX:
                left_s = self._next_s - self._clock.monotonic_s()
                if left_s <= 0:
                    break
                self._wake.wait(left_s)
            self._next_s = self._clock.monotonic_s() + COMMIT_WITHIN_S
            group = [self._waiting.popleft() for _ in range(min(len(self._waiting), COMMIT_RECORDS_MAX))]
            self._waiting_bytes -= sum(len(draft.body) for draft, _ in group)
            return group or (None if self._stopping else [])

    def _commit(self, group: list[Waiter]) -> None:
        drafts, members = merged(group)
        try:
            offsets = self._append(drafts)
        except JournalFull as error:
            self._refuse(group, error)
            return
        except Exception as error:
            log.exception("The journal's thread goes on after an error that is ours.")
            self._refuse(group, error)
            return
        self.commits += 1
        for offset, futures in zip(offsets, members, strict=True):
            for future in futures:
                future.set_result(offset)
        for told in self.on_commit:
            self._tell(told)

    def _append(self, drafts: list[Draft]) -> list[int]:
        if not self._may_write():
            raise JournalFull("The disk is full: what is left is kept for cases and notices.")
        gap_ns = drafts[0].arrival_ns - (self._written_ns or drafts[0].arrival_ns) if self._refused else 0
        gaps = [gap_draft(drafts[0].arrival_ns, gap_ns)] if abs(gap_ns) >= GAP_NS_MIN else []
        offsets = self._journal.append([*gaps, *drafts])
        self._refused = False
        self._written_ns = drafts[-1].arrival_ns
        return offsets[len(gaps) :]

    def _refuse(self, group: list[Waiter], error: Exception) -> None:
        self._refused = True
        self.refusals += len(group)
        for _, future in group:
            future.set_exception(error)

    def _tell(self, told: Callable[[], None]) -> None:
        try:
            told()
        except Exception:
            log.exception("A follower of the journal could not be woken.")


def merged(group: list[Waiter]) -> tuple[list[Draft], list[list["Future[int]"]]]:
    """The drafts of `group` with neighbouring readings made one, and who waits for each."""
    runs: list[list[Waiter]] = []
    size = 0
    for draft, future in group:
        if runs and _fits(runs[-1][0][0], draft, size + len(draft.body)):
            runs[-1].append((draft, future))
            size += len(draft.body)
        else:
            runs.append([(draft, future)])
            size = len(draft.body)
    drafts = [_joined([draft for draft, _ in run]) for run in runs]
    return drafts, [[future for _, future in run] for run in runs]


def _joined(run: list[Draft]) -> Draft:
    newest_ns = max(draft.arrival_ns for draft in run)
    return Draft(run[0].kind, newest_ns, b"".join(draft.body for draft in run))


def _fits(first: Draft, draft: Draft, size: int) -> bool:
    return (
        first.kind == draft.kind == Kind.READINGS
        and abs(draft.arrival_ns - first.arrival_ns) <= MERGE_NS_MAX
        and size // STEP <= RECORD_READINGS_MAX
    )
