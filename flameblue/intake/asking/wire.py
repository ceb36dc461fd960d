"""A line on which devices are asked, by pymodbus' client: Modbus TCP, RTU frames inside TCP, or a serial port.

pymodbus does frames, transaction numbers and CRCs; who is asked, when, and again, is `poller`'s matter: its own
repetitions and reconnections are switched off.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol
from urllib.parse import parse_qsl, urlsplit

from pymodbus import FramerType
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.client.base import ModbusBaseClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ModbusPDU

from flameblue.domain.errors import BadInput, WorldFailed
from flameblue.intake.asking.blocks import Block
from flameblue.intake.asking.manner import Answer, Manner, Question
from flameblue.intake.asking.modbus import MODBUS
from flameblue.intake.asking.round_trips import Failure, NoAnswer
from flameblue.intake.protocols.modbus_pdu import EXCEPTIONS

CONNECT_WITHIN_S = 5.0
PORT = 502
GATEWAY_EXCEPTIONS = (10, 11)  # MODBUS Application Protocol Specification V1.1b3, 7
FRAMERS = {"tcp": FramerType.SOCKET, "rtu": FramerType.RTU}
PARITIES = {"none": "N", "even": "E", "odd": "O"}
SILENCE_CHARACTERS, CHARACTER_BITS, SILENCE_S_MIN = 3.5, 11, 0.00175
OURS: dict[str, Any] = {
    "timeout": 60.0,
    "retries": 0,
    "reconnect_delay": 0,
}  # what we wait for is always less
Trace = Callable[[bool, bytes], bytes]

# It tells every late answer as an error; we count them (see `round_trips`).
logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)


class Address(NamedTuple):
    """Where a line is reached over TCP, and which frames it speaks: "tcp" or "rtu"."""

    host: str
    port: int
    frames: str

    def __str__(self) -> str:
        return f"{self.frames}://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    @property
    def silence_s(self) -> float:
        """None: the converter keeps the silence before its line's frames."""
        return 0.0

    def client(self, trace: Trace) -> ModbusBaseClient:
        """pymodbus' client, not connected yet."""
        framer = FRAMERS[self.frames]
        return AsyncModbusTcpClient(self.host, port=self.port, framer=framer, trace_packet=trace, **OURS)


class SerialPort(NamedTuple):
    """A serial port of this machine, 8 data bits."""

    path: str
    baud: int = 9600
    parity: str = "none"
    stop_bits: int = 1

    def __str__(self) -> str:
        return f"serial:{self.path}?baud={self.baud}&parity={self.parity}&stop_bits={self.stop_bits}"

    @property
    def silence_s(self) -> float:
        """3.5 characters of 11 bits before a frame, and 1.75 ms above 19200 baud (Serial Line V1.02, 2.5.1.1)."""
        return max(SILENCE_CHARACTERS * CHARACTER_BITS / self.baud, SILENCE_S_MIN)

    def client(self, trace: Trace) -> ModbusBaseClient:
        """pymodbus' client, not connected yet."""
        return AsyncModbusSerialClient(
            self.path,
            baudrate=self.baud,
            parity=PARITIES[self.parity],
            stopbits=self.stop_bits,
            trace_packet=trace,
            **OURS,
        )


def address(said: str) -> Address | SerialPort:
    """tcp://host:port, rtu://host:port with RTU frames inside TCP, or serial:/dev/ttyUSB0?baud=9600&parity=even.

    Without a scheme it is tcp. BadInput: it is none of them.
    """
    parts = urlsplit(said if ":/" in said else f"tcp://{said}")
    if parts.scheme == "serial":
        return _serial(said, parts.path, dict(parse_qsl(parts.query, keep_blank_values=True)))
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in FRAMERS or not parts.hostname or port == -1 or parts.path.strip("/"):
        raise BadInput(
            f"{said!r} should look like HOST:PORT, rtu://HOST:PORT or serial:/dev/ttyUSB0?baud=9600."
        )
    return Address(parts.hostname, PORT if port is None else port, parts.scheme)


