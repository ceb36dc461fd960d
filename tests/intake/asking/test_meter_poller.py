"""The DL/T 645 devices of a line are asked in turn: simulated meters on a simulated line in simulated time."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from flameblue.domain.clock import ManualClock
from flameblue.domain.readings import Mark
from flameblue.intake.asking import metering
from flameblue.intake.asking.addresses import AskedDevice
from flameblue.intake.asking.metering import METERING, Question
from flameblue.intake.asking.poller import Poller
from flameblue.intake.asking.round_trips import Failure, NoAnswer
from flameblue.intake.protocols.dlt645.codec import Session
from flameblue.intake.reception import Intake
from flameblue.profiles.loader import Profile, Shelf, load, package_folder
from tests.intake.asking.meters import Bus, Meter, current, voltage
from tests.intake.asking.models import model, point
from tests.intake.asking.world import Ended, OthersFirst, know
from tests.intake.valley import MemorySink

BITS = 11  # of a character: 8E1, DL/T 645-2007, 5.1
DELAY_S = 0.02  # the least before an answer, 5.3.3
HEAD = "name: relay\nprotocol: dlt645\ninterval_s: {every}\ndlt645: {{timeout_ms: 500}}\npoints:\n"
STATED = HEAD.format(every=5) + (
    '  ir: {quantity: residual_current_ma, item: {identifier: "02900100", bytes: 2}, '
    'states: [{identifier: "04000501", mask: 0x80, alarm: [0x80]}]}\n'
    '  u: {quantity: voltage_v, scale: 0.1, item: {identifier: "02010100", bytes: 2}}\n'
)
ASSUMED = int(Mark.TIME_ASSUMED)
QUIET = {"02900100": b"\x35\x00", "04000501": b"\x00", "02010100": voltage(231.5)}


class SimulatedMeters:
    """A line with the devices of `bus`, which keeps it busy as long as the characters of its frames take."""

    manner = METERING
    peer = ""
    silence_s = 0.0
    open_again_s_max = 60.0

    def __init__(self, clock: ManualClock, bus: Bus, *, until_s: float, baud: int = 9600) -> None:
        self.clock, self.bus, self.until_s, self.baud = clock, bus, until_s, baud
        self.busy_s = 0.0
        self.exchanges = 0

    async def open(self) -> None:
        if not self.is_open():
            raise Ended

    def is_open(self) -> bool:
        return self.clock.monotonic_s() < self.until_s

    def mark(self, question: Question) -> Question:
        return question

    async def read(self, unit: int, question: Question, timeout_s: float) -> bytes:
        request = metering.request(unit, question)
        await OthersFirst()
        answer = self.bus.hear(request)
        self.exchanges += 1
        busy_s = timeout_s if not answer else (len(request) + len(answer)) * BITS / self.baud + DELAY_S
        self.busy_s += busy_s
        self.clock.advance(busy_s)
        for frame in Session().feed(answer):
            if (found := metering.part(frame, unit, question)) is not None:
                return found.data
        raise NoAnswer(Failure.TIME_OUT, "nothing")

    def close(self) -> None:
        pass


def made(folder: Path, text: str) -> Profile:
    path = folder / "relay.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path)


async def run(desk: Intake, line: Any, units: Mapping[str, int]) -> Poller[Any, Any]:
    """Asks until the line's time is over."""

    async def sleep(seconds: float) -> None:
        line.clock.advance(seconds)
        for _ in range(10):
            await OthersFirst()

    poller = Poller(desk, line, [AskedDevice(name, unit) for name, unit in units.items()], sleep)
    with pytest.raises(ExceptionGroup) as caught:
        await poller.serve()
    assert caught.group_contains(Ended)
    return poller


async def test_what_a_breaker_answers_becomes_readings_with_its_marks(
    tmp_path: Path, desk: Intake, sink: MemorySink, clock: ManualClock
) -> None:
    know(desk, tmp_path, made(tmp_path, STATED), ["a", "b"])
    bus = Bus(Meter("000000000017", QUIET), Meter("123456789012", QUIET | {"04000501": b"\xc2"}))
    await run(desk, SimulatedMeters(clock, bus, until_s=4), {"a": 0x17, "b": 0x123456789012})
    assert [(row[0], row[2], row[3]) for row in sink.rows] == [
        (1, 350, ASSUMED),
        (2, 2315, ASSUMED),
        (3, 350, ASSUMED | Mark.REPORTED_ALARM),
        (4, 2315, ASSUMED),
    ]
    assert bus.meters["000000000017"].asked == ["02010100", "02900100", "04000501"], "each once"
    assert desk.quarantine.rows() == []


