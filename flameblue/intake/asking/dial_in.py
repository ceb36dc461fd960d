"""4G units (DTU) that dial in: each says its IMEI, and is then the line behind which its devices are asked.

Promises: whoever does not say it in time, says too much, or is not known, is sent away, and costs the others nothing;
a unit that dials in again takes the place of its old connection at once; what is no answer to our question (heartbeats,
late answers, noise) never becomes part of one. There is no password: keep the port to a private network.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Generic, TypeVar

from flameblue.config import ModbusDialIn
from flameblue.domain.errors import WorldFailed
from flameblue.domain.limits import (
    CONNECT_WITHIN_S,
    DIAL_IN_CONNECTIONS_MAX,
    DIAL_IN_NOISE_BYTES_MAX,
    DIAL_IN_REGISTRATION_BYTES_MAX,
    READ_BYTES_MAX,
)
from flameblue.intake.asking import grouping, registration, rtu_answers
from flameblue.intake.asking.blocks import Block
from flameblue.intake.asking.meter_line import whole
from flameblue.intake.asking.metering import METERING, Part, Question
from flameblue.intake.asking.modbus import MODBUS
from flameblue.intake.asking.round_trips import Failure, NoAnswer
from flameblue.intake.asking.wire import refusal
from flameblue.intake.directory import Directory
from flameblue.intake.door import open_port
from flameblue.intake.lines import watch_the_peer
from flameblue.intake.protocols.dlt645.codec import FRAME_BYTES_MAX, Frame, Session
from flameblue.intake.quarantine import Quarantined, Unknown
from flameblue.intake.reasons import Reason
from flameblue.intake.reception import Batch, Intake

log = logging.getLogger("flameblue.intake")
SWEEP_S = 1.0
BACK_WITHIN_S = 5.0  # a unit that dials in again within it is no news to anybody
MOBILE_S = 2.0  # what a mobile network and the unit's own packing may add to a device's time to answer
ALIVE_S = 60.0  # a unit heard within it has no dead connection, though no device behind it answers
HELD_BYTES_MAX = 2 * FRAME_BYTES_MAX  # a frame of DL/T 645 has 271 bytes at most, one of Modbus 256
T = TypeVar("T")


class Asked(Generic[T]):
    """A question that waits. `find`: the answer among the bytes so far, None; it may raise NoAnswer."""

    def __init__(self, find: Callable[[bytes], T | None]) -> None:
        self._find = find
        self.answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()

    def hear(self, held: bytes) -> bool:
        """Whether the answer, or that there is none, is in `held`."""
        if self.answer.done():
            return False
        try:
            found = self._find(held)
        except NoAnswer as why:
            self.answer.set_exception(why)
            return True
        if found is not None:
            self.answer.set_result(found)
        return found is not None

    def end(self) -> None:
        """The connection is gone."""
        if not self.answer.done():
            self.answer.set_exception(NoAnswer(Failure.LINE_LOST, "the unit's connection was lost"))


class Connection(asyncio.BufferedProtocol):
    """One connection, before and after its registration."""

    def __init__(self, desk: "DialIn") -> None:
        self._desk = desk
        self._transport: asyncio.Transport | None = None
        self._asked: Asked[Any] | None = None
        self._held = bytearray()
        self.imei = ""
        self.peer = ""
        self.noise_bytes = 0  # since the last sweep
        self.bytes_heard = 0  # since the last question
        self.began_s = self.heard_s = desk.now_s()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        peer = transport.get_extra_info("peername")
        self.peer = str(peer[0]) if isinstance(peer, tuple) else ""
        watch_the_peer(transport.get_extra_info("socket"))
        if not self._desk.opened(self):
            self.close()

    def get_buffer(self, _sizehint: int) -> memoryview:
        return self._desk.buffer

    def buffer_updated(self, nbytes: int) -> None:
        self.data_received(bytes(self._desk.buffer[:nbytes]))

    def data_received(self, data: bytes) -> None:
        """`data` came from the unit."""
        if self._transport is None:
            return
        self.heard_s = self._desk.now_s()
        self.bytes_heard += len(data)
        self.noise_bytes += len(data)
        if not self.imei:
            self._held += data
            self._desk.spoke(self, bytes(self._held))
        elif self._asked is not None:
            self._held += data
            if self._asked.hear(bytes(self._held)):
                self.noise_bytes = 0
            del self._held[:-HELD_BYTES_MAX]
        if self.noise_bytes > DIAL_IN_NOISE_BYTES_MAX:
            self._desk.counts("dial_in_garbage")
            self.close()

    def said(self) -> bytes:
        """What came before its registration was found."""
        return bytes(self._held)

    def is_open(self) -> bool:
        """Whether it stands, as far as is known."""
        return self._transport is not None

    def register(self, imei: str) -> None:
        """From now on it is the unit with this IMEI; what it said so far is done with."""
        self.imei = imei
        self._held.clear()

    async def ask(self, request: bytes, find: Callable[[bytes], T | None], timeout_s: float) -> T:
        """What `find` finds among the bytes that come after `request`. Raises NoAnswer."""
        if self._transport is None:
            raise NoAnswer(Failure.LINE_LOST, "the connection is lost")
        self._held.clear()
        self.bytes_heard = 0
        asked: Asked[T] = Asked(find)
        self._asked = asked
        self._transport.write(request)
        try:
            async with asyncio.timeout(timeout_s):
                return await asked.answer
        except TimeoutError:
            if self.bytes_heard:
                why = f"{self.bytes_heard} bytes within {timeout_s:g} s, and no answer in them"
                raise NoAnswer(Failure.GARBLED, why) from None
            raise NoAnswer(Failure.TIME_OUT, f"no answer within {timeout_s:g} s") from None
        finally:
            self._asked = None

    def close(self) -> None:
        """At once; whoever waits for an answer is told."""
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.abort()
        if self._asked is not None:
            self._asked.end()

    def connection_lost(self, _error: Exception | None, /) -> None:
        self.close()
        self._desk.ended(self)


class DialIn:
    """The port, and who has dialled in. `started` is set once the port is open."""

    def __init__(self, intake: Intake, settings: ModbusDialIn) -> None:
        self._intake = intake
        self._settings = settings
        self._connections: set[Connection] = set()
        self._units: dict[str, Connection] = {}  # by IMEI, known ones and those of the pairing window
        self._awaited: dict[str, asyncio.Event] = {}
        self._known: frozenset[str] = frozenset()
        self._looked_at: tuple[Directory, object] | None = None
        self.buffer = memoryview(bytearray(READ_BYTES_MAX))
        self.counts = intake.counts.add
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
            return False
        self._connections.add(connection)
        self._count_open()
        return True

    def ended(self, connection: Connection) -> None:
        """A connection is gone."""
        self._connections.discard(connection)
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
        for connection in list(self._connections):
            connection.noise_bytes = 0
            if connection.imei:
                self._look_at(connection, known, now_s)
            elif connection.heard_s + SWEEP_S <= now_s and self._present(connection):
                continue
            elif connection.began_s + CONNECT_WITHIN_S < now_s:
                self.counts("connections_timed_out")
                connection.close()

    def _look_at(self, connection: Connection, known: frozenset[str], now_s: float) -> None:
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
        self._units[imei] = connection
        connection.register(imei)
        if old is not None:
            self.counts("dial_in_replaced")
            old.close()
        self.counts("connects")
        if (awaited := self._awaited.pop(imei, None)) is not None:
            awaited.set()

    def _list(self, connection: Connection, imei: str) -> bool:
        """A stranger: listed while pairing (True: it may stay), else counted and kept in quarantine."""
        batch = Batch(self._intake.clock.now_ns())
        said, is_pairing = connection.said(), self._is_pairing()
        if is_pairing:
            who = (imei, f"dtu:{imei}", connection.peer, "")
            batch.keep(Unknown(*who, registration.TOPIC, said, batch.arrival_ns), owed=False)
        else:
            self.counts("refused")
            detail = f"IMEI {imei} from {connection.peer}"
            item = Quarantined("", registration.TOPIC, Reason.UNKNOWN_DEVICE, detail, said, batch.arrival_ns)
            batch.keep(item, owed=False)
        batch.start(self._intake)
        return is_pairing

    def _is_pairing(self) -> bool:
        return self._intake.clock.now_ns() < self._intake.directory.pairing_until_ns

    def _known_units(self) -> frozenset[str]:
        """The registry's; worked out anew when it, or a model, has changed."""
        now = (self._intake.directory, self._intake.profiles)
        if self._looked_at is None or self._looked_at[0] is not now[0] or self._looked_at[1] is not now[1]:
            self._known, self._looked_at = grouping.imeis(*now), now
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

    async def read(self, unit: int, block: Block, timeout_s: float) -> tuple[int, ...]:
        """The registers of `block`. Raises NoAnswer and nothing else."""
        request = rtu_answers.request(unit, block)
        found: tuple[int, ...] | int = await self.ask(
            request, lambda held: rtu_answers.answer(held, unit, block), timeout_s
        )
        if isinstance(found, int):
            raise refusal(block, found)
        return found


class DialInMeters(UnitLine):
    """One on which devices are asked by DL/T 645."""

    manner = METERING

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
