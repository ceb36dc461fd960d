"""4G units (DTU) that dial in: each says its IMEI, and is then the line behind which its devices are asked.

Promises: whoever does not say it in time, says too much, or is not known, is sent away, and costs the others nothing;
at the limit of connections one that is no known unit's gives its place up for the next (newcomers.py);
a unit that dials in again takes the place of its old connection at once, unless there seem to be two (see `rivals`);
what is no answer to our question (heartbeats, noise, answers to other questions) never becomes part of one; while a
late answer could look like one, nobody asks (see `owed`). There is no password: keep the port to a private network.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from typing import TypeVar

from flameblue.config import ModbusDialIn
from flameblue.domain.errors import WorldFailed
from flameblue.domain.limits import (
    CONNECT_WITHIN_S,
    DIAL_IN_CONNECTIONS_MAX,
    DIAL_IN_REGISTRATION_BYTES_MAX,
    READ_BYTES_MAX,
)
from flameblue.intake import sources
from flameblue.intake.asking import grouping, registration, rtu_answers
from flameblue.intake.asking.addresses import AskedDevice
from flameblue.intake.asking.blocks import Block
from flameblue.intake.asking.dial_in_connection import Connection
from flameblue.intake.asking.meter_line import whole
from flameblue.intake.asking.metering import METERING, Part, Question
from flameblue.intake.asking.modbus import MODBUS
from flameblue.intake.asking.rivals import Contests, Place
from flameblue.intake.asking.round_trips import Failure, NoAnswer
from flameblue.intake.asking.wire import damaged, refusal
from flameblue.intake.directory import Directory, model_is_missing
from flameblue.intake.door import open_port
from flameblue.intake.newcomers import Newcomers
from flameblue.intake.protocols.dlt645.codec import Frame, Session
from flameblue.intake.quarantine import Quarantined, Unknown
from flameblue.intake.reasons import Reason
from flameblue.intake.reception import Batch, Intake

log = logging.getLogger("flameblue.intake")
SWEEP_S = 1.0
BACK_WITHIN_S = 5.0  # a unit that dials in again within it is no news to anybody
MOBILE_S = 2.0  # what a mobile network and the unit's own packing may add to a device's time to answer
ALIVE_S = 60.0  # a unit heard within it has no dead connection, though no device behind it answers
T = TypeVar("T")


class DialIn:
    """The port, and who has dialled in. `started` is set once the port is open."""

    def __init__(self, intake: Intake, settings: ModbusDialIn) -> None:
        self._intake = intake
        self._settings = settings
        self._connections: set[Connection] = set()
        self._newcomers: Newcomers[Connection] = Newcomers(lambda one: one.imei in self._known_units())
        self._units: dict[str, Connection] = {}  # by IMEI, known ones and those of the pairing window
        self._awaited: dict[str, asyncio.Event] = {}
        self.contests = Contests()
        self._known: Mapping[str, Sequence[AskedDevice]] = {}
        self._looked_at: tuple[Directory, object] | None = None
        self.buffer = memoryview(bytearray(READ_BYTES_MAX))
        self.counts: Callable[[str], None] = intake.counts.add
        self.now_s: Callable[[], float] = intake.clock.monotonic_s
        self.started = asyncio.Event()

    async def serve(self) -> None:
        """Serves until it is cancelled. WorldFailed when the port can't be opened."""
        host, port = self._settings.host, self._settings.port
        try:
            server = await open_port(lambda: Connection(self), host, port)
        except OSError as error:
            raise WorldFailed(
                f"The port {host}:{port} for units that dial in can't be opened: {error}."
            ) from error
        try:
            self.started.set()
            while True:
                await asyncio.sleep(SWEEP_S)
                self.sweep()
        finally:
            server.close()
            for connection in list(self._connections):
                connection.close()
            await self._intake.keeper.flush()

    def line(self, imei: str, back_within_s: float = BACK_WITHIN_S) -> "DialInLine":
        """The line behind the unit with this IMEI, whether it is there or not."""
        return DialInLine(self, imei, back_within_s)

    def meters(self, imei: str, back_within_s: float = BACK_WITHIN_S) -> "DialInMeters":
        """The same, where devices of DL/T 645 are behind it."""
        return DialInMeters(self, imei, back_within_s)

    async def unit(self, imei: str) -> Connection:
        """The connection of the unit, once there is one."""
        while (found := self._units.get(imei)) is None or not found.is_open():
            self._awaited.setdefault(imei, asyncio.Event())
            await self._awaited[imei].wait()
        return found

    def opened(self, connection: Connection) -> bool:
        """A connection came in; False: there are too many."""
        self.counts("connections")
        if len(self._connections) >= DIAL_IN_CONNECTIONS_MAX:
            self.counts("connections_over_limit")
            if (stranger := self._newcomers.give_up()) is None:
                return False
            stranger.close()
        self._connections.add(connection)
        self._newcomers.came(connection)
        self._count_open()
        return True

    def ended(self, connection: Connection) -> None:
        """A connection is gone."""
        self._connections.discard(connection)
        self._newcomers.gone(connection)
        if self._units.get(connection.imei) is connection:
            del self._units[connection.imei]
        self._count_open()

    def spoke(self, connection: Connection, said: bytes) -> None:
        """An unregistered connection said something, all of which is `said`."""
        found = registration.imei(said, self._known_units(), ended=False)
        if found is not None:
            self._take(connection, found)
        elif len(said) > DIAL_IN_REGISTRATION_BYTES_MAX:
            self.counts("dial_in_garbage")
            connection.close()

    def sweep(self) -> None:
        """Looks at everybody once a second: who has not presented himself, is quiet, or is not known any more."""
        now_s, known = self.now_s(), self._known_units()
        self.contests.keep(known, now_s)
        for connection in list(self._connections):
            connection.noise_bytes = 0
            if connection.imei:
                self._look_at(connection, known, now_s)
            elif connection.heard_s + SWEEP_S <= now_s and self._present(connection):
                continue
            elif connection.began_s + CONNECT_WITHIN_S < now_s:
                self.counts("connections_timed_out")
                connection.close()

    def _look_at(self, connection: Connection, known: Collection[str], now_s: float) -> None:
        if connection.heard_s + self._settings.quiet_s < now_s:
            self.counts("connections_timed_out")
            connection.close()
        elif connection.imei not in known and not self._is_pairing():
            connection.close()

    def _present(self, connection: Connection) -> bool:
        """Whether what it has said so far, and nothing after it, names a unit."""
        found = registration.imei(connection.said(), self._known_units(), ended=True)
        if found is None:
            return False
        self._take(connection, found)
        return True

    def _take(self, connection: Connection, imei: str) -> None:
        """`connection` is the unit `imei`, if that may be here."""
        if imei not in self._known_units() and not self._list(connection, imei):
            connection.close()
            return
        old = self._units.get(imei)
        if old is not None and old.is_open() and self._is_foreign(imei, connection.peer):
            self._turn_away(connection, imei)
            return
        if old is None or not old.is_open():
            self.contests.forget(imei)
        elif not self._may_replace(old, connection, imei):
            self.counts("dial_in_rivals")
            connection.close()
            return
        self._units[imei] = connection
        connection.register(imei)
        if old is not None:
            self.counts("dial_in_replaced")
            old.close()
        self.counts("connects")
        if (awaited := self._awaited.pop(imei, None)) is not None:
            awaited.set()

    def _may_replace(self, old: Connection, new: Connection, imei: str) -> bool:
        """Whether `new` is the unit of `old` that has dialled in again, as far as is known."""
        now_s = self.now_s()
        if old.heard_s + ALIVE_S < now_s:
            return True
        place = Place(old.peer, old.heard_s)
        return self.contests.may_take(imei, place, new.peer, self._silence_s(imei), now_s)

    def _silence_s(self, imei: str) -> float:
        """For how long nothing may be heard of a unit whose devices all answer, at most ALIVE_S."""
        entries = [self._intake.directory.devices[one.name] for one in self._known_units().get(imei, ())]
        models = [self._intake.profiles.get(one.profile) for one in entries]
        return min(
            ALIVE_S, max((one.interval_s for one in models if one is not None), default=0.0) + BACK_WITHIN_S
        )

    def _is_foreign(self, imei: str, peer: str) -> bool:
        """Whether `peer` is outside the networks of a device behind the unit."""
        names = [device.name for device in self._known_units().get(imei, ())]
        entries = [self._intake.directory.devices[name] for name in names]
        return any(sources.origin(one.allowed, peer, ()) is sources.Origin.FOREIGN for one in entries)

    def _turn_away(self, connection: Connection, imei: str) -> None:
        """Somebody from elsewhere does not take the place of a unit that is there."""
        self.counts("refused")
        batch = Batch(self._intake.clock.now_ns())
        detail, said = f"IMEI {imei} from {connection.peer}", connection.said()
        item = Quarantined("", registration.TOPIC, Reason.FOREIGN_ADDRESS, detail, said, batch.arrival_ns)
        batch.keep(item, owed=False)
        batch.start(self._intake)
        connection.close()

    def _list(self, connection: Connection, imei: str) -> bool:
        """A stranger: listed while pairing (True: it may stay), else counted and kept in quarantine."""
        batch = Batch(self._intake.clock.now_ns())
        known = self._intake.directory.without_model(f"dtu:{imei}", self._intake.profiles)
        said, is_pairing = connection.said(), known is None and self._is_pairing()
        if is_pairing:
            who = (imei, f"dtu:{imei}", connection.peer, "")
            batch.keep(Unknown(*who, registration.TOPIC, said, batch.arrival_ns), owed=False)
        else:
            self.counts("refused")
            name, reason, detail = "", Reason.UNKNOWN_DEVICE, f"IMEI {imei} from {connection.peer}"
            if known is not None:
                name, reason, detail = known.name, Reason.NO_PROFILE, f"{model_is_missing(known)}; {detail}"
            item = Quarantined(name, registration.TOPIC, reason, detail, said, batch.arrival_ns)
            batch.keep(item, owed=False)
        batch.start(self._intake)
        return is_pairing

    def _is_pairing(self) -> bool:
        return self._intake.clock.now_ns() < self._intake.directory.pairing_until_ns

    def _known_units(self) -> Mapping[str, Sequence[AskedDevice]]:
        """The registry's, and who is behind them; worked out anew when it, or a model, has changed."""
        now = (self._intake.directory, self._intake.profiles)
        if self._looked_at is None or self._looked_at[0] is not now[0] or self._looked_at[1] is not now[1]:
            self._known, self._looked_at = grouping.units(*now), now
        return self._known

    def _count_open(self) -> None:
        self._intake.counts.set("dial_in_connections_open", len(self._connections))