async def test_what_is_refused_costs_only_its_own_points(
    tmp_path: Path, desk: Intake, sink: MemorySink, clock: ManualClock
) -> None:
    know(desk, tmp_path, made(tmp_path, STATED), ["a"])
    meter = Meter("000000000017", {"02010100": voltage(231.5)})
    poller = await run(desk, SimulatedMeters(clock, Bus(meter), until_s=4), {"a": 0x17})
    assert (sink.values(1), sink.values(2)) == ([], [2315])
    trips = poller.round_trips["a"].as_dict()
    assert (trips["answered"], trips["refused"]) == (1, 2)
    assert "no such data" in str(trips["last_trouble"])


async def test_digits_that_are_none_are_kept_with_what_came(
    tmp_path: Path, desk: Intake, sink: MemorySink, clock: ManualClock
) -> None:
    know(desk, tmp_path, made(tmp_path, STATED), ["a"])
    meter = Meter("000000000017", QUIET | {"02010100": b"\x1a\x22"})
    await run(desk, SimulatedMeters(clock, Bus(meter), until_s=4), {"a": 0x17})
    assert (sink.values(1), sink.values(2)) == ([350], [])
    await desk.keeper.flush()
    (row,) = desk.quarantine.rows()
    assert "1AH is not BCD" in row.detail
    assert (row.topic, "02010100: 1a22" in str(row.sample)) == ("dlt645/000000000017", True)


async def test_a_device_that_is_gone_is_told_once_and_again_when_it_is_back(
    tmp_path: Path, desk: Intake, sink: MemorySink, clock: ManualClock
) -> None:
    know(desk, tmp_path, made(tmp_path, STATED), ["a", "b"])
    bus = Bus(Meter("000000000017", QUIET))
    line = SimulatedMeters(clock, bus, until_s=30)
    await run(desk, line, {"a": 0x17, "b": 0x18})
    assert sink.connections == [([3, 4], True)]
    bus.meters["000000000018"] = Meter("000000000018", QUIET)
    line.until_s = 100
    await run(desk, line, {"a": 0x17, "b": 0x18})
    assert sink.connections == [([3, 4], True), ([3, 4], False)]


async def test_a_line_asks_nobody_of_another_protocol(
    tmp_path: Path, desk: Intake, sink: MemorySink, clock: ManualClock
) -> None:
    know(desk, tmp_path, model(tmp_path, point("ir", "address: 0")), ["a"])
    line = SimulatedMeters(clock, Bus(Meter("000000000017", QUIET)), until_s=4)
    await run(desk, line, {"a": 0x17})
    assert (line.exchanges, sink.rows) == (0, [])


@pytest.mark.parametrize(("baud", "count", "round_s"), [(9600, 64, 18.17), (2400, 32, 28.67)])
async def test_breakers_are_asked_as_fast_as_the_line_allows(
    tmp_path: Path, desk: Intake, sink: MemorySink, clock: ManualClock, baud: int, count: int, round_s: float
) -> None:
    """Four questions to each, 80 characters, and answers of 82 behind 16 that wake us; 20 ms before each answer."""
    names = {f"d{n}": int(str(n), 16) for n in range(1, count + 1)}
    know(desk, package_folder(), Shelf(package_folder()).current()["dlt645-residual-breaker"], list(names))
    holds = {
        "0201FF00": voltage(231.5) * 3,
        "0202FF00": current(0.215) * 3,
        "02900100": b"\x35\x00",
        "04000501": b"\x00",
    }
    bus = Bus(*(Meter(f"{unit:012x}", holds) for unit in names.values()))
    line = SimulatedMeters(clock, bus, until_s=300, baud=baud)
    poller = await run(desk, line, names)
    assert count * ((80 + 82 + 16) * BITS / baud + 4 * DELAY_S) == pytest.approx(round_s, abs=0.01)
    assert line.busy_s >= 0.99 * 300, "of the time the line is never idle"
    answered = [trips.answered for trips in poller.round_trips.values()]
    assert sum(answered) == pytest.approx(300 / round_s * 4 * count, rel=0.01)
    assert max(answered) - min(answered) <= 4, "a round has everyone once"
    assert sink.values(5)[0] == 21_500, "of 000215: 0.1 A, in this kind of device"
