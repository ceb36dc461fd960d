"""A line of DL/T 645 devices: a transparent TCP converter or a serial port, with our own frames.

What comes while nobody is asked is dropped, so that a late answer is nobody's; what comes meanwhile is held to one
frame, however much of it is garbage.
"""

import asyncio
import termios
from collections.abc import Awaitable, Callable

from pymodbus.transport.serialtransport import create_serial_connection

from flameblue.domain.errors import WorldFailed
from flameblue.domain.limits import DLT645_PARTS_MAX
from flameblue.intake.addresses.written import PARITIES
from flameblue.intake.asking import metering
from flameblue.intake.asking.metering import METERING, Part, Question
from flameblue.intake.asking.round_trips import Failure, NoAnswer
from flameblue.intake.asking.wire import OPEN_AGAIN_S_MAX
from flameblue.intake.protocols.dlt645.addresses import Converter, SerialPort
from flameblue.intake.protocols.dlt645.codec import Frame, Session

CONNECT_WITHIN_S = 5.0


class Wire(asyncio.Protocol):
    """The bytes of one connection, for one question at a time."""

    def __init__(self) -> None:
        self.heard = 0  # bytes since the question
        self.ready = asyncio.Event()
        self._transport: asyncio.WriteTransport | None = None
        self._session: Session | None = None  # None: nobody is asked
        self._take: Callable[[Frame], None] = lambda _: None
        self._answer: asyncio.Future[Part] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        self.ready.set()

    def data_received(self, data: bytes) -> None:
        if self._session is None:
            return
        self.heard += len(data)
        for frame in self._session.feed(data):
            self._take(frame)

    def connection_lost(self, _: Exception | None) -> None:
        self._transport = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(
                NoAnswer(Failure.LINE_LOST, "the connection was lost while it was asked")
            )

    def is_open(self) -> bool:
        """Whether the connection stands, as far as is known."""
        return self._transport is not None and not self._transport.is_closing()

    def close(self) -> None:
        """Ends the connection, if there is one."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    async def exchange(self, request: bytes, judge: Callable[[Frame], Part | None], timeout_s: float) -> Part:
        """The first part that `judge` finds among the frames that come after `request`. Raises NoAnswer."""
        transport = self._transport
        if transport is None or not self.is_open():
            raise NoAnswer(Failure.LINE_LOST, "the connection is lost")
        answer: asyncio.Future[Part] = asyncio.get_running_loop().create_future()
        self._answer = answer

        def take(frame: Frame) -> None:
            if answer.done():
                return
            try:
                found = judge(frame)
            except NoAnswer as why:
                answer.set_exception(why)
            else:
                if found is not None:
                    answer.set_result(found)

        self.heard, self._take, self._session = 0, take, Session()
        try:
            transport.write(request)
            await asyncio.wait([answer], timeout=timeout_s)
            for frame in () if answer.done() else self._session.give_up():
                take(frame)  # behind noise that had looked like the start of a longer one
            if not answer.done():
                raise self._silence(timeout_s)
            return answer.result()
        finally:
            self._session = self._answer = None

    def _silence(self, timeout_s: float) -> NoAnswer:
        if self.heard:
            return NoAnswer(
                Failure.GARBLED, f"{self.heard} bytes within {timeout_s:g} s, and no answer in them"
            )
        return NoAnswer(Failure.TIME_OUT, f"no answer within {timeout_s:g} s")


Opening = Callable[[], Awaitable[Wire]]
Exchange = Callable[[bytes, Callable[[Frame], Part | None], float], Awaitable[Part]]


async def whole(exchange: Exchange, unit: int, question: Question, timeout_s: float) -> bytes:
    """The data behind the question's identifier, put together; each of its parts by `exchange`, within `timeout_s`.

    Raises NoAnswer, as `exchange` does, and nothing else.
    """
    data = b""
    for sequence in range(DLT645_PARTS_MAX):
        judge = metering.Judge(unit, question, sequence)
        try:
            found = await exchange(metering.request(unit, question, sequence), judge.part, timeout_s)
        except NoAnswer as why:
            if why.failure is Failure.GARBLED and judge.stray is not None:
                raise judge.stray from why
            raise
        data += found.data
        if not found.follows:
            return data
    raise NoAnswer(Failure.GARBLED, f"{question}: more than {DLT645_PARTS_MAX} frames, and still no last one")


class MeterLine:
    """A line by `opening`, which connects anew or raises OSError or termios.error; `name`: where, for people."""

    manner = METERING
    open_again_s_max = OPEN_AGAIN_S_MAX
    peer = ""
    silence_s = 0.0  # a device answers after 20 ms at least, and needs none before a question (5.3.3)

    def __init__(self, name: str, opening: Opening) -> None:
        self._name = name
        self._opening = opening
        self._wire: Wire | None = None

    async def open(self) -> None:
        """Connects anew. WorldFailed: it can't."""
        self.close()
        try:
            async with asyncio.timeout(CONNECT_WITHIN_S):
                self._wire = await self._opening()
        except (OSError, termios.error) as error:  # TimeoutError and pyserial's SerialException are OSErrors
            raise WorldFailed(f"{self._name} is not reached: {error}") from error

    def is_open(self) -> bool:
        """Whether the connection stands."""
        return self._wire is not None and self._wire.is_open()

    async def read(self, unit: int, question: Question, timeout_s: float) -> bytes:
        """The data behind the question's identifier. Raises NoAnswer and nothing else."""
        if self._wire is None:
            raise NoAnswer(Failure.LINE_LOST, "the connection is lost")
        return await whole(self._wire.exchange, unit, question, timeout_s)

    def mark(self, question: Question) -> Question:
        """An answer bears its identifier, and the device's address."""
        return question

    def close(self) -> None:
        """Ends the connection, if there is one."""
        if self._wire is not None:
            self._wire.close()
            self._wire = None


def line(where: Converter | SerialPort) -> MeterLine:
    """The line at `where`, not connected yet."""

    async def opening() -> Wire:
        loop = asyncio.get_running_loop()
        if isinstance(where, Converter):
            return (await loop.create_connection(Wire, where.host, where.port))[1]
        _, wire = await create_serial_connection(
            loop, Wire, where.path, where.baud, 8, PARITIES[where.parity], where.stop_bits
        )
        assert isinstance(wire, Wire)
        await wire.ready.wait()  # pymodbus tells it a turn of the loop later
        return wire

    return MeterLine(str(where), opening)
