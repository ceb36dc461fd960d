"""Whatever a unit delays, drops and doubles: no value is told of a register, or an identifier, that it was not read of.

Nothing in an RTU frame says which question it answers. Simulated time, no sockets.
"""

import asyncio
import tempfile
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flameblue.domain.limits import ASKING_BACK_OFF_S_MAX, ASKING_COPY_S, ASKING_LATE_S
from flameblue.intake.asking.addresses import AskedDevice
from flameblue.intake.asking.dial_in import MOBILE_S, DialIn
from flameblue.intake.asking.poller import Poller
from flameblue.intake.protocols import modbus_rtu
from flameblue.intake.protocols.modbus_rtu.codec import encode
from flameblue.profiles.loader import Profile, load
from tests.intake.asking.meters import Bus, Meter
from tests.intake.asking.models import model, point
from tests.intake.asking.simulated_time import SimulatedLoop, simulated
from tests.intake.asking.units import IMEI, Unit, know_units, port_for
from tests.intake.valley import MemorySink, intake

TIMEOUT_S = 1.0
EVERY_S = 10.0
LASTS_S = 500.0
SOON_S = 0.05
USUAL_S = (SOON_S, 1.0, 2.5)  # the slower, the more likely is another answer the first
BLOCK_EVERY = 20  # registers; each block of a model begins at a multiple
SPOILT, GOOD = 1, 2  # devices: one of them meets its fates, the other answers as usual
STEPS_A_NUMBER = 10  # of residual current, in its steps of 0.1 mA


class Fate(NamedTuple):
    """What becomes of one question. `delays_s`: when answers to it arrive. `drops`: the unit dials anew meanwhile.
    `wrong_bit`: which bit of the first answer is flipped on its way.
    """

    delays_s: tuple[float, ...] = (SOON_S,)
    refuses: bool = False
    drops: bool = False
    wrong_bit: int | None = None


def _copied(first_s: float, share: float) -> tuple[float, float]:
    """A second answer: right behind one that was in time, at any time within the bound behind one that was not."""
    room_s = ASKING_COPY_S if first_s <= TIMEOUT_S + MOBILE_S else ASKING_LATE_S - first_s
    return first_s, first_s + share * room_s * 0.99


DELAY_S = st.one_of(
    st.just(SOON_S), st.floats(0.0, TIMEOUT_S + MOBILE_S), st.floats(0.0, ASKING_LATE_S - 0.01)
)
DELAYS = st.one_of(
    st.just(()), DELAY_S.map(lambda at_s: (at_s,)), st.builds(_copied, DELAY_S, st.floats(0.0, 1.0))
)
FATES = st.lists(
    st.builds(
        Fate,
        DELAYS,
        st.sampled_from([False] * 5 + [True]),
        st.sampled_from([False] * 9 + [True]),
        st.one_of(st.none(), st.none(), st.integers(0, 8 * 11 - 1)),
    ),
    max_size=12,
)
WORDS = st.lists(st.integers(1, 3), min_size=2, max_size=4)


class Far:
    """The unit at the other end, on whichever connection it has. `answer`: a device's, or its refusal."""

    def __init__(
        self, port: DialIn, answer: Callable[[bytes, bool], bytes], fates: Sequence[Fate], usual_s: float
    ) -> None:
        self.port, self.answer, self.fates = port, answer, deque(fates)
        self.usual = Fate((usual_s,))
        self.dial()

    def dial(self) -> None:
        self.unit = _LateUnit(self)
        self.unit.says(IMEI.encode())

    def hear(self, request: bytes) -> None:
        fate = self.fates.popleft() if self.fates and request[0] != GOOD else self.usual
        loop = asyncio.get_running_loop()
        said = self.answer(request, fate.refuses)
        for delay_s, says in zip(fate.delays_s, (flipped(said, fate.wrong_bit), said), strict=False):
            loop.call_later(delay_s, lambda says=says: self.unit.says(says))
        if fate.drops:
            loop.call_soon(self.unit.vanish)
            loop.call_later(SOON_S, self.dial)


