"""Group commit: many submitters, one sync.

Invariant: a future is done only after its record is durable. A commit waits for company no longer than
`COMMIT_WITHIN_S`; while one is under way the next group gathers. Adjacent batches of readings that arrived
within `MERGE_NS_MAX` become one record.
"""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future

from flameblue.domain.errors import JournalFull
from flameblue.domain.limits import COMMIT_RECORDS_MAX, RECORD_READINGS_MAX
from flameblue.domain.readings import READING
from flameblue.journal.log import Journal
from flameblue.journal.record import Draft, Kind

MERGE_NS_MAX = 10_000_000
STEP = READING.itemsize


class Committer:
    """The one thread that appends to `journal`."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._waiting: deque[tuple[Draft, Future[int]]] = deque()
        self._wake = threading.Condition()
        self._stopping = False
        self.on_commit: list[Callable[[], None]] = []
        self.commits = 0
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def submit(self, draft: Draft) -> Future[int]:
        """A future of the draft's offset; JournalFull in it when it could not be written."""
        future: Future[int] = Future()
        with self._wake:
            if self._stopping:
                raise JournalFull("The journal is closed.")
            self._waiting.append((draft, future))
            self._wake.notify()
        return future

    def stop(self) -> None:
        """Commits what waits, then ends the thread."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._waiting and not self._stopping:
                    self._wake.wait()
                group = [self._waiting.popleft() for _ in range(min(len(self._waiting), COMMIT_RECORDS_MAX))]
                if not group:
                    return
            self._commit(group)

    def _commit(self, group: list[tuple[Draft, "Future[int]"]]) -> None:
        drafts, members = merged(group)
        try:
            offsets = self._journal.append(drafts)
        except JournalFull as error:
            for futures in members:
                for future in futures:
                    future.set_exception(error)
            return
        self.commits += 1
        for offset, futures in zip(offsets, members, strict=True):
            for future in futures:
                future.set_result(offset)
        for told in self.on_commit:
            told()


def merged(group: list[tuple[Draft, "Future[int]"]]) -> tuple[list[Draft], list[list["Future[int]"]]]:
    """The drafts of `group` with neighbouring readings made one, and who waits for each."""
    runs: list[list[tuple[Draft, Future[int]]]] = []
    size = 0
    for draft, future in group:
        if runs and _fits(runs[-1][0][0], draft, size + len(draft.body)):
            runs[-1].append((draft, future))
            size += len(draft.body)
        else:
            runs.append([(draft, future)])
            size = len(draft.body)
    return [_joined([draft for draft, _ in run]) for run in runs], [
        [future for _, future in run] for run in runs
    ]


def _joined(run: list[Draft]) -> Draft:
    newest_ns = max(draft.arrival_ns for draft in run)
    return Draft(run[0].kind, newest_ns, b"".join(draft.body for draft in run))


def _fits(first: Draft, draft: Draft, size: int) -> bool:
    return (
        first.kind == draft.kind == Kind.READINGS
        and abs(draft.arrival_ns - first.arrival_ns) <= MERGE_NS_MAX
        and size // STEP <= RECORD_READINGS_MAX
    )
