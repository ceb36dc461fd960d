"""A line of DL/T 645 devices over any bytes: what is asked, what of the bytes that come is the answer, and what not."""

import asyncio
import termios
from collections.abc import Callable

import pytest

from flameblue.domain.errors import WorldFailed
from flameblue.domain.limits import DLT645_PARTS_MAX
from flameblue.intake.asking.meter_line import MeterLine, Wire
from flameblue.intake.asking.metering import ANY, Question
from flameblue.intake.asking.round_trips import Failure, NoAnswer
from tests.intake.asking.meters import Bus, Meter, framed, voltage

ADDRESS, UNIT = "000000000161", 0x161
VOLTAGE = Question("02010100")
ASKS = bytes.fromhex("00010102")
SOON_S = 0.0  # what a device says, it says at once here
VOLTS = {"02010100": voltage(231.5)}


class Cable(asyncio.WriteTransport):
    """Hands what is sent to `far`, and its answer back at once."""

    def __init__(self, wire: Wire, far: Callable[[bytes], bytes]) -> None:
        super().__init__()
        self.wire, self.far = wire, far
        self.sent: list[bytes] = []
        self.is_cut = False
        wire.connection_made(self)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.sent.append(bytes(data))
        for piece in (answer := self.far(bytes(data)))[:3], answer[3:]:
            if piece:
                self.wire.data_received(piece)

    def close(self) -> None:
        self.is_cut = True

    def is_closing(self) -> bool:
        return self.is_cut


class Room:
    """A line to `far` that counts how often it was opened."""

    def __init__(self, far: Callable[[bytes], bytes]) -> None:
        self.far = far
        self.cables: list[Cable] = []
        self.line = MeterLine("tcp://gate:1", self.opening)

    async def opening(self) -> Wire:
        wire = Wire()
        self.cables.append(Cable(wire, self.far))
        return wire


async def opened(far: Callable[[bytes], bytes]) -> Room:
    room = Room(far)
    await room.line.open()
    return room


async def failing(room: Room, question: Question = VOLTAGE) -> NoAnswer:
    with pytest.raises(NoAnswer) as caught:
        await room.line.read(UNIT, question, SOON_S)
    return caught.value


async def test_a_device_is_woken_asked_and_heard() -> None:
    bus = Bus(Meter(ADDRESS, VOLTS), Meter("100023669245", {"02010100": voltage(1)}))
    room = await opened(bus.hear)
    assert await room.line.read(UNIT, VOLTAGE, SOON_S) == voltage(231.5)
    assert bus.woken == 4
    assert await room.line.read(0x100023669245, VOLTAGE, SOON_S) == voltage(1)


async def test_whoever_is_alone_on_the_line_need_not_be_named() -> None:
    room = await opened(Bus(Meter("100023669245", VOLTS)).hear)
    assert await room.line.read(ANY, VOLTAGE, SOON_S) == voltage(231.5)


@pytest.mark.parametrize("parts", [1, 2, DLT645_PARTS_MAX])
async def test_an_answer_in_several_frames_is_put_together(parts: int) -> None:
    whole = bytes(range(10 * parts))
    room = await opened(Bus(Meter(ADDRESS, {"0201FF00": whole}, frame_bytes=10)).hear)
    assert await room.line.read(UNIT, Question("0201FF00"), SOON_S) == whole
    assert len(room.cables[0].sent) == parts


async def test_an_answer_without_an_end_is_none() -> None:
    meter = Meter(ADDRESS, {"0201FF00": bytes(10 * DLT645_PARTS_MAX + 1)}, frame_bytes=10)
    room = await opened(Bus(meter).hear)
    why = await failing(room, Question("0201FF00"))
    assert (why.failure, len(meter.asked)) == (Failure.GARBLED, DLT645_PARTS_MAX)


async def test_a_refusal_and_silence_are_told_apart() -> None:
    room = await opened(Bus(Meter(ADDRESS, {})).hear)
    why = await failing(room)
    assert (why.failure, str(why)) == (Failure.REFUSED, "identifier 02010100: error word 02H, no such data")
    room = await opened(Bus().hear)
    why = await failing(room)
    assert (why.failure, str(why)) == (Failure.TIME_OUT, "no answer within 0 s")


async def test_a_damaged_answer_is_counted_as_one() -> None:
    def damaged(data: bytes) -> bytes:
        good = bytearray(Bus(Meter(ADDRESS, VOLTS)).hear(data))
        good[-4] ^= 1
        return bytes(good)

    why = await failing(await opened(damaged))
    assert (why.failure, str(why)) == (Failure.GARBLED, "22 bytes within 0 s, and no answer in them")


