"""A line on which devices are asked, by pymodbus' client: Modbus TCP, or RTU frames inside TCP (a converter's).

pymodbus does frames, transaction numbers and CRCs; who is asked, when, and again, is `poller`'s matter: its own
repetitions and reconnections are switched off.
"""

import asyncio
import logging
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

from pymodbus import FramerType
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ModbusPDU

from flameblue.domain.errors import BadInput, WorldFailed
from flameblue.intake.asking.blocks import Block
from flameblue.intake.asking.round_trips import Failure, NoAnswer
from flameblue.intake.protocols.modbus_pdu import EXCEPTIONS

CONNECT_WITHIN_S = 5.0
PORT = 502
GATEWAY_EXCEPTIONS = (10, 11)  # MODBUS Application Protocol Specification V1.1b3, 7
FRAMERS = {"tcp": FramerType.SOCKET, "rtu": FramerType.RTU}

# It tells every late answer as an error; we count them (see `round_trips`).
logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)


class Address(NamedTuple):
    """Where a line is reached, and which frames it speaks: "tcp" or "rtu"."""

    host: str
    port: int
    frames: str

    def __str__(self) -> str:
        return f"{self.frames}://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


def address(said: str) -> Address:
    """tcp://host:port, or rtu://host:port with RTU frames inside TCP; without a scheme it is tcp. BadInput: neither."""
    parts = urlsplit(said if "://" in said else f"tcp://{said}")
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in FRAMERS or not parts.hostname or port == -1 or parts.path.strip("/"):
        raise BadInput(f"{said!r} should look like HOST:PORT, tcp://HOST:PORT or rtu://HOST:PORT.")
    return Address(parts.hostname, PORT if port is None else port, parts.scheme)


class Line(Protocol):
    """One question at a time, one answer or NoAnswer."""

    async def open(self) -> None:
        """Connects. WorldFailed: it can't."""

    def is_open(self) -> bool:
        """Whether the connection stands, as far as is known."""

    async def read(self, unit: int, block: Block, timeout_s: float) -> tuple[int, ...]:
        """The registers of `block`. Raises NoAnswer and nothing else."""

    def close(self) -> None:
        """Ends the connection."""


class TcpLine:
    """A line that is reached over TCP."""

    def __init__(self, where: Address) -> None:
        self._where = where
        self._heard = 0  # bytes since the last question
        self._client: AsyncModbusTcpClient | None = None

    async def open(self) -> None:
        """Connects anew. WorldFailed: it can't."""
        self.close()
        client = AsyncModbusTcpClient(
            self._where.host,
            port=self._where.port,
            framer=FRAMERS[self._where.frames],
            timeout=CONNECT_WITHIN_S,
            retries=0,
            reconnect_delay=0,
            trace_packet=self._count,
        )
        try:
            reached = await client.connect()
        except (OSError, ModbusException) as error:
            raise WorldFailed(f"{self._where} is not reached: {error}") from error
        if not reached:
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
