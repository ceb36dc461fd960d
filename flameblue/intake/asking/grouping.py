"""Which lines there are, and who is asked on each: worked out of the registry. Pure.

A line is opened once. Where two devices say different things of one serial port, the first of them by name is
believed, and the others are told why they are not asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from flameblue.domain.errors import BadInput
from flameblue.domain.limits import ASKED_DEVICES_MAX, ASKED_LINES_MAX
from flameblue.intake.asking.addresses import AskedDevice, DialIn, LineAddress, Place, SerialPort, place
from flameblue.intake.directory import DeviceEntry, Directory
from flameblue.profiles.loader import Profile

PROTOCOL = "modbus"


@dataclass
class Asked:
    """`lines`: the `devices` of each, how many in all. `trouble`: of one that can't be asked, why, in English."""

    lines: dict[LineAddress, list[AskedDevice]] = field(default_factory=dict)
    trouble: dict[str, str] = field(default_factory=dict)
    devices: int = 0


def asked(directory: Directory, profiles: Mapping[str, Profile], *, dial_in: bool) -> Asked:
    """Everybody who is to be asked. `dial_in`: whether there is a port for units that dial in."""
    found = Asked()
    ports: dict[str, SerialPort] = {}
    for name, entry in sorted(directory.devices.items()):
        profile = profiles.get(entry.profile)
        if profile is None or profile.protocol != PROTOCOL:
            continue
        try:
            where = _place(entry)
            _check(where.line, ports, dial_in=dial_in)
            _add(found, name, where)
        except BadInput as why:
            found.trouble[name] = str(why)
    return found


def imeis(directory: Directory, profiles: Mapping[str, Profile]) -> frozenset[str]:
    """The units that dial in with the registry's leave."""
    return frozenset(
        line.imei for line in asked(directory, profiles, dial_in=True).lines if isinstance(line, DialIn)
    )


def _place(entry: DeviceEntry) -> Place:
    if not entry.address:
        raise BadInput("It has no address on the line.")
    return place(entry.address)


def _check(line: LineAddress, ports: dict[str, SerialPort], *, dial_in: bool) -> None:
    if isinstance(line, SerialPort) and ports.setdefault(line.path, line) != line:
        raise BadInput(f"Another device says {ports[line.path]} of the same port.")
    if isinstance(line, DialIn) and not dial_in:
        raise BadInput("This installation has no port for units that dial in (modbus_dial_in.port is 0).")


def _add(found: Asked, name: str, where: Place) -> None:
    if where.line not in found.lines and len(found.lines) >= ASKED_LINES_MAX:
        raise BadInput(f"There are {ASKED_LINES_MAX} lines already.")
    if found.devices >= ASKED_DEVICES_MAX:
        raise BadInput(f"{ASKED_DEVICES_MAX} devices are asked already.")
    found.lines.setdefault(where.line, []).append(AskedDevice(name, where.unit))
    found.devices += 1
