"""Which lines there are, and who is asked on each: worked out of the registry. Pure.

A line is opened once. Where two devices say different things of one serial port, or of what speaks on one port of a
converter, the first of them by name is believed, and the others are told why they are not asked.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from flameblue.domain.errors import BadInput
from flameblue.domain.limits import ASKED_DEVICES_MAX, ASKED_LINES_MAX
from flameblue.intake.asking.addresses import AskedDevice, DialIn, LineAddress, Place, SerialPort, place
from flameblue.intake.directory import Directory
from flameblue.intake.protocols.dlt645 import addresses as dlt645
from flameblue.profiles.loader import Profile

Line = LineAddress | dlt645.MeterLineAddress
PLACES: Mapping[str, Callable[[str], Place | dlt645.Place]] = {"modbus": place, "dlt645": dlt645.place}


class NotAsked(Enum):
    """Why a device is not asked; pages have a sentence for each."""

    NO_ADDRESS = "no_address"
    WRONG_ADDRESS = "wrong_address"
    PORT_DIFFERS = "port_differs"  # another device says other settings of the same serial port
    PROTOCOL_DIFFERS = "protocol_differs"  # another device speaks another protocol on the same port
    NO_DIAL_IN = "no_dial_in"  # there is no port for units that dial in
    TOO_MANY = "too_many"


class Refusal(NamedTuple):
    """Why, and in English for the log."""

    why: NotAsked
    said: str


@dataclass
class Asked:
    """`lines`: the `devices` of each, how many in all. `refused`: those that can't be asked."""

    lines: dict[Line, list[AskedDevice]] = field(default_factory=dict)
    refused: dict[str, Refusal] = field(default_factory=dict)
    devices: int = 0


def asked(directory: Directory, profiles: Mapping[str, Profile], *, dial_in: bool) -> Asked:
    """Everybody who is to be asked. `dial_in`: whether there is a port for units that dial in."""
    found = Asked()
    ports: dict[str, Line] = {}
    for name, entry in sorted(directory.devices.items()):
        profile = profiles.get(entry.profile)
        if profile is None or profile.protocol not in PLACES:
            continue
        try:
            where = _read(profile.protocol, entry.address)
        except BadInput as error:
            why = NotAsked.WRONG_ADDRESS if entry.address else NotAsked.NO_ADDRESS
            found.refused[name] = Refusal(
                why, str(error) if entry.address else "It has no address on the line."
            )
            continue
        refusal = _refusal(where.line, ports, dial_in=dial_in) or _full(where.line, found)
        if refusal is not None:
            found.refused[name] = refusal
            continue
        found.lines.setdefault(where.line, []).append(AskedDevice(name, where.unit))
        found.devices += 1
    return found


def units(directory: Directory, profiles: Mapping[str, Profile]) -> Mapping[str, Sequence[AskedDevice]]:
    """The units that dial in with the registry's leave, by IMEI: the devices behind each."""
    found = asked(directory, profiles, dial_in=True).lines.items()
    return {line.imei: devices for line, devices in found if isinstance(line, DialIn | dlt645.DialIn)}


@lru_cache(ASKED_DEVICES_MAX)
def _read(protocol: str, address: str) -> Place | dlt645.Place:
    """The registry is gone through at each of its changes, and its addresses stay."""
    return PLACES[protocol](address)


def _refusal(line: Line, ports: dict[str, Line], *, dial_in: bool) -> Refusal | None:
    other = ports.setdefault(_port(line), line)
    if _speaks(other) != _speaks(line):
        said = f"Another device says {other} ({_speaks(other)}) of the same port, not {_speaks(line)}."
        return Refusal(NotAsked.PROTOCOL_DIFFERS, said)
    if isinstance(line, SerialPort | dlt645.SerialPort) and other != line:
        return Refusal(NotAsked.PORT_DIFFERS, f"Another device says {other} of the same port.")
    if isinstance(line, DialIn | dlt645.DialIn) and not dial_in:
        return Refusal(NotAsked.NO_DIAL_IN, "There is no port for 4G units (modbus_dial_in.port is 0).")
    return None


def _port(line: Line) -> str:
    """What speaks one protocol: a serial port, a port of a converter, a unit that dials in."""
    if isinstance(line, DialIn | dlt645.DialIn):
        return line.imei
    if isinstance(line, SerialPort | dlt645.SerialPort):
        return line.path
    return f"{line.host}:{line.port}"


def _speaks(line: Line) -> str:
    return "DL/T 645" if isinstance(line, dlt645.MeterLineAddress) else "Modbus"


def _full(line: Line, found: Asked) -> Refusal | None:
    if line not in found.lines and len(found.lines) >= ASKED_LINES_MAX:
        return Refusal(NotAsked.TOO_MANY, f"There are {ASKED_LINES_MAX} lines already.")
    if found.devices >= ASKED_DEVICES_MAX:
        return Refusal(NotAsked.TOO_MANY, f"{ASKED_DEVICES_MAX} devices are asked already.")
    return None
