"""Where messages are taken in, whichever way they come: the listener and the broker share an `Intake`.

A `Batch` collects what many connections brought in one moment; `start` hands it on in one piece, `finished`
says whether all of it is durable. Only then may anything of it be acknowledged.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from flameblue.domain.clock import Clock
from flameblue.domain.errors import WorldFailed
from flameblue.domain.limits import BATCH_MESSAGES_MAX, RECORD_READINGS_MAX
from flameblue.domain.readings import READING, Mark, Readings
from flameblue.intake.decode import Draft, Message, decode_into, decode_samples_into
from flameblue.intake.device_commands import Commands
from flameblue.intake.directory import DeviceEntry, Directory
from flameblue.intake.keeping import Keeper
from flameblue.intake.origins import Origins
from flameblue.intake.quarantine import Quarantine, Quarantined, Unknown
from flameblue.intake.reasons import Reason
from flameblue.intake.samples import Sample
from flameblue.profiles.loader import Profile, Shelf

log = logging.getLogger("flameblue.intake")
BATCH_READINGS_MAX = RECORD_READINGS_MAX // 16  # one message more may come on top


class Sink(Protocol):
    """Where readings go. Calls are made in the order of arrival, without waiting for the one before."""

    async def readings(self, arrival_ns: int, readings: Readings) -> None:
        """Returns when they are durable. WorldFailed: they are not; nothing is acknowledged."""

    async def connection(self, arrival_ns: int, points: Sequence[int], lost: bool) -> None:
        """The points' device lost its connection, or is back after that."""


