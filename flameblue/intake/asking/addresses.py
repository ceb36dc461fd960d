"""Where a device that is asked is found: a line, and the device's number on it. Pure; texts are people's.

    tcp://192.0.2.7:502?unit=17       Modbus TCP
    rtu://192.0.2.7:8899?unit=17      RTU frames inside TCP, as transparent converters carry them
    serial:/dev/ttyUSB0?baud=9600&parity=even&stop_bits=1&unit=17
    dtu:860123456789014?unit=17       a 4G unit that dials in and says its IMEI

Source: MODBUS over Serial Line V1.02, 2.2 (numbers 1 to 247); MODBUS Messaging on TCP/IP Implementation Guide V1.0b,
4.4.1.2 (over TCP also 0 and 255).
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from flameblue.intake.addresses import Misspelt, Slip, written
from flameblue.intake.addresses.written import Written

PORT = 502
FRAMES = ("tcp", "rtu")
UNITS, UNITS_OF_TCP = range(1, 248), range(256)
SILENCE_CHARACTERS, CHARACTER_BITS, SILENCE_S_MIN = 3.5, 11, 0.00175
SETTINGS = ("baud", "parity", "stop_bits")
FORMS = (
    "tcp://192.0.2.7:502?unit=17",
    "rtu://192.0.2.7:8899?unit=17",
    "serial:/dev/ttyUSB0?baud=9600&parity=even&unit=17",
    "dtu:860123456789014?unit=17",
)
LINE_FORMS = "HOST:PORT, rtu://HOST:PORT or serial:/dev/ttyUSB0?baud=9600&parity=even&stop_bits=1"


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


class SerialPort(NamedTuple):
    """A serial port of this machine, 8 data bits. What is usual is not written."""

    path: str
    baud: int = 9600
    parity: str = "none"
    stop_bits: int = 1

    def __str__(self) -> str:
        usual = SerialPort(self.path)
        said = [
            f"{name}={getattr(self, name)}"
            for name in SETTINGS
            if getattr(self, name) != getattr(usual, name)
        ]
        return f"serial:{self.path}{'?' if said else ''}{'&'.join(said)}"

    @property
    def silence_s(self) -> float:
        """3.5 characters of 11 bits before a frame, and 1.75 ms above 19200 baud (Serial Line V1.02, 2.5.1.1)."""
        return max(SILENCE_CHARACTERS * CHARACTER_BITS / self.baud, SILENCE_S_MIN)


class DialIn(NamedTuple):
    """The line behind a 4G unit that connects to us and says its IMEI."""

    imei: str

    def __str__(self) -> str:
        return f"dtu:{self.imei}"


LineAddress = Address | SerialPort | DialIn


class Place(NamedTuple):
    """One device: its line, and its number there."""

    line: LineAddress
    unit: int

    def __str__(self) -> str:
        line = str(self.line)
        return f"{line}{'&' if '?' in line else '?'}unit={self.unit}"


class AskedDevice(NamedTuple):
    """A device by its name in the directory, and its number on the line."""

    name: str
    unit: int


def place(said: str) -> Place:
    """The device that `said` names. Raises Misspelt."""
    found, settings = _line(said)
    if (number := settings.pop("unit", None)) is None:
        raise Misspelt(Slip.NUMBER_MISSING, f"{said!r} does not say the device's number: add ?unit=1.")
    _nothing_else(said, found, settings)
    allowed = UNITS_OF_TCP if isinstance(found, Address) and found.frames == "tcp" else UNITS
    if not re.fullmatch(r"[0-9]{1,3}", number) or int(number) not in allowed:
        raise Misspelt(Slip.NUMBER, f"unit={number} is no number of a device: {allowed[0]} to {allowed[-1]}.")
    return Place(found, int(number))


def address(said: str) -> Address | SerialPort:
    """A line that we open: tcp://host:port, rtu://host:port, or serial:/dev/ttyUSB0?baud=9600&parity=even.

    Without a scheme it is tcp. Raises Misspelt.
    """
    found, settings = _line(said)
    _nothing_else(said, found, settings)
    if isinstance(found, DialIn):
        raise _no_form(said)
    return found


def _line(said: str) -> tuple[LineAddress, dict[str, str]]:
    """The line, and what else is said of it."""
    found = written.read(said)
    if found is None:
        raise _no_form(said)
    match found.scheme:
        case "dtu":
            return _dial_in(said, found), found.settings
        case "serial":
            return _serial(said, found), found.settings
    if found.scheme not in FRAMES or not found.has_host():
        raise _no_form(said)
    return Address(found.host, PORT if found.port is None else found.port, found.scheme), found.settings


def _dial_in(said: str, found: Written) -> DialIn:
    if not found.imei():
        raise Misspelt(Slip.IMEI, f"{said!r} has no IMEI: 15 digits.")
    return DialIn(found.imei())


def _serial(said: str, found: Written) -> SerialPort:
    """The port; its settings are taken out of those that are said."""
    settings = found.take_serial_settings((9600, "none"))
    if not found.names_a_serial_port():
        raise _no_form(said)
    if settings is None:
        raise _no_serial(said)
    return SerialPort(found.path, *settings)


def _nothing_else(said: str, found: LineAddress, settings: Mapping[str, str]) -> None:
    if settings:
        raise _no_serial(said) if isinstance(found, SerialPort) else _no_form(said)


def _no_serial(said: str) -> Misspelt:
    form = "serial:/dev/ttyUSB0?baud=9600&parity=even&stop_bits=1"
    return Misspelt(Slip.SERIAL, f"{said!r} should look like {form}.")


def _no_form(said: str) -> Misspelt:
    return Misspelt(Slip.FORM, f"{said!r} should look like {LINE_FORMS}.")
