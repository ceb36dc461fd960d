"""Devices that say nothing unasked: Modbus units and DL/T 645 meters behind a server of ours, Modbus behind a 4G DTU.

Promises: each answers only its own address, with what it measured last; a dark one is as silent as a gateway says it;
an answer is told when it has left whole.
Sources: MODBUS Messaging on TCP/IP V1.0b, MODBUS over Serial Line V1.02; DL/T 645-2007; docs/simulation.md (dial-in).
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from flameblue.intake.protocols import dlt645, modbus_rtu, modbus_tcp
from flameblue.intake.protocols.dlt645 import codec as dlt645_codec
from flameblue.intake.protocols.modbus_rtu import codec as rtu_codec
from flameblue.intake.protocols.modbus_tcp import codec as tcp_codec
from flameblue.profiles.loader import Profile
from flameblue.simulation import meter, slave
from flameblue.simulation.bad_line import BadLine, dialled, listening, until_one_ends
from flameblue.simulation.device import Address, Dialling, LineLost, Surroundings
from flameblue.simulation.measuring import Sample
from flameblue.simulation.meter import Meter

MODBUS, DTU, DLT645 = "modbus", "dtu", "dlt645"
DTU_UNIT = 1  # a device that is alone on its line
HEARTBEAT_S = 25.0  # of a DTU, between other bytes
HEARTBEAT = b"ping"
NS_PER_MS = 1_000_000


class Reply(NamedTuple):
    """What is sent, and the values in it by the registry's keys."""

    data: bytes
    values: Mapping[str, Any]


class Asked:
    """The detector of one circuit as whoever asks it sees it: what it measured last, or darkness."""

    def __init__(self, name: str, around: Surroundings) -> None:
        self.name = name
        self.around = around
        self.sample: Sample | None = None
        self._is_dark = False

    def take(self, sample: Sample) -> None:
        """In the place of what it measured before."""
        self.sample = sample
        self.around.counts.samples += 1

    def is_dark(self) -> bool:
        """Whether it has no power."""
        return self._is_dark

    def lose_power(self) -> None:
        """It answers nobody."""
        self._is_dark, self.sample = True, None

    def gain_power(self) -> None:
        """It answers as soon as it has measured something."""
        self._is_dark = False

    def left(self, reply: Reply) -> None:
        """An answer has gone out whole; one that has no value in it, such as states alone, is told too."""
        self.around.counts.answered += 1
        self.around.tell(self.name, self.around.clock.now_ns() // NS_PER_MS, reply.values)


class Unit(Asked):
    """A Modbus unit of any of our models."""

    def __init__(self, name: str, unit: int, profile: Profile, around: Surroundings) -> None:
        super().__init__(name, around)
        self.unit = unit
        self._profile = profile

    def answer(self, pdu: bytes) -> Reply | None:
        """None: nothing is measured yet, or never will be."""
        if self.sample is None:
            return None
        values = slave.values_of(self._profile, self.sample)
        said = slave.answer(self._profile, slave.registers_of(self._profile, values), pdu)
        points = self._profile.points
        return Reply(said.pdu, {key: slave.as_read(points[key], values[key]) for key in said.keys})


class MeterUnit(Asked):
    """A meter of DL/T 645."""

    def __init__(self, name: str, own: Meter, around: Surroundings) -> None:
        super().__init__(name, around)
        self.meter = own

    def answer(self, frame: dlt645_codec.Frame) -> Reply | None:
        """None: the frame is another's, or nothing is measured yet."""
        said = None if self.sample is None else meter.answer(self.meter, self.sample, frame)
        if self.sample is None or said is None:
            return None
        return Reply(said.frame, said.values)


class Server:
    """One port with several devices behind it: a Modbus gateway, or a transparent converter with meters."""

    def __init__(self, kind: str, devices: Sequence[Asked], address: Address, around: Surroundings) -> None:
        self._kind, self._address, self._around = kind, address, around
        self._units = {device.unit: device for device in devices if isinstance(device, Unit)}
        self._meters = [device for device in devices if isinstance(device, MeterUnit)]
        self._lines = 0

    async def speak(self, connected: asyncio.Event) -> None:
        """Listens for ever; WorldFailed where the port can't be had."""
        self._connected = connected
        async with listening(self._address, self._serve) as server:
            await server.serve_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._lines += 1
        line = BadLine(reader, writer, f"{self._kind}/{self._address.port}/{self._lines}", self._around)
        self._around.counts.connected += 1
        self._connected.set()
        talk = self._as_gateway if self._kind == MODBUS else self._as_converter
        try:
            await until_one_ends(talk(line), line.last())
        except OSError:
            self._around.counts.broken += 1
        finally:
            await line.close()

    async def _as_gateway(self, line: BadLine) -> None:
        """A unit that is not there, or dark, is told by the gateway (exception 11)."""
        session = modbus_tcp.PLUGIN.session()
        while True:
            for frame in session.feed(await line.read()):
                unit = self._units.get(frame.unit)
                reply = None if unit is None or unit.is_dark() else unit.answer(frame.pdu)
                pdu = slave.refusal(frame.pdu[0], slave.TARGET_SILENT) if reply is None else reply.data
                whole = await line.send(tcp_codec.encode(frame.transaction, frame.unit, pdu), checked=False)
                if unit is not None and reply is not None and whole:
                    unit.left(reply)

    async def _as_converter(self, line: BadLine) -> None:
        """Nobody speaks for a meter that is not there."""
        session = dlt645.PLUGIN.session()
        while True:
            for frame in session.feed(await line.read()):
                await self._answer_as_meters(line, frame)

    async def _answer_as_meters(self, line: BadLine, frame: dlt645_codec.Frame) -> None:
        for one in self._meters:
            reply = None if one.is_dark() else one.answer(frame)
            if reply is not None and await line.send(reply.data, checked=True):
                one.left(reply)


class DtuUnit(Unit):
    """A Modbus unit on the serial port of a 4G DTU of its own."""

    def __init__(self, name: str, imei: str, profile: Profile, around: Surroundings) -> None:
        super().__init__(name, DTU_UNIT, profile, around)
        self.imei = imei


class Dtu(Dialling):
    """A 4G DTU that dials in: it says its IMEI first, then carries RTU frames, with heartbeats between them."""

    def __init__(self, behind: DtuUnit, address: Address) -> None:
        super().__init__(behind.name, behind.around)
        self._behind = behind
        self._address = address

    async def converse(self) -> None:
        """Until the line ends, or the power."""
        if self._behind.is_dark():
            raise LineLost("no power")
        async with dialled(self._address, f"{DTU}/{self.name}", self.around) as line:
            await line.send(self._behind.imei.encode("ascii"), checked=False)
            self.arrived()
            await until_one_ends(self._answer(line), self._beat(line), line.last())

    async def _answer(self, line: BadLine) -> None:
        session = modbus_rtu.PLUGIN.session()
        while True:
            for frame in session.feed(await line.read()):
                reply = self._behind.answer(frame.pdu) if frame.address == self._behind.unit else None
                if reply is None:
                    continue
                if await line.send(rtu_codec.encode(frame.address, reply.data), checked=True):
                    self._behind.left(reply)

    async def _beat(self, line: BadLine) -> None:
        while not self._behind.is_dark():
            await asyncio.sleep(HEARTBEAT_S)
            await line.send(HEARTBEAT, checked=False)
