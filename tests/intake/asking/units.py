"""A port for 4G units without a port, and units at the other end of it."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from flameblue.config import ModbusDialIn
from flameblue.intake.asking.dial_in import DialIn
from flameblue.intake.asking.dial_in_connection import Connection
from flameblue.intake.directory import DeviceEntry, Directory
from flameblue.intake.protocols import modbus_rtu
from flameblue.intake.protocols.modbus_rtu.codec import encode
from flameblue.intake.reception import Intake
from flameblue.profiles.loader import Profile, Shelf
from tests.intake.asking.models import entry

IMEI, OTHER = "860123456789014", "490154203237518"
QUIET_S = 180.0


class _Socket:
    def setsockopt(self, *_: Any) -> None:
        """The unit has no kernel."""


class Unit(asyncio.Transport):
    """One connection to `desk`. `devices`: by number, their registers by address; it answers as its line does.

    `before`: what it sends ahead of each answer, its heartbeats for example.
    """

    def __init__(
        self, desk: DialIn, devices: Mapping[int, Mapping[int, int]] | None = None, peer: str = "10.0.0.9"
    ) -> None:
        super().__init__(extra={"peername": (peer, 5), "socket": _Socket()})
        self.devices = devices or {}
        self.before = b""
        self.asked: list[bytes] = []
        self.is_cut = False
        self.connection = Connection(desk)
        self.connection.connection_made(self)

    def says(self, data: bytes) -> None:
        if not self.is_cut:
            self.connection.data_received(data)

    def vanish(self) -> None:
        """The network is gone."""
        self.is_cut = True
        self.connection.connection_lost(None)

    def write(self, data: Any) -> None:
        for frame in modbus_rtu.PLUGIN.session().feed(bytes(data)):
            self.asked.append(bytes(data))
            asyncio.get_running_loop().call_soon(self._answer, frame.address, frame.pdu)

    def _answer(self, number: int, pdu: bytes) -> None:
        start, count = int.from_bytes(pdu[1:3], "big"), int.from_bytes(pdu[3:5], "big")
        registers = self.devices.get(number)
        if registers is None:
            return
        if not all(start + place in registers for place in range(count)):
            self.says(self.before + encode(number, bytes([pdu[0] | 0x80, 2])))
            return
        words = b"".join(registers[start + place].to_bytes(2, "big") for place in range(count))
        self.says(self.before + encode(number, bytes([pdu[0], len(words)]) + words))

    def abort(self) -> None:
        if not self.is_cut:
            self.is_cut = True
            asyncio.get_running_loop().call_soon(self.connection.connection_lost, None)


def know_units(
    desk: Intake, profile: Profile, addresses: Mapping[str, str], pairing_until_ns: int = 0
) -> Sequence[DeviceEntry]:
    """The directory: devices of `profile` by name, each at its address; their points numbered on."""
    count = len(profile.points)
    entries = {
        name: DeviceEntry(name, profile.name, "", entry(name, profile, 1 + place * count).points, address)
        for place, (name, address) in enumerate(addresses.items())
    }
    desk.directory = Directory(entries, {}, pairing_until_ns)
    return list(entries.values())


def port_for(desk: Intake, folder: Any) -> DialIn:
    """The port, which takes the models in `folder`."""
    desk.shelf = Shelf(folder)
    desk.look_at_profiles()
    return DialIn(desk, ModbusDialIn(quiet_s=QUIET_S))
