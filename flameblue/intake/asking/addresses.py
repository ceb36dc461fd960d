"""Where a device that is asked is found: a line, and the device's number on it. Pure; texts are people's.

    tcp://192.0.2.7:502?unit=17       Modbus TCP
    rtu://192.0.2.7:8899?unit=17      RTU frames inside TCP, as transparent converters carry them
    serial:/dev/ttyUSB0?baud=9600&parity=even&stop_bits=1&unit=17
    dtu:860123456789014?unit=17       a 4G unit that dials in and says its IMEI

Source: MODBUS over Serial Line V1.02, 2.2 (numbers 1 to 247); MODBUS Messaging on TCP/IP Implementation Guide V1.0b,
4.4.1.2 (over TCP also 0 and 255).
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import SplitResult, parse_qsl, urlsplit

from flameblue.intake.addresses import Misspelt, Slip

PORT = 502
FRAMES = ("tcp", "rtu")
PARITIES = ("none", "even", "odd")
BAUD_MAX = 1_000_000
UNITS, UNITS_OF_TCP = range(1, 248), range(256)
IMEI = re.compile(r"\d{15}")
HOST = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?|[0-9a-f:.]*:[0-9a-f:.]*")
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
    """A serial port of this machine, 8 data bits. What is usual is not written: an address has 64 characters."""

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
    plain = unicodedata.normalize("NFKC", said).strip()
    is_named = ":/" in plain or plain[:4].lower() == "dtu:"
    try:
        parts = urlsplit(plain if is_named else f"tcp://{plain}")
        port = parts.port
    except ValueError:
        raise _no_form(said) from None
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    settings = {name.lower(): value.strip().lower() for name, value in pairs}
    if len(settings) < len(pairs) or parts.fragment:
        raise _no_form(said)
    if parts.scheme == "dtu":
        return _dial_in(said, parts.path), settings
    if parts.scheme == "serial":
        return _serial(said, parts, settings), settings
    host = parts.hostname or ""
    if parts.scheme not in FRAMES or not HOST.fullmatch(host) or "@" in parts.netloc or parts.path.strip("/"):
        raise _no_form(said)
    return Address(host, PORT if port is None else port, parts.scheme), settings


def _dial_in(said: str, imei: str) -> DialIn:
    if not IMEI.fullmatch(imei.strip("/")):
        raise Misspelt(Slip.IMEI, f"{said!r} has no IMEI: 15 digits.")
    return DialIn(imei.strip("/"))


def _serial(said: str, parts: SplitResult, settings: dict[str, str]) -> SerialPort:
    """The port; its settings are taken out of `settings`."""
    baud, stop_bits = settings.pop("baud", "9600"), settings.pop("stop_bits", "1")
    parity = settings.pop("parity", "none")
    if not re.fullmatch(r"/[^\s?&#]+", parts.path) or parts.netloc:
        raise _no_form(said)
    is_baud = re.fullmatch(r"[0-9]{1,7}", baud) and 0 < int(baud) <= BAUD_MAX
    if not is_baud or parity not in PARITIES or stop_bits not in ("1", "2"):
        raise _no_serial(said)
    return SerialPort(parts.path, int(baud), parity, int(stop_bits))


def _nothing_else(said: str, found: LineAddress, settings: Mapping[str, str]) -> None:
    if settings:
        raise _no_serial(said) if isinstance(found, SerialPort) else _no_form(said)


def _no_serial(said: str) -> Misspelt:
    form = "serial:/dev/ttyUSB0?baud=9600&parity=even&stop_bits=1"
    return Misspelt(Slip.SERIAL, f"{said!r} should look like {form}.")


def _no_form(said: str) -> Misspelt:
    return Misspelt(Slip.FORM, f"{said!r} should look like {LINE_FORMS}.")