@pytest.mark.parametrize(
    ("said", "failure", "told"),
    [
        (
            framed("000000000999", 0x91, ASKS + b"\x11\x11"),
            Failure.OTHER_ADDRESS,
            "000000000999 answers in the place of 000000000161",
        ),
        (
            framed("000000000999", 0xD1, b"\x02"),
            Failure.OTHER_ADDRESS,
            "000000000999 answers in the place of 000000000161",
        ),
        (
            framed(ADDRESS, 0x91, bytes.fromhex("00020102") + b"\x11\x11"),
            Failure.OTHER_ANSWER,
            "the answer has the identifier 02010200",
        ),
        (
            framed(ADDRESS, 0x92, ASKS + b"\x11\x03"),
            Failure.OTHER_ANSWER,
            "the answer has part 3, and part 0 was asked for",
        ),
        (
            framed(ADDRESS, 0x91, b"\x00\x01"),
            Failure.OTHER_ANSWER,
            "the answer has 2 bytes, in which no identifier fits",
        ),
        (
            framed(ADDRESS, 0x93, bytes(6)),
            Failure.OTHER_ANSWER,
            "the answer has control code 93H",
        ),
    ],
)
async def test_a_right_frame_that_is_no_answer_says_what_is_wrong_with_it(
    said: bytes, failure: Failure, told: str
) -> None:
    why = await failing(await opened(lambda _: said))
    assert (why.failure, str(why)) == (failure, f"identifier 02010100: {told}")


@pytest.mark.parametrize(
    "noise",
    [
        b"\x00\xff\x68\x16",
        bytes.fromhex(
            "68 61 01 00 00 00 00 68 91 c8"
        ),  # the head of a frame of 200 bytes whose rest never came
        framed("000000000999", 0x91, ASKS + b"\x11\x11"),
        framed(ADDRESS, 0x91, bytes.fromhex("00020102") + b"\x11\x11"),
    ],
)
async def test_an_answer_is_found_behind_whatever_came_before_it(noise: bytes) -> None:
    bus = Bus(Meter(ADDRESS, VOLTS))
    room = await opened(lambda data: noise + bus.hear(data))
    assert await room.line.read(UNIT, VOLTAGE, SOON_S) == voltage(231.5)


async def test_the_echo_of_a_converter_is_no_answer() -> None:
    bus = Bus(Meter(ADDRESS, VOLTS))
    room = await opened(lambda data: data + bus.hear(data))
    assert await room.line.read(UNIT, VOLTAGE, SOON_S) == voltage(231.5)
    assert (await failing(await opened(lambda data: data))).failure is Failure.GARBLED


async def test_what_comes_while_nobody_is_asked_is_dropped() -> None:
    """A late answer would be taken for that of the next turn, minutes old."""
    room = await opened(Bus().hear)
    cable = room.cables[0]
    await failing(room)
    cable.wire.data_received(framed(ADDRESS, 0x91, ASKS + voltage(99)))
    assert (await failing(room)).failure is Failure.TIME_OUT
    cable.far = Bus(Meter(ADDRESS, VOLTS)).hear
    assert await room.line.read(UNIT, VOLTAGE, SOON_S) == voltage(231.5)


async def test_a_flood_of_garbage_keeps_nothing_and_costs_only_its_turn() -> None:
    room = await opened(lambda _: b"\x68" * 1_000_000)
    why = await failing(room)
    assert (why.failure, str(why)[:13]) == (Failure.GARBLED, "1000000 bytes")
    room.cables[0].far = Bus().hear
    assert (await failing(room)).failure is Failure.TIME_OUT, "what was heard before does not count"
    room.cables[0].far = Bus(Meter(ADDRESS, VOLTS)).hear
    assert await room.line.read(UNIT, VOLTAGE, SOON_S) == voltage(231.5)


async def test_a_connection_that_breaks_is_told_as_that() -> None:
    room = Room(lambda _: b"")
    assert not room.line.is_open()
    assert (await failing(room)).failure is Failure.LINE_LOST
    await room.line.open()
    cable = room.cables[0]

    def cut(_: bytes) -> bytes:
        cable.wire.connection_lost(None)
        return b""

    cable.far = cut
    assert room.line.is_open()
    assert (await failing(room)).failure is Failure.LINE_LOST
    assert not room.line.is_open()
    assert (await failing(room)).failure is Failure.LINE_LOST


async def test_opening_anew_ends_the_old_connection() -> None:
    room = await opened(Bus(Meter(ADDRESS, VOLTS)).hear)
    await room.line.open()
    assert [cable.is_cut for cable in room.cables] == [True, False]
    assert await room.line.read(UNIT, VOLTAGE, SOON_S) == voltage(231.5)
    room.line.close()
    assert not room.line.is_open()
    assert room.cables[1].is_cut


@pytest.mark.parametrize("error", [OSError("no route"), termios.error("no such parity")])
async def test_a_line_that_is_not_reached_says_which(error: Exception) -> None:
    async def opening() -> Wire:
        raise error

    with pytest.raises(WorldFailed, match=f"tcp://gate:1 is not reached: {error}"):
        await MeterLine("tcp://gate:1", opening).open()
