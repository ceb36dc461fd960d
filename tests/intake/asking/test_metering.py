"""What a DL/T 645 device is asked for, and what its answers mean: pure."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flameblue.intake.asking import metering
from flameblue.intake.asking.manner import Bounds
from flameblue.intake.asking.metering import ANY, METERING, Part, Question
from flameblue.intake.asking.round_trips import Failure, NoAnswer
from flameblue.intake.protocols.dlt645.codec import Frame, Session
from flameblue.profiles.items import Item
from flameblue.profiles.loader import Profile, Shelf, load, package_folder
from tests.intake.asking.meters import current, framed, voltage

UNIT, ADDRESS = 0x161, "000000000161"
VOLTAGE = Question("02010100")
ASKS = bytes.fromhex("00010102")
SHELF = Shelf(package_folder()).current()
BREAKER = SHELF["dlt645-residual-breaker"]
STATUS, RESIDUAL = Question("04000501", "one_lower"), Question("02900100", "one_lower")


def frame(data: bytes) -> Frame:
    (found,) = Session().feed(data)
    return found


def test_a_request_wakes_the_device_and_is_the_recorded_one() -> None:
    recorded = "68610100000000681104333434351716"  # shared by two public implementations
    assert metering.request(UNIT, VOLTAGE) == bytes.fromhex("fefefefe" + recorded)
    assert metering.request(ANY, VOLTAGE)[4:] == bytes.fromhex("68aaaaaaaaaaaa68110433343435b116")
    assert metering.request(UNIT, VOLTAGE, 3) == framed(ADDRESS, 0x12, ASKS + b"\x03", 4)


def test_an_identifier_is_asked_for_once_and_only_where_its_points_are_wanted() -> None:
    asked = METERING.questions(BREAKER, ["ua", "uc", "ub", "ia", "strange"])
    assert [one.identifier for one in asked] == ["0201FF00", "0202FF00", "04000501"]
    assert {one.error_word for one in asked} == {"one_lower"}
    assert METERING.questions(BREAKER, []) == ()


def test_the_manner_is_that_of_its_own_models() -> None:
    assert METERING.bounds(BREAKER) == Bounds(0.0, 2.0)
    assert METERING.bounds(SHELF["lx47le-125"]) is None
    assert METERING.spelled(UNIT) == ADDRESS


@pytest.mark.parametrize(
    ("item", "data", "expected"),
    [
        (Item("X", 0, 2, "bcd"), voltage(231.5), 2315),
        (Item("X", 3, 3, "bcd", "keep"), current(1) + current(-4.999), -4999),
        (Item("X", 3, 3, "bcd", "drop"), current(1) + current(-4.999), 4999),
        (Item("X", 0, 3, "bcd"), bytes.fromhex("150080"), 800015),
        (Item("X", 0, 2, "bcd"), b"\xff\xff", None),
        (Item("X", 2, 2, "bcd"), b"\xff\xff\x11\x22", 2211),
        (Item("X", 0, 2, "bcd"), b"\x1a\x22", "1AH is not BCD"),
        (Item("X", 2, 2, "bcd"), b"\x11\x22\x33", "the answer has 3 bytes, not 4"),
        (Item("X", 0, 2, "bin"), b"\x01\x02", 0x201),
        (Item("X", 0, 1, "bin", mask=0x60, shift=5), b"\xc2", 2),
        (Item("X", 0, 1, "bin"), b"\xff", 255),
    ],
)
def test_a_number_is_read_as_the_model_says(item: Item, data: bytes, expected: int | str | None) -> None:
    assert metering.number(item, {"X": data}) == expected


@given(
    st.binary(max_size=12),
    st.builds(Item, st.just("X"), st.integers(0, 9), st.integers(1, 8), st.sampled_from(["bcd", "bin"])),
)
def test_no_bytes_raise(data: bytes, item: Item) -> None:
    found = metering.number(item, {"X": data})
    assert found is None or isinstance(found, int | str)


@pytest.mark.parametrize(
    ("word", "residual", "load"),
    [
        (0x00, None, None),
        (0x02, None, None),  # closed and no alarm: the cause of something that is over
        (0xC2, ["alarm"], None),
        (0x82, ["alarm"], None),
        (0x22, ["alarm"], None),  # open, as the other decoder reads the bits
        (0x90, ["fault"], None),
        (0x6C, ["test"], None),
        (0x8C, None, None),
        (0x45, None, ["alarm"]),
        (0x66, None, ["alarm"]),
    ],
)
def test_a_breakers_status_word_speaks_for_the_points_that_its_cause_is_about(
    word: int, residual: list[str] | None, load: list[str] | None
) -> None:
    came = [(STATUS, bytes([word])), (RESIDUAL, b"\x35\x00"), (Question("0202FF00"), bytes(9))]
    sample = METERING.sample(BREAKER, came)
    assert (sample.states.get("ir"), sample.states.get("ia"), sample.states.get("ic")) == (
        residual,
        load,
        load,
    )
    assert sample.values["ir"] == 35
    assert sample.online is None


def test_a_point_is_told_whole_or_not_at_all() -> None:
    assert dict(METERING.sample(BREAKER, [(RESIDUAL, b"\x35\x00")]).values) == {}
    told = METERING.sample(BREAKER, [(RESIDUAL, b"\x35\x00"), (STATUS, b"")], online=True)
    assert dict(told.values) == {"ir": "its state is not in the answer"}
    assert (dict(told.states), told.online) == ({}, True)


def test_a_state_may_stand_behind_the_value(tmp_path: Path) -> None:
    state = '{identifier: "0290FF00", mask: 0x07, warning: [1, 2, 4]}'
    found = METERING.sample(_model(tmp_path, state), [(Question("0290FF00"), b"\x02\x35\x00")])
    assert (dict(found.values), dict(found.states)) == ({"ir": 35}, {"ir": ["warning"]})


def _model(folder: Path, state: str) -> Profile:
    path = folder / "breaker.yaml"
    item = f'{{quantity: residual_current_ma, item: {{identifier: "0290FF00", at: 1, bytes: 2}}, states: [{state}]}}'
    path.write_text(
        f"name: breaker\nprotocol: dlt645\ninterval_s: 9\ndlt645: {{}}\npoints:\n  ir: {item}\n", "utf-8"
    )
    return load(path)


def test_quarantine_keeps_the_bytes_by_identifier() -> None:
    assert METERING.written([(STATUS, b"\xc2"), (RESIDUAL, b"\x35\x00")]) == b"04000501: c2\n02900100: 3500"


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (framed(ADDRESS, 0x91, ASKS + b"\x01\x10"), Part(b"\x01\x10", follows=False)),
        (framed(ADDRESS, 0xB1, ASKS + b"\x01\x10"), Part(b"\x01\x10", follows=True)),
        (framed(ADDRESS, 0x91, ASKS), Part(b"", follows=False)),
        (framed("000000000162", 0x91, ASKS + b"\x01\x10"), None),  # of another device
        (framed(ADDRESS, 0x11, ASKS), None),  # the echo of our own
        (framed(ADDRESS, 0x91, bytes.fromhex("00020102") + b"\x01\x10"), None),  # late, of another question
        (framed(ADDRESS, 0x91, b"\x00\x01"), None),
        (framed(ADDRESS, 0x94, b""), None),  # an answer to what somebody else has written
        (framed(ADDRESS, 0x92, ASKS + b"\x01\x10\x01"), None),
    ],
)
def test_a_frame_is_an_answer_or_not(sent: bytes, expected: Part | None) -> None:
    assert metering.part(frame(sent), UNIT, VOLTAGE) == expected


def test_a_part_that_follows_bears_the_number_that_was_asked_for() -> None:
    second = framed(ADDRESS, 0xB2, ASKS + b"\x22\x01")
    assert metering.part(frame(second), UNIT, VOLTAGE, 1) == Part(b"\x22", follows=True)
    assert metering.part(frame(second), UNIT, VOLTAGE, 2) is None
    assert metering.part(frame(framed(ADDRESS, 0x91, ASKS + b"\x22")), UNIT, VOLTAGE, 1) is None


def test_whoever_is_there_may_answer_where_nobody_was_named() -> None:
    other = framed("100023669245", 0x91, ASKS + b"\x33\x22")
    assert metering.part(frame(other), ANY, VOLTAGE) == Part(b"\x33\x22", follows=False)


@pytest.mark.parametrize(
    ("question", "word", "told"),
    [
        (VOLTAGE, b"\x02", "identifier 02010100: error word 02H, no such data"),
        (
            VOLTAGE._replace(error_word="one_lower"),
            b"\x02",
            "error word 02H, password wrong or not authorised",
        ),
        (VOLTAGE, b"\x05", "error word 05H, other error, password wrong or not authorised"),
        (VOLTAGE, b"\x80", "error word 80H, not defined"),
        (VOLTAGE, b"", "it refuses, and says no reason"),
    ],
)
def test_a_refusal_says_why_by_the_models_custom(question: Question, word: bytes, told: str) -> None:
    with pytest.raises(NoAnswer, match=told) as caught:
        metering.part(frame(framed(ADDRESS, 0xD1, word)), UNIT, question)
    assert caught.value.failure is Failure.REFUSED


@pytest.mark.parametrize("old", ["81", "c1"])
def test_a_meter_of_1997_is_recognised(old: str) -> None:
    with pytest.raises(NoAnswer, match="edition of 1997") as caught:
        metering.part(frame(framed(ADDRESS, int(old, 16), b"\x11\xb6\x00\x01")), UNIT, VOLTAGE)
    assert caught.value.failure is Failure.REFUSED, "it was heard, and is not lost"
