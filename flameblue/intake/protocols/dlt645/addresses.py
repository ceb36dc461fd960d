"""Where a DL/T 645 device is found: a line, and the device's own address on it. Pure.

    tcp://192.0.2.7:8899?meter=000000123456    a transparent converter: the frames inside TCP
    serial:/dev/ttyUSB0?meter=000000123456     a serial port; what is not said is baud=2400, parity=even, stop_bits=1
    dtu:860123456789014?meter=000000123456     a 4G unit that dials in and says its IMEI

A line is never equal to one of another protocol: whoever keeps lines sees that a port speaks another one now.
Source: DL/T 645-2007, 5.1 (a byte has even parity and one stop bit), 5.2.2 (addresses: twelve digits; 99 in all bytes
is everybody, and nobody answers). 2400 baud is what public drivers take where nothing is said.
"""

import re
from dataclasses import astuple, dataclass, fields
from typing import NamedTuple

from flameblue.intake.addresses import Misspelt, Slip, written
from flameblue.intake.addresses.written import Written

EVERYBODY = "9" * 12
FORMS = (
    "tcp://192.0.2.7:8899?meter=000000123456",
    "serial:/dev/ttyUSB0?baud=9600&meter=000000123456",
    "dtu:860123456789014?meter=000000123456",
)


@dataclass(frozen=True, slots=True)
class Converter:
    """A line behind a converter that hands on its bytes over TCP. Which port that is, is the converter's setting."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"tcp://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class SerialPort:
    """A serial port of this machine, 8 data bits."""

    path: str
    baud: int = 2400
    parity: str = "even"
    stop_bits: int = 1

    def __str__(self) -> str:
        facts = zip(fields(self), astuple(self), astuple(SerialPort(self.path)), strict=True)
        said = "&".join(f"{one.name}={value}" for one, value, usual in facts if value != usual)
        return f"serial:{self.path}{'?' if said else ''}{said}"


@dataclass(frozen=True, slots=True)
class DialIn:
    """The line behind a 4G unit that connects to us and says its IMEI."""

    imei: str

    def __str__(self) -> str:
        return f"dtu:{self.imei}"


MeterLineAddress = Converter | SerialPort | DialIn


class Place(NamedTuple):
    """One device: its line, and its twelve digits."""

    line: MeterLineAddress
    meter: str

    def __str__(self) -> str:
        line = str(self.line)
        return f"{line}{'&' if '?' in line else '?'}meter={self.meter}"

    @property
    def unit(self) -> int:
        """Its number on the line: a half byte a digit, as it travels."""
        return int(self.meter, 16)


def place(said: str) -> Place:
    """The device that `said` names; fewer than twelve digits have noughts before them. Misspelt: it is none."""
    line, meter = line_and_meter(said)
    if not meter:
        raise Misspelt(
            Slip.METER_MISSING,
            f"{said!r} does not say the meter's address: add ?meter= and its twelve digits.",
        )
    return Place(line, meter)


def line_and_meter(said: str) -> tuple[MeterLineAddress, str]:
    """The same, where the meter need not be said: "". Without a scheme it is tcp. Misspelt: it looks like neither."""
    found = written.read(said)
    if found is None:
        raise _no_form(said)
    settings = found.settings
    meter = _meter(said, settings.pop("meter")) if "meter" in settings else ""
    if found.scheme == "serial":
        return _serial(said, found), meter
    if found.scheme == "dtu" and not settings:
        return _dial_in(said, found), meter
    if settings or found.scheme != "tcp" or not found.has_host() or not found.port:
        raise _no_form(said)
    return Converter(found.host, found.port), meter


def _meter(said: str, digits: str) -> str:
    meter = digits.zfill(12)
    if not re.fullmatch(r"[0-9]{1,12}", digits) or meter == EVERYBODY:
        raise Misspelt(
            Slip.METER, f"{said!r}: {digits} is no address of a meter, which has up to twelve digits."
        )
    return meter


def _dial_in(said: str, found: Written) -> DialIn:
    if not found.imei():
        raise Misspelt(Slip.IMEI, f"{said!r} has no IMEI: 15 digits.")
    return DialIn(found.imei())


def _serial(said: str, found: Written) -> SerialPort:
    settings = found.take_serial_settings((2400, "even"))
    if not found.names_a_serial_port():
        raise _no_form(said)
    if found.settings or settings is None:
        form = "serial:/dev/ttyUSB0?baud=2400&parity=even&stop_bits=1&meter=000000123456"
        raise Misspelt(Slip.SERIAL, f"{said!r} should look like {form}.")
    return SerialPort(found.path, *settings)


def _no_form(said: str) -> Misspelt:
    return Misspelt(Slip.FORM, f"{said!r} should look like {' or '.join(FORMS)}.")