class UnitLine:
    """The line behind one unit; opened, it is whichever connection the unit has made last."""

    silence_s = 0.0  # the unit keeps it
    open_again_s_max = 1.0  # nobody is knocked at: waiting anew costs nothing

    def __init__(self, desk: DialIn, imei: str, back_within_s: float) -> None:
        self._desk = desk
        self._imei = imei
        self._back_within_s = back_within_s
        self._connection: Connection | None = None

    async def open(self) -> None:
        """Takes the unit's connection, once it is there. WorldFailed: the unit does not dial in.

        Opened anew because no device answers, it keeps a connection on which the unit itself was heard lately.
        """
        known = self._connection
        if known is not None and known.is_open():
            if known.heard_s + ALIVE_S >= self._desk.now_s():
                return
            known.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._back_within_s):
                self._connection = await self._desk.unit(self._imei)
                return
        raise WorldFailed(f"The 4G unit {self._imei} has not dialled in.")

    @property
    def peer(self) -> str:
        """From where the unit has dialled in."""
        return "" if self._connection is None else self._connection.peer

    def is_open(self) -> bool:
        """Whether the unit is there."""
        return self._connection is not None and self._connection.is_open()

    async def ask(self, request: bytes, find: Callable[[bytes], T | None], timeout_s: float) -> T:
        """What `find` finds among the bytes that come after `request`. Raises NoAnswer and nothing else."""
        if self._connection is None:
            raise NoAnswer(Failure.LINE_LOST, "the unit has not dialled in")
        return await self._connection.ask(request, find, timeout_s + MOBILE_S)

    def close(self) -> None:
        """Nobody asks here any more; the unit may stay, for whoever asks next."""
        self._connection = None