def _serial(said: str, path: str, settings: dict[str, str]) -> SerialPort:
    known = {"baud", "parity", "stop_bits"}
    baud, stop_bits = settings.get("baud", "9600"), settings.get("stop_bits", "1")
    parity = settings.get("parity", "none")
    if set(settings) - known or not baud.isdecimal() or not int(baud) or parity not in PARITIES:
        raise BadInput(f"{said!r} should look like serial:/dev/ttyUSB0?baud=9600&parity=even&stop_bits=1.")
    if stop_bits not in ("1", "2") or not path:
        raise BadInput(f"{said!r} should look like serial:/dev/ttyUSB0?baud=9600&parity=even&stop_bits=1.")
    return SerialPort(path, int(baud), parity, int(stop_bits))


class Line(Protocol[Question, Answer]):
    """One question at a time, one answer or NoAnswer. `silence_s`: what must be between an answer and a question.

    `manner`: in which its devices are asked, all of them.
    """

    @property
    def manner(self) -> Manner[Question, Answer]: ...

    @property
    def silence_s(self) -> float: ...

    async def open(self) -> None:
        """Connects. WorldFailed: it can't."""

    def is_open(self) -> bool:
        """Whether the connection stands, as far as is known."""

    async def read(self, unit: int, question: Question, timeout_s: float, /) -> Answer:
        """What `question` asks for. Raises NoAnswer and nothing else."""

    def close(self) -> None:
        """Ends the connection."""


class ClientLine:
    """A line by pymodbus' client."""

    manner = MODBUS

    def __init__(self, where: Address | SerialPort) -> None:
        self.silence_s = where.silence_s
        self._where = where
        self._heard = 0  # bytes since the last question
        self._client: ModbusBaseClient | None = None

    async def open(self) -> None:
        """Connects anew. WorldFailed: it can't."""
        self.close()
        client = self._where.client(self._count)
        try:
            async with asyncio.timeout(CONNECT_WITHIN_S):
                reached = await client.connect()
        except (OSError, ModbusException) as error:  # TimeoutError is an OSError
            client.close()
            raise WorldFailed(f"{self._where} is not reached: {error}") from error
        if not reached:
            client.close()
            raise WorldFailed(f"{self._where} is not reached.")
        self._client = client

    def _count(self, is_sent: bool, data: bytes) -> bytes:
        if not is_sent:
            self._heard = len(data)
        return data

    def is_open(self) -> bool:
        """Whether the connection stands."""
        return self._client is not None and self._client.connected

    async def read(self, unit: int, block: Block, timeout_s: float) -> tuple[int, ...]:
        """The registers of `block`. Raises NoAnswer and nothing else."""
        client = self._client
        if client is None or not client.connected:
            raise NoAnswer(Failure.LINE_LOST, "the connection is lost")
        self._heard = 0
        ask = client.read_holding_registers if block.function == 3 else client.read_input_registers
        try:
            async with asyncio.timeout(timeout_s):
                answer = await ask(block.address, count=block.words, device_id=unit)
        except TimeoutError as error:
            raise self._silence(timeout_s) from error
        except (OSError, ModbusException) as error:
            failure = Failure.GARBLED if client.connected else Failure.LINE_LOST
            raise NoAnswer(failure, str(error)) from error
        return _registers(answer, block)

    def _silence(self, timeout_s: float) -> NoAnswer:
        if not self.is_open():
            return NoAnswer(Failure.LINE_LOST, "the connection was lost while it was asked")
        if self._heard:
            return NoAnswer(
                Failure.GARBLED, f"{self._heard} bytes within {timeout_s:g} s, and no answer in them"
            )
        return NoAnswer(Failure.TIME_OUT, f"no answer within {timeout_s:g} s")

    def close(self) -> None:
        """Ends the connection, if there is one."""
        if self._client is not None:
            self._client.close()
            self._client = None


def _registers(answer: ModbusPDU, block: Block) -> tuple[int, ...]:
    if answer.isError():
        code = answer.exception_code
        failure = Failure.UNREACHED if code in GATEWAY_EXCEPTIONS else Failure.REFUSED
        raise NoAnswer(failure, f"{block}: exception {code}, {EXCEPTIONS.get(code, 'not a standard one')}")
    if answer.function_code != block.function or len(answer.registers) != block.words:
        raise NoAnswer(
            Failure.GARBLED,
            f"{block}: the answer has function {answer.function_code} and {len(answer.registers)} registers",
        )
    return tuple(answer.registers)
