"""Registers that were read become samples, as any payload's; decode turns those into readings.

A point is told whole or not at all: where a register of its states did not come, its value alone would say that the
device's own alarm is over.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flameblue.intake.asking.blocks import Block
from flameblue.intake.samples import Sample
from flameblue.profiles.loader import Profile, ProfilePoint
from flameblue.profiles.registers import TYPES, Register

Image = Mapping[tuple[int, int], int]  # function and address: the 16 bits that stand there


def image(answers: Iterable[tuple[Block, Sequence[int]]]) -> Image:
    """What is known of a device after `answers`."""
    return {
        (block.function, block.address + place): word
        for block, words in answers
        for place, word in enumerate(words)
    }


def sample(profile: Profile, read: Image, *, online: bool | None = None) -> Sample:
    """What a device of `profile` says with the registers that were `read`."""
    values: dict[str, Any] = {}
    states: dict[str, Any] = {}
    for key, point in profile.points.items():
        if point.register is None or not _is_whole(point, read):
            continue
        values[key] = number(point.register, read)
        meant = [word for state in point.states for word in _meant(state.register, state.meanings, read)]
        if meant:
            states[key] = meant
    return Sample(None, values, states, online=online)


def number(register: Register, read: Image) -> int | float | None:
    """The number that stands there. None: it is not one (NaN), which is how a float says that nothing is measured."""
    words = [read[register.function, register.address + place] for place in range(register.words)]
    if register.word_order == "little":
        words.reverse()
    data = b"".join(word.to_bytes(2, register.byte_order) for word in words)
    found: int | float = struct.unpack(TYPES[register.type], data)[0]
    if found != found:
        return None
    if isinstance(found, int) and (register.mask is not None or register.shift):
        return (found if register.mask is None else found & register.mask) >> register.shift
    return found


def _is_whole(point: ProfilePoint, read: Image) -> bool:
    registers = [point.register, *(state.register for state in point.states)]
    return all(
        (one.function, one.address + place) in read for one in registers if one for place in range(one.words)
    )


def _meant(register: Register, meanings: Mapping[int, tuple[str, ...]], read: Image) -> tuple[str, ...]:
    found = number(register, read)
    return meanings.get(found, ()) if isinstance(found, int) else ()


def written(answers: Iterable[tuple[Block, Sequence[int]]]) -> bytes:
    """The answers as quarantine keeps them: a line for each block, its function, first address and words."""
    lines = (
        f"{block.function:02x} {block.address:04x}: {' '.join(f'{word:04x}' for word in words)}"
        for block, words in answers
    )
    return "\n".join(lines).encode()
