"""What a centre is told, byte for byte, and what it is never told."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flameblue.cases import kinds
from flameblue.domain.quantities import NO_VALUE
from flameblue.domain.transitions import Level, Rule, Why
from flameblue.uplink import planning
from flameblue.uplink.mapping import Mapping
from flameblue.uplink.planning import Happened, Known, Place
from tests.uplink.agreements import TABLE, agreed

HAIWAN = datetime.fromisoformat("2023-09-25T15:33:21+08:00")
FIELD = datetime.fromisoformat("2012-09-26T09:58:02+08:00")
ROOM = Place("residual_current_ma", bytes.fromhex("2db83201"), "松林客栈", "203房暖气", "B")
VECTORS = Path(__file__).parents[1] / "vectors" / "gb26875"
OURS = msgspec.convert(TABLE, Mapping)
NORMAL, WARNING, ALARM, FAULT = Level.NORMAL, Level.WARNING, Level.ALARM, Level.FAULT


def unit_of(vector: str) -> bytes:
    """The application unit of a frame that others have sent."""
    data = bytes.fromhex((VECTORS / f"{vector.replace('-', '_')}.hex").read_text(encoding="ascii"))
    return data[27:-3]


def happened(level: Level, rule: Rule = Rule.OVER, **more: Any) -> Happened:
    return Happened(rule, level, HAIWAN, **more)


def test_an_alarm_is_what_a_detector_of_others_sends(tmp_path: Path) -> None:
    known, told = planning.plan(Known(), happened(ALARM), ROOM, agreed(tmp_path))
    theirs = unit_of("lee-haiwan-residual-fire")
    assert len(told) == 1
    assert told[0].is_urgent
    text = "松林客栈203房暖气B相".encode("gb18030").ljust(31, b"\0")
    assert told[0].unit == theirs[:11] + text + theirs[42:]  # theirs has 31 blanks there
    assert known.told == 3


def test_operations_and_times_are_those_of_others(tmp_path: Path) -> None:
    ours = agreed(tmp_path)
    at = datetime.fromisoformat("2023-09-25T16:16:23+08:00")
    muted = planning.operation(kinds.SHELVED, at, ours)
    assert muted is not None
    assert muted.unit == unit_of("lee-haiwan-mute")
    assert planning.device_time(FIELD, ours) == unit_of("ald-07") == unit_of("ald-14")
    theirs = unit_of("ald-05")  # its operator is 1; who answers is on our record, and 0 there
    assert planning.duty_answer(FIELD, ours).unit == theirs[:3] + b"\0" + theirs[4:]
    assert planning.operation(kinds.COMMENTED, at, ours) is None


def test_a_value_goes_with_the_state_in_steps_that_were_agreed(tmp_path: Path) -> None:
    milliamperes = agreed(tmp_path, analogues={"residual_current_ma": {"type": 130, "steps_per_unit": 1}})
    _, told = planning.plan(Known(), happened(ALARM, value=3_125), ROOM, milliamperes)
    state, value = (one.unit for one in told)
    assert state[0] == 2
    assert value == bytes.fromhex("03 01 01 01 11 2db83201 82 3801 15210f190917")  # 312 mA
    assert [one.is_urgent for one in told] == [True, False]
    hot = Place("temperature_c", bytes(4))
    _, told = planning.plan(Known(), happened(ALARM, value=-105), hot, agreed(tmp_path))
    assert told[1].unit[9:12] == bytes.fromhex("03 97ff")  # type 3, -10.5 °C


def test_residual_current_has_no_type_unless_one_was_agreed(tmp_path: Path) -> None:
    _, told = planning.plan(Known(), happened(ALARM, value=3_125), ROOM, agreed(tmp_path))
    assert [one.unit[0] for one in told] == [2]


def test_a_value_that_does_not_fit_is_not_said(tmp_path: Path) -> None:
    milliamperes = agreed(tmp_path, analogues={"residual_current_ma": {"type": 130, "steps_per_unit": 10}})
    assert planning.value_of(ROOM, 32_767, HAIWAN, milliamperes) is not None
    assert planning.value_of(ROOM, 32_768, HAIWAN, milliamperes) is None
    assert planning.value_of(ROOM, NO_VALUE, HAIWAN, milliamperes) is None


@pytest.mark.parametrize(
    ("rule", "level", "state"),
    [
        (Rule.OVER, NORMAL, 0b00001),
        (Rule.OVER, WARNING, 0b00001),
        (Rule.OVER, ALARM, 0b00011),
        (Rule.REPORTED, ALARM, 0b00011),
        (Rule.SILENCE, FAULT, 0b00101),
        (Rule.SENSOR, FAULT, 0b00101),
        (Rule.SHIELDED, FAULT, 0b01001),
        (Rule.TEST, FAULT, 0b00001),
        (Rule.LATE, ALARM, 0b00001),
    ],
)
def test_a_level_is_the_bit_that_was_agreed(tmp_path: Path, rule: Rule, level: Level, state: int) -> None:
    known, told = planning.plan(Known(), happened(level, rule), ROOM, agreed(tmp_path))
    assert known.told == state
    assert len(told) == (state != 1)


def test_another_centre_has_other_bits(tmp_path: Path) -> None:
    watched = agreed(tmp_path, alarm_bit=4, warning_bit=4, fault_bit="none", shielded_bit="none")
    levels = {Rule.OVER: ALARM, Rule.SENSOR: FAULT, Rule.SHIELDED: FAULT}
    assert planning.bits(levels, watched) == 0b10001
    assert planning.bits({Rule.OVER: WARNING}, watched) == 0b10001
    silent = agreed(tmp_path, alarm_bit="none")
    assert planning.plan(Known(), happened(ALARM), ROOM, silent)[1] == []


def test_rules_add_up_and_fall_one_by_one(tmp_path: Path) -> None:
    ours, known, seen = agreed(tmp_path), Known(), []
    for one in (
        happened(ALARM),
        happened(FAULT, Rule.SILENCE),
        happened(ALARM, Rule.REPORTED),
        happened(NORMAL),
        happened(NORMAL, Rule.REPORTED),
        happened(NORMAL, Rule.SILENCE),
    ):
        known, told = planning.plan(known, one, ROOM, ours)
        seen.append([int.from_bytes(planned.unit[9:11], "little") for planned in told])
    assert seen == [[3], [7], [], [], [5], [1]]


def test_what_a_test_says_of_a_real_alarm_waits_for_its_end(tmp_path: Path) -> None:
    ours = agreed(tmp_path, warning_bit=4)
    known, _ = planning.plan(Known(), happened(WARNING), ROOM, ours)
    known, _ = planning.plan(known, happened(FAULT, Rule.TEST), ROOM, ours)
    known, told = planning.plan(known, happened(ALARM, why=Why.TEST), ROOM, ours)
    assert told == []
    ended, told = planning.plan(known, happened(NORMAL, Rule.TEST), ROOM, ours)
    assert [one.is_urgent for one in told] == [True]
    assert ended.told == 3
    known, told = planning.plan(known, happened(NORMAL, why=Why.TEST), ROOM, ours)
    assert (known.told, len(told)) == (1, 1)
    assert planning.plan(known, happened(NORMAL, Rule.TEST), ROOM, ours)[1] == []


HAPPENINGS = st.builds(
    Happened,
    rule=st.sampled_from(Rule),
    level=st.sampled_from(Level),
    at=st.just(HAIWAN),
    value=st.integers(-(2**31), 2**31 - 1),
    why=st.integers(0, 1023),
    is_test=st.booleans(),
)


@given(st.lists(HAPPENINGS, max_size=30))
def test_no_test_ever_yields_a_unit(happenings: list[Happened]) -> None:
    """Nor does it change a later one: the story is the same as without it."""
    with_tests, without = _story(happenings), _story([one for one in happenings if not one.is_test])
    assert with_tests == without
    assert _story([one for one in happenings if one.is_test]) == []


def _story(happenings: list[Happened]) -> list[bytes]:
    known, units = Known(), []
    for one in happenings:
        known, told = planning.plan(known, one, ROOM, OURS)
        units += [planned.unit for planned in told]
    return units


@given(st.text(max_size=40), st.text(max_size=20), st.sampled_from(["", "A", "B", "C", "N"]))
def test_a_text_is_31_bytes_of_whole_characters_that_end_with_the_circuit(
    premises: str, circuit: str, phase: str
) -> None:
    place = Place("temperature_c", bytes(4), premises.replace("\0", ""), circuit.replace("\0", ""), phase)
    data = planning.text_of(place)
    assert len(data) == 31
    read = data.rstrip(b"\0").decode("gb18030")
    tail = place.circuit + (f"{phase}相" if phase else "")
    if len(tail.encode("gb18030", errors="replace")) <= 31:
        assert read.endswith(tail.encode("gb18030", errors="replace").decode("gb18030"))


def test_times_are_those_of_the_zone_that_was_agreed(tmp_path: Path) -> None:
    at = datetime(2026, 1, 14, 19, 7, 30, tzinfo=UTC)
    assert tuple(planning.label(at, agreed(tmp_path))) == (30, 7, 3, 15, 1, 26)
    assert tuple(planning.label(at + timedelta(hours=1), agreed(tmp_path, time_zone="UTC"))) == (
        30,
        7,
        20,
        14,
        1,
        26,
    )


def test_our_own_states_add_up_what_the_components_say(tmp_path: Path) -> None:
    ours = agreed(tmp_path)
    assert planning.system_state([3, 9], HAIWAN, ours)[4:6] == bytes.fromhex("0b00")
    assert planning.device_state([3], False, HAIWAN, ours) == bytes.fromhex("150103 15210f190917")
    assert planning.device_state([5], True, HAIWAN, ours)[2] == 0b101
    assert planning.device_state([], False, HAIWAN, ours)[2] == 1
