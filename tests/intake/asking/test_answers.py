"""Registers become the values and states that the maker means by them."""

import math
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flameblue.intake.asking.answers import image, number, sample, written
from flameblue.intake.asking.blocks import Block
from flameblue.intake.samples import Sample
from flameblue.profiles.registers import TYPES, WORDS, Register
from tests.intake.asking.models import model, point


@pytest.mark.parametrize(
    ("kind", "orders", "words", "value"),
    [
        ("u16", "big big", [0xFFFE], 65534),
        ("i16", "big big", [0xFFFE], -2),
        ("u16", "big little", [0x0102], 0x0201),
        ("u32", "big big", [1, 2], 0x00010002),
        ("u32", "little big", [1, 2], 0x00020001),
        ("u32", "big little", [0x0102, 0x0304], 0x02010403),
        ("u32", "little little", [0x0102, 0x0304], 0x04030201),
        ("i32", "big big", [0xFFFF, 0xFFFF], -1),
        ("u64", "big big", [1, 0, 0, 2], (1 << 48) + 2),
        ("u64", "little big", [2, 0, 0, 1], (1 << 48) + 2),
        ("i64", "big big", [0xFFFF, 0xFFFF, 0xFFFF, 0xFFFD], -3),
        ("f32", "big big", [0x3F00, 0x0000], 0.5),
        ("f32", "little big", [0x0000, 0x3F00], 0.5),
        ("f32", "big big", [0xFFC0, 0x0000], None),
    ],
)
def test_a_number_is_read_in_its_order(kind: str, orders: str, words: list[int], value: Any) -> None:
    word_order, byte_order = orders.split()
    register = Register(3, 10, kind, word_order, byte_order, None, 0)
    assert number(register, image([(Block(3, 10, len(words)), words)])) == value


@given(data=st.data())
def test_what_a_device_writes_in_any_order_is_read_again(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(TYPES)))
    word_order = data.draw(st.sampled_from(["big", "little"]))
    byte_order = data.draw(st.sampled_from(["big", "little"]))
    packed = data.draw(st.binary(min_size=2 * WORDS[kind], max_size=2 * WORDS[kind]))
    (value,) = struct.unpack(TYPES[kind], packed)
    words = [int.from_bytes(packed[at : at + 2], byte_order) for at in range(0, len(packed), 2)]
    if word_order == "little":
        words.reverse()
    register = Register(4, 7, kind, word_order, byte_order, None, 0)
    read = number(register, image([(Block(4, 7, len(words)), words)]))
    assert read == (None if math.isnan(value) else value)


@pytest.mark.parametrize(
    ("mask", "shift", "value"), [(0xF000, 12, 0xA), (0x0F00, 0, 0xB00), (None, 4, 0xABC)]
)
def test_bits_are_picked_and_moved_down(mask: int | None, shift: int, value: int) -> None:
    register = Register(3, 0, "u16", "big", "big", mask, shift)
    assert number(register, {(3, 0): 0xABCD}) == value


STATED = point("ir", "address: 0", ", states: [{address: 5, warning: [1], alarm: [2], fault: [2, 9]}]")


@pytest.mark.parametrize(
    ("word", "states"), [(0, None), (1, ["warning"]), (2, ["alarm", "fault"]), (7, None)]
)
def test_a_state_is_told_where_its_number_means_one(
    tmp_path: Path, word: int, states: list[str] | None
) -> None:
    profile = model(tmp_path, STATED)
    expected = {} if states is None else {"ir": states}
    assert sample(profile, {(3, 0): 40, (3, 5): word}) == Sample(None, {"ir": 40}, expected)


@pytest.mark.parametrize("missing", [(3, 0), (3, 5)])
def test_a_point_is_told_whole_or_not_at_all(tmp_path: Path, missing: tuple[int, int]) -> None:
    """Its value alone would say that the device's own alarm is over."""
    profile = model(tmp_path, STATED + point("other", "address: 8"))
    read = {(3, 0): 40, (3, 5): 2, (3, 8): 1}
    del read[missing]
    assert sample(profile, read, online=True) == Sample(None, {"other": 1}, {}, online=True)


def test_an_answer_is_kept_as_people_can_read_it() -> None:
    answers = [(Block(3, 16, 2), (1, 65535)), (Block(4, 0, 1), (7,))]
    assert written(answers) == b"03 0010: 0001 ffff\n04 0000: 0007"
