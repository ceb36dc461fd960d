"""Which reads fetch the registers that are wanted: as few as the device's bounds allow."""

from collections.abc import Iterable
from typing import NamedTuple

from flameblue.profiles.loader import Profile
from flameblue.profiles.registers import Asking, Register

READ_FUNCTIONS = (3, 4)


class Block(NamedTuple):
    """One read: `words` registers from `address` on, with function 3 or 4."""

    function: int
    address: int
    words: int

    @property
    def end(self) -> int:
        return self.address + self.words

    def __str__(self) -> str:
        return f"function {self.function}, registers {self.address:#06x} to {self.end - 1:#06x}"


def wanted(profile: Profile, keys: Iterable[str]) -> list[Register]:
    """The registers behind the points `keys`, their states among them; a key that the model has not is passed over."""
    points = [profile.points[key] for key in keys if key in profile.points]
    values = [point.register for point in points if point.register is not None]
    return values + [state.register for point in points for state in point.states]


def planned(bounds: Asking, registers: Iterable[Register]) -> tuple[Block, ...]:
    """The fewest reads that bring all `registers`, none of which is torn in two; from the lowest address on."""
    blocks: list[Block] = []
    spans = sorted({(one.function, one.address, one.address + one.words) for one in registers})
    for function, start, end in spans:
        last = blocks[-1] if blocks else None
        if (
            last is not None
            and last.function == function
            and start - last.end <= bounds.gap_max
            and max(end, last.end) - last.address <= bounds.registers_max
        ):
            blocks[-1] = last._replace(words=max(end, last.end) - last.address)
        else:
            blocks.append(Block(function, start, end - start))
    return tuple(blocks)