class DialInLine(UnitLine):
    """One on which devices are asked over Modbus."""

    manner = MODBUS

    def mark(self, block: Block) -> tuple[int, int]:
        """An answer bears its function and length."""
        return rtu_answers.mark(block)

    async def read(self, unit: int, block: Block, timeout_s: float) -> tuple[int, ...]:
        """The registers of `block`. Raises NoAnswer and nothing else."""
        held = b""

        def find(came: bytes) -> tuple[int, ...] | int | None:
            nonlocal held
            held = came
            return rtu_answers.answer(came, unit, block)

        try:
            found: tuple[int, ...] | int = await self.ask(rtu_answers.request(unit, block), find, timeout_s)
        except NoAnswer as why:
            raise damaged(why, held, unit, block) from why
        if isinstance(found, int):
            raise refusal(block, found)
        return found


class DialInMeters(UnitLine):
    """One on which devices are asked by DL/T 645."""

    manner = METERING

    def mark(self, question: Question) -> Question:
        """An answer bears its identifier, and the device's address."""
        return question

    async def read(self, unit: int, question: Question, timeout_s: float) -> bytes:
        """The data behind the question's identifier. Raises NoAnswer and nothing else."""
        return await whole(self._exchange, unit, question, timeout_s)

    async def _exchange(
        self, request: bytes, judge: Callable[[Frame], Part | None], timeout_s: float
    ) -> Part:
        def find(held: bytes) -> Part | None:
            session = Session()
            parts = map(judge, [*session.feed(held), *session.give_up()])
            return next((part for part in parts if part is not None), None)

        return await self.ask(request, find, timeout_s)
