"""As few reads as the device's bounds allow, and every wanted register in one of them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flameblue.intake.asking.blocks import Block, planned, wanted
from flameblue.profiles.registers import Asking, Register
from tests.intake.asking.models import model, point

REGISTERS = st.lists(
    st.builds(
        Register,
        st.sampled_from([3, 4]),
        st.integers(0, 300),
        st.sampled_from(["u16", "i32", "u64", "f32"]),
        st.just("big"),
        st.just("big"),
        st.none(),
        st.just(0),
    ),
    max_size=40,
)
BOUNDS = st.builds(Asking, st.integers(4, 125), st.integers(0, 20))


def at(address: int, kind: str = "u16", function: int = 3) -> Register:
    return Register(function, address, kind, "big", "big", None, 0)


@pytest.mark.parametrize(
    ("bounds", "registers", "blocks"),
    [
        (Asking(), [], []),
        (Asking(), [at(7), at(5), at(6)], [Block(3, 5, 3)]),
        (Asking(), [at(5), at(7)], [Block(3, 5, 1), Block(3, 7, 1)]),
        (Asking(gap_max=1), [at(5), at(7)], [Block(3, 5, 3)]),
        (Asking(gap_max=1), [at(5), at(8)], [Block(3, 5, 1), Block(3, 8, 1)]),
        (Asking(registers_max=3), [at(0, "f32"), at(2, "f32")], [Block(3, 0, 2), Block(3, 2, 2)]),
        (Asking(), [at(0, "u64"), at(1)], [Block(3, 0, 4)]),
        (Asking(), [at(0), at(1, function=4)], [Block(3, 0, 1), Block(4, 1, 1)]),
        (Asking(gap_max=123), [at(0), at(124)], [Block(3, 0, 125)]),
        (Asking(gap_max=123), [at(0), at(125)], [Block(3, 0, 1), Block(3, 125, 1)]),
    ],
)
def test_neighbours_are_read_at_once(bounds: Asking, registers: list[Register], blocks: list[Block]) -> None:
    assert list(planned(bounds, registers)) == blocks


@given(bounds=BOUNDS, registers=REGISTERS)
def test_every_register_is_whole_in_a_read_and_no_read_is_beyond_the_bounds(
    bounds: Asking, registers: list[Register]
) -> None:
    blocks = planned(bounds, registers)
    needed = {(one.function, one.address + place) for one in registers for place in range(one.words)}
    for one in registers:
        assert any(
            block.function == one.function
            and block.address <= one.address
            and one.address + one.words <= block.end
            for block in blocks
        )
    for block in blocks:
        assert 1 <= block.words <= bounds.registers_max
        gap = 0
        for address in range(block.address, block.end):
            gap = 0 if (block.function, address) in needed else gap + 1
            assert gap <= bounds.gap_max
    assert len(blocks) <= len(set(registers))


def test_only_what_is_registered_is_asked_for_with_its_states(tmp_path: Path) -> None:
    states = ", states: [{address: 9, alarm: [1]}]"
    profile = model(tmp_path, point("a", "address: 1", states) + point("b", "address: 20"))
    assert [one.address for one in wanted(profile, ["a", "stranger"])] == [1, 9]
    assert [one.address for one in wanted(profile, ["b"])] == [20]
    assert str(Block(3, 16, 2)) == "function 3, registers 0x0010 to 0x0011"