def flipped(said: bytes, bit: int | None) -> bytes:
    """`said` with one bit wrong; as it is where there is none to flip."""
    if bit is None:
        return said
    place = bit % (8 * len(said))
    return said[: place // 8] + bytes([said[place // 8] ^ 1 << place % 8]) + said[place // 8 + 1 :]


class _LateUnit(Unit):
    def __init__(self, far: Far) -> None:
        super().__init__(far.port)
        self.far = far

    def write(self, data: Any) -> None:
        self.far.hear(bytes(data))


def registers(request: bytes, refuses: bool) -> bytes:
    """A device whose registers hold its own number and theirs."""
    (frame,) = modbus_rtu.PLUGIN.session().feed(request)
    start, count = int.from_bytes(frame.pdu[1:3], "big"), int.from_bytes(frame.pdu[3:5], "big")
    if refuses:
        return encode(frame.address, bytes([frame.pdu[0] | 0x80, 2]))
    words = b"".join(value(frame.address, start + place).to_bytes(2, "big") for place in range(count))
    return encode(frame.address, bytes([frame.pdu[0], len(words)]) + words)


def value(unit: int, address: int) -> int:
    return unit * 1000 + address


def relay(folder: Path, words: Sequence[int]) -> Profile:
    """A model with a block of each length in `words`; a point a register, named by its address."""
    places = [BLOCK_EVERY * block + at for block, count in enumerate(words) for at in range(count)]
    points = "".join(point(f"r{at}", f"address: {at}") for at in places)
    return model(folder, points, modbus=f"{{timeout_ms: {TIMEOUT_S * 1000:g}}}", every=EVERY_S)


class Told(NamedTuple):
    """What the readings of one point should be, and are."""

    right: int
    told: list[int]


def watched(
    folder: Path,
    profile: Profile,
    addresses: dict[str, int],
    far: Callable[[DialIn], Far],
    lasts_s: float = LASTS_S,
) -> MemorySink:
    """What was journalled of these devices behind the unit, each `addresses` its number, in `lasts_s`."""
    sink = MemorySink()

    async def run(loop: SimulatedLoop) -> None:
        desk = intake(folder, sink, loop)
        number = "unit" if profile.protocol == "modbus" else "meter"
        spelled = {
            name: f"{unit}" if number == "unit" else f"{unit:012x}" for name, unit in addresses.items()
        }
        know_units(desk, profile, {name: f"dtu:{IMEI}?{number}={unit}" for name, unit in spelled.items()})
        port = port_for(desk, folder)
        far(port)
        line: Any = port.line(IMEI) if number == "unit" else port.meters(IMEI)
        poller: Poller[Any, Any] = Poller(
            desk, line, [AskedDevice(name, unit) for name, unit in addresses.items()]
        )
        with suppress(TimeoutError):
            async with asyncio.timeout(lasts_s):
                await poller.serve()
        desk.quarantine.close()

    simulated(run)
    return sink


def after(fates: Sequence[Fate]) -> float:
    """How long it takes until a device is heard again, whatever was lost before: each loss may double its back-off."""
    return LASTS_S + len(fates) * ASKING_BACK_OFF_S_MAX


def told_of_relays(
    words: Sequence[int], fates: Sequence[Fate], usual_s: float, lasts_s: float = LASTS_S
) -> list[Told]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        profile = relay(folder, words)
        sink = watched(
            folder,
            profile,
            {f"d{unit}": unit for unit in (SPOILT, GOOD)},
            lambda port: Far(port, registers, fates, usual_s),
            lasts_s,
        )
    keys = list(profile.points)
    return [
        Told(value(unit, int(key[1:])) * STEPS_A_NUMBER, sink.values(1 + place * len(keys) + at))
        for place, unit in enumerate((SPOILT, GOOD))
        for at, key in enumerate(keys)
    ]


@settings(deadline=None, max_examples=60)
@given(WORDS, FATES, st.sampled_from(USUAL_S))
def test_no_value_is_taken_for_a_register_that_it_was_not_read_from(
    words: list[int], fates: list[Fate], usual_s: float
) -> None:
    for one in told_of_relays(words, fates, usual_s, after(fates)):
        assert set(one.told) == {one.right}, "it is heard, and nothing else is"


@pytest.mark.parametrize(
    "fates",
    [
        [Fate((4.05,)), Fate((0.2,))],
        [Fate((4.05,)), Fate((2.0,)), Fate((2.5,))],
        [Fate((SOON_S, SOON_S + 0.15))],
        [Fate((2.0,), drops=True), Fate(), Fate((2.9,))],
        [Fate((4.05,), refuses=True), Fate((0.5,)), Fate((1.0,))],
    ],
    ids=[
        "both answers of a stalled unit",
        "long after",
        "doubled",
        "over a new connection",
        "a late refusal",
    ],
)
@pytest.mark.parametrize("words", [[1, 1], [1, 1, 1]], ids=str)
def test_a_unit_that_stalls_doubles_drops_or_refuses_spoils_nothing(
    words: list[int], fates: list[Fate]
) -> None:
    for one in told_of_relays(words, fates, 0.3):
        assert set(one.told) == {one.right}
        assert len(one.told) >= 0.9 * LASTS_S / EVERY_S, "and is not asked much more rarely for it"


@pytest.mark.parametrize("bit", range(0, 8 * 7, 5))
def test_a_damaged_answer_is_one_and_its_device_is_asked_again_in_its_turn(bit: int) -> None:
    """Nothing more is owed: it does not rest as after an answer that never came."""
    times = 12
    fates = [Fate(), Fate(wrong_bit=bit)] * times
    for one in told_of_relays([1, 1], fates, 0.3)[:2]:
        assert set(one.told) == {one.right}
    damaged, unheard = (
        len(told_of_relays([1, 1], [fate, Fate()] * times, 0.3)[0].told)
        for fate in (Fate(wrong_bit=bit), Fate(()))
    )
    assert damaged > unheard


METERS = """\
name: relay
protocol: dlt645
interval_s: 10
dlt645: {timeout_ms: 1000}
points:
  a: {quantity: current_a, scale: 0.1, item: {identifier: "02020100", bytes: 2}}
  b: {quantity: current_a, scale: 0.1, item: {identifier: "02020200", bytes: 2}}
  c: {quantity: current_a, scale: 0.1, item: {identifier: "02020300", bytes: 2}}
"""
IDENTIFIERS = ("02020100", "02020200", "02020300")


@settings(deadline=None, max_examples=40)
@given(FATES, st.sampled_from(USUAL_S))
def test_an_answer_of_dl_t_645_says_of_itself_what_it_is_to(fates: list[Fate], usual_s: float) -> None:
    """Its address and its identifier; so these devices need no pause between their questions."""
    held = {one: bytes([0x10 * (1 + place), 0]) for place, one in enumerate(IDENTIFIERS)}
    whole, poor = Bus(Meter("000000000001", held)), Bus(Meter("000000000001", {}))
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "relay.yaml").write_text(METERS, encoding="utf-8")
        sink = watched(
            Path(name),
            load(Path(name) / "relay.yaml"),
            {"d": 1},
            lambda port: Far(
                port, lambda data, refuses: (poor if refuses else whole).hear(data), fates, usual_s
            ),
            after(fates),
        )
    assert [set(sink.values(1 + place)) for place in range(3)] == [{1000}, {2000}, {3000}]