class Counts:
    """How often each thing happened since the start."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def add(self, name: str, count: int = 1) -> None:
        self._counts[name] += count

    def set(self, name: str, value: int) -> None:
        self._counts[name] = value

    def __getitem__(self, name: str) -> int:
        return self._counts[name]

    def as_dict(self) -> dict[str, int]:
        return dict(self._counts)


@dataclass
class Intake:
    """Who may send, what the devices are, and where it goes. `directory` is swapped whole by its owner."""

    sink: Sink
    quarantine: Quarantine
    shelf: Shelf
    clock: Clock
    directory: Directory = field(default_factory=Directory)
    counts: Counts = field(default_factory=Counts)
    profiles: Mapping[str, Profile] = field(default_factory=dict)
    gone: set[str] = field(
        default_factory=set
    )  # devices that a message said were gone, and none yet that is back
    origins: Origins = field(default_factory=Origins)
    commands: Commands = field(default_factory=Commands)
    keeper: Keeper = field(init=False)

    def __post_init__(self) -> None:
        self.keeper = Keeper(self.quarantine.add)

    def look_at_profiles(self) -> None:
        """Takes the profiles as they were last read, by `watch_profiles` in a thread; called every second or so."""
        self.profiles = self.shelf.known()


class Batch:
    """Messages of one moment, of any number of connections."""

    def __init__(self, arrival_ns: int) -> None:
        self.arrival_ns = arrival_ns
        self.messages = 0
        self.heavy = False  # lines that say much have a part in it
        self.owed_to_quarantine = 0  # of what was put into it: what nobody is answered before it is durable
        self.kept: asyncio.Future[WorldFailed | None] | None = None  # when quarantine is durable
        self._draft = Draft()
        self._foreign = 0  # readings that only say that somebody foreign spoke
        self._items: list[Quarantined | Unknown] = []
        self._connections: list[tuple[Sequence[int], bool]] = []
        self._tasks: list[asyncio.Task[None]] = []

    def full(self) -> bool:
        """More would keep the event loop too long, or make the record too large."""
        return (
            self.messages >= BATCH_MESSAGES_MAX
            or len(self._draft.rows) >= BATCH_READINGS_MAX * READING.itemsize
        )

    def readings(self) -> int:
        """How many readings it holds that are its devices' own."""
        return len(self._draft.rows) // READING.itemsize - self._foreign

    def take(
        self, intake: Intake, entry: DeviceEntry, message: Message, samples: Sequence[Sample] | None = None
    ) -> None:
        """The readings of `message`; what could not be taken is kept for quarantine.

        `samples`: what it says, where it was read already.
        """
        self.messages += 1
        draft = self._draft
        length = len(draft.rows)
        try:
            if samples is None:
                decode_into(draft, intake, entry, message, self.arrival_ns)
            else:
                decode_samples_into(draft, intake, entry, samples, self.arrival_ns)
        except Exception as error:  # a fault of ours in one message must not cost the others
            log.exception("A message of %s on %s could not be decoded.", entry.name, message.topic)
            del draft.rows[length:]
            draft.reject(Reason.OUR_FAULT, type(error).__name__)
        if message.origin:
            self._mark_origin(entry, message, length)
        if draft.online:
            self._take_connections(intake)
        if draft.strangers:
            self._keep_strangers(intake.directory, entry, message)
        if draft.found:
            for reason, detail in draft.rejects():
                kept = (entry.name, message.topic, reason, detail, message.payload, self.arrival_ns)
                self._keep(Quarantined(*kept, keys=tuple(sorted(draft.keys[reason]))))
            draft.forget_rejects()

    def _mark_origin(self, entry: DeviceEntry, message: Message, length: int) -> None:
        """What is foreign says nothing of connections, and is told once even where it brought no reading."""
        draft = self._draft
        draft.mark(length, message.origin)
        if message.origin & Mark.FOREIGN:
            if len(draft.rows) == length:
                draft.sign(entry, self.arrival_ns, message.origin)
            self._foreign += (len(draft.rows) - length) // READING.itemsize
            draft.online.clear()
            draft.strangers.clear()

    def _take_connections(self, intake: Intake) -> None:
        """Being told again what is known already moves no deadline: nobody hides a silent point so."""
        for entry, online in self._draft.online:
            names = {one.name for one in intake.directory.family(entry)}
            if not online:
                intake.gone |= names
            elif entry.name in intake.gone:
                intake.gone -= names
            else:
                continue
            self.connection(intake.directory.reach(entry), lost=not online)
        self._draft.online.clear()

    def _keep_strangers(self, directory: Directory, entry: DeviceEntry, message: Message) -> None:
        """Devices behind `entry` that the registry does not know, by name; while pairing they are listed."""
        names = dict.fromkeys(self._draft.strangers)
        self._draft.strangers.clear()
        if self.arrival_ns >= directory.pairing_until_ns:
            for name in names:
                self._draft.reject(Reason.UNKNOWN_DEVICE, name, name)
            return
        sent = (message.topic, message.payload, self.arrival_ns)
        for name in names:
            self._keep(Unknown(name, "", entry.name, "", *sent))

    def keep(self, item: Quarantined | Unknown, *, owed: bool = True) -> None:
        """For quarantine or the list of unknown devices. Not `owed`: no answer waits until it is there."""
        self.messages += 1
        self._keep(item)
        self.owed_to_quarantine -= not owed

    def _keep(self, item: Quarantined | Unknown) -> None:
        self._items.append(item)
        self.owed_to_quarantine += 1

    def connection(self, points: Sequence[int], *, lost: bool) -> None:
        """A device's connection was lost, or is back."""
        if points:
            self._connections.append((points, lost))

    def start(self, intake: Intake) -> None:
        """Hands everything on: first the readings, so that batches reach the sink in the order of arrival."""
        readings = self._draft.readings()
        works: list[Any] = []
        if len(readings):
            works.append(intake.sink.readings(self.arrival_ns, readings))
        for points, lost in self._connections:
            works.append(intake.sink.connection(self.arrival_ns, points, lost))
        if self._items:
            self.kept = intake.keeper.keep(self._items)
        self._tasks = [asyncio.ensure_future(work) for work in works]
        intake.counts.add("messages", self.messages)
        intake.counts.add("readings", len(readings))
        intake.counts.add("quarantined", len(self._items))

    async def journalled(self) -> WorldFailed | None:
        """None when the journal has it all, else the failure. Any other error is a fault of ours and is raised."""
        results = await asyncio.gather(*self._tasks, return_exceptions=True)
        failures = [result for result in results if isinstance(result, BaseException)]
        for failure in failures:
            if not isinstance(failure, WorldFailed):
                raise failure
        return next((failure for failure in failures if isinstance(failure, WorldFailed)), None)

    async def finished(self) -> WorldFailed | None:
        """As `journalled`, and quarantine too has what is its own."""
        failure = await self.journalled()
        if failure is None and self.kept is not None:
            failure = await asyncio.shield(self.kept)
        return failure

    def cancel(self) -> None:
        """Nobody waits for it any more."""
        for task in self._tasks:
            task.cancel()
