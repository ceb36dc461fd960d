"""The fleet as it was read last, and who reads it again: whoever can wait for it, or a thread beside the others.

It is kept as long as neither the audit (but for what changes no fleet) nor the outbox of the point table has a new
entry, no premises or device is new, and at most `AGE`. Invariant: one thread reads at a time.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import DatabaseError, connections
from django.db.models import Max, Value

from flameblue.domain.limits import FLEET_READ_AT_ONCE_MAX
from flameblue.fleet import audit, coverage_table
from flameblue.fleet.coverage_table import Places
from flameblue.fleet.models import AuditEntry, Device, PointChange, Premises

log = logging.getLogger("flameblue.fleet.counting")
AGE = timedelta(minutes=10)  # whatever the entries say
LEAD_S = 0.25  # of the page that asked for a reading beside, and of what is entered at once after it
REST_S = 5.0  # after a reading beside: who edits all the time takes a sixth of a core


class Known(NamedTuple):
    """The fleet as it was at `at`. `is_current`: nothing that could change it has been done since."""

    places: Places
    at: datetime
    is_current: bool = True


class Edition(NamedTuple):
    """What differs where the fleet may differ: the newest of each, which is found without counting."""

    audited: int
    changed: int
    premises: int
    device: int

    @classmethod
    def now(cls) -> "Edition":
        """One question for all of them."""
        parts = (AuditEntry, PointChange, Premises, Device)
        asked = [
            model._default_manager.order_by()
            .values(part=Value(part))
            .annotate(newest=Max("id"))
            .values_list("part", "newest")
            for part, model in enumerate(parts)
        ]
        found = dict(asked[0].union(*asked[1:], all=True))
        return cls(*(found.get(part) or 0 for part in range(len(parts))))


def _in_a_thread(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="counting", daemon=True).start()


def _pause(seconds: float) -> None:
    threading.Event().wait(seconds)


@dataclass(slots=True)
class Counting:
    """What is known of the fleet. `start` lets work run beside; `times`: how often there was something new."""

    start: Callable[[Callable[[], None]], None] = _in_a_thread
    at_once_max: int = FLEET_READ_AT_ONCE_MAX
    pause: Callable[[float], object] = _pause
    times: int = 0
    _kept: tuple[Edition, Known] | None = None
    _is_busy: bool = False  # one reads beside, or rests
    _is_awaited: bool = False  # somebody has asked meanwhile
    _lock: Any = field(default_factory=threading.Lock)
    _reading: Any = field(default_factory=threading.Lock)

    def places(self, at: datetime) -> Places:
        """The fleet as it is at `at`; of a province it is waited for."""
        edition = Edition.now()
        with self._reading:
            known = self._current(edition)
            if known is None or not _is_young(known, at):
                known = Known(coverage_table.read(), at)
                with self._lock:
                    self._kept = (edition, known)
        return known.places

    def last(self, at: datetime) -> Known | None:
        """The fleet as it is known without waiting; None: it has not been read yet.

        Where it is old, it is read beside; a small one at once.
        """
        edition = Edition.now()
        known = self._current(edition)
        if known is not None and _is_young(known, at):
            return known
        if edition.premises <= self.at_once_max:
            return Known(self.places(at), at)
        kept = self._kept
        self._read_beside(at)
        if known is not None:
            return known
        return kept[1]._replace(is_current=False) if kept is not None else None

    def forget(self) -> None:
        """Nothing that was read is true any more."""
        with self._lock:
            self._kept = None

    def _current(self, edition: Edition) -> Known | None:
        """What is kept, if nothing has changed since."""
        kept = self._kept
        if kept is None or kept[0][1:] != edition[1:] or _edited(kept[0].audited, edition.audited):
            return None
        with self._lock:
            if self._kept is kept:
                self._kept = (edition, kept[1])
        return kept[1]

    def _read_beside(self, at: datetime) -> None:
        with self._lock:
            self._is_awaited = self._is_busy
            if self._is_busy:
                return
            self._is_busy = True
        try:
            self.start(lambda: self._beside(at))
        except RuntimeError as error:  # no thread is left, or the process ends
            log.warning("The fleet can't be read beside: %s", error)
            with self._lock:
                self._is_busy = False

    def _beside(self, at: datetime) -> None:
        """Reads, tells that it has, and rests."""
        self.pause(LEAD_S)
        try:
            self.places(at)
        except DatabaseError as error:
            log.warning("The fleet can't be read: %s", error)
        finally:
            connections.close_all()
            with self._lock:
                self.times, self._is_awaited = self.times + 1, False
            self.pause(REST_S)
            with self._lock:
                self._is_busy = False
                self.times += self._is_awaited


fleet = Counting()


def _is_young(known: Known, at: datetime) -> bool:
    return timedelta() <= at - known.at < AGE


def _edited(before: int, now: int) -> bool:
    """Somebody has changed the fleet since."""
    if before == now:
        return False
    return AuditEntry.objects.filter(id__gt=before).exclude(verb__in=audit.NOT_OF_THE_FLEET).exists()
