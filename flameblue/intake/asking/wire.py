"""A line on which devices are asked, by pymodbus' client: Modbus TCP, RTU frames inside TCP, or a serial port.

pymodbus does frames, transaction numbers and CRCs; who is asked, when, and again, is `poller`'s matter: its own
repetitions and reconnections are switched off.
"""

import asyncio
import logging
import termios
from collections.abc import Callable, Hashable
from typing import Any, Protocol

from pymodbus import FramerType
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.client.base import ModbusBaseClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ModbusPDU

from flameblue.domain.errors import WorldFailed
from flameblue.intake.addresses.written import PARITIES
from flameblue.intake.asking import rtu_answers
from flameblue.intake.asking.addresses import Address, SerialPort
from flameblue.intake.asking.blocks import Block
from flameblue.intake.asking.manner import Answer, Manner, Question
from flameblue.intake.asking.modbus import MODBUS
from flameblue.intake.asking.round_trips import Failure, NoAnswer
from flameblue.intake.protocols.modbus_pdu import EXCEPTIONS

CONNECT_WITHIN_S = 5.0
OPEN_AGAIN_S_MAX = 60.0  # between two tries of one that can't be opened
GATEWAY_EXCEPTIONS = (10, 11)  # MODBUS Application Protocol Specification V1.1b3, 7
FRAMERS = {"tcp": FramerType.SOCKET, "rtu": FramerType.RTU}
OURS: dict[str, Any] = {
    "timeout": 60.0,
    "retries": 0,
    "reconnect_delay": 0,
}  # what we wait for is always less
Trace = Callable[[bool, bytes], bytes]

# It tells every late answer as an error; we count them (see `round_trips`).
logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)


class Line(Protocol[Question, Answer]):
    """One question at a time, one answer or NoAnswer. `silence_s`: what must be between an answer and a question.

    `manner`: in which its devices are asked, all of them. `open_again_s_max`: how long to wait before it is opened
    anew, once it could not be opened again and again. `peer`: the address of who has come to us; "": we went there.
    """

    @property
    def manner(self) -> Manner[Question, Answer]: ...

    @property
    def silence_s(self) -> float: ...

    @property
    def open_again_s_max(self) -> float: ...

    @property
    def peer(self) -> str: ...

    async def open(self) -> None:
        """Connects. WorldFailed: it can't."""

    def is_open(self) -> bool:
        """Whether the connection stands, as far as is known."""

    async def read(self, unit: int, question: Question, timeout_s: float, /) -> Answer:
        """What `question` asks for. Raises NoAnswer and nothing else."""

    def mark(self, question: Question, /) -> Hashable:
        """What an answer bears of its question: of two questions with one mark, it could be either's."""

    def close(self) -> None:
        """Ends the connection."""


class ClientLine:
    """A line by pymodbus' client."""

    manner = MODBUS
    open_again_s_max = OPEN_AGAIN_S_MAX
    peer = ""

    def __init__(self, where: Address | SerialPort) -> None:
        self.silence_s = where.silence_s
        self._where = where
        self._heard = b""  # since the last question
        self._client: ModbusBaseClient | None = None

    async def open(self) -> None:
        """Connects anew. WorldFailed: it can't."""
        self.close()
        client = _client(self._where, self._count)
        try:
            async with asyncio.timeout(CONNECT_WITHIN_S):
                reached = await client.connect()
        except (OSError, termios.error, ModbusException) as error:  # TimeoutError is an OSError
            client.close()
            raise WorldFailed(f"{self._where} is not reached: {error}") from error
        if not reached:
            client.close()
            raise WorldFailed(f"{self._where} is not reached.")
        self._client = client

    def _count(self, is_sent: bool, data: bytes) -> bytes:
        if not is_sent:
            self._heard = bytes(data)
        return data

    def is_open(self) -> bool:
        """Whether the connection stands."""
        return self._client is not None and self._client.connected

    async def read(self, unit: int, block: Block, timeout_s: float) -> tuple[int, ...]:
        """The registers of `block`. Raises NoAnswer and nothing else."""
        client = self._client
        if client is None or not client.connected:
            raise NoAnswer(Failure.LINE_LOST, "the connection is lost")
        self._heard = b""
        ask = client.read_holding_registers if block.function == 3 else client.read_input_registers
        try:
            async with asyncio.timeout(timeout_s):
                answer = await ask(block.address, count=block.words, device_id=unit)
        except TimeoutError as error:
            raise damaged(self._silence(timeout_s), self._heard, unit, block) from error
        except (OSError, ModbusException) as error:
            failure = Failure.GARBLED if client.connected else Failure.LINE_LOST
            raise NoAnswer(failure, str(error)) from error
        return _registers(answer, block)

    def mark(self, block: Block) -> Hashable:
        """Modbus TCP numbers its questions; an RTU answer bears its function and length."""
        is_numbered = isinstance(self._where, Address) and self._where.frames == "tcp"
        return block if is_numbered else rtu_answers.mark(block)

    def _silence(self, timeout_s: float) -> NoAnswer:
        if not self.is_open():
            return NoAnswer(Failure.LINE_LOST, "the connection was lost while it was asked")
        if self._heard:
            return NoAnswer(
                Failure.GARBLED, f"{len(self._heard)} bytes within {timeout_s:g} s, and no answer in them"
            )
        return NoAnswer(Failure.TIME_OUT, f"no answer within {timeout_s:g} s")

    def close(self) -> None:
        """Ends the connection, if there is one."""
        if self._client is not None:
            self._client.close()
            self._client = None


def damaged(why: NoAnswer, heard: bytes, unit: int, block: Block) -> NoAnswer:
    """`why`, knowing of RTU frames whether what was `heard` was the answer with an error in it."""
    was_damaged = why.failure is Failure.GARBLED and rtu_answers.is_damaged(heard, unit, block)
    return NoAnswer(why.failure, str(why), was_damaged=True) if was_damaged else why


def refusal(block: Block, code: int) -> NoAnswer:
    """What an exception in the place of an answer says."""
    failure = Failure.UNREACHED if code in GATEWAY_EXCEPTIONS else Failure.REFUSED
    return NoAnswer(failure, f"{block}: exception {code}, {EXCEPTIONS.get(code, 'not a standard one')}")


def _client(where: Address | SerialPort, trace: Trace) -> ModbusBaseClient:
    """pymodbus' client, not connected yet."""
    if isinstance(where, Address):
        framer = FRAMERS[where.frames]
        return AsyncModbusTcpClient(where.host, port=where.port, framer=framer, trace_packet=trace, **OURS)
    return AsyncModbusSerialClient(
        where.path,
        baudrate=where.baud,
        parity=PARITIES[where.parity],
        stopbits=where.stop_bits,
        trace_packet=trace,
        **OURS,
    )


def _registers(answer: ModbusPDU, block: Block) -> tuple[int, ...]:
    if answer.isError():
        raise refusal(block, answer.exception_code)
    if answer.function_code != block.function or len(answer.registers) != block.words:
        raise NoAnswer(
            Failure.GARBLED,
            f"{block}: the answer has function {answer.function_code} and {len(answer.registers)} registers",
        )
    return tuple(answer.registers)
