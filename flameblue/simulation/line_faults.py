"""What a bad line does to frames, as data and from a seed: pieces, pauses, flipped bits, repeats, noise, broken lines.

Invariants: the same generator and the same frames give the same pieces; no faults: the frame as it is. One bit is
flipped, no more: a sum of bytes (GB/T 26875.3, DL/T 645) finds every single one, and two could cancel each other out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from random import Random
from typing import Any, NamedTuple

from flameblue.domain.errors import BadInput

PIECES_MAX = 5
PIECE_PAUSE_S = (0.005, 0.1)
DELAY_S = (0.1, 0.8)  # of a late frame: within what people let devices take, now and then beyond
GARBAGE_BYTES = (1, 24)
DROP_EVERY = "drop_every_s"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFaults:
    """Shares of frames, 0 to 1. `drop_every_s`: a connection lasts no longer (0: as long as it likes)."""

    split: float = 0.0
    delayed: float = 0.0
    corrupted: float = 0.0
    duplicated: float = 0.0
    garbage: float = 0.0
    drop_every_s: float = 0.0


class Piece(NamedTuple):
    """Bytes that travel together, after a pause."""

    pause_s: float
    data: bytes


class Spoilt(NamedTuple):
    """What travels in the place of a frame. `is_whole`: the frame is in it as it was."""

    pieces: list[Piece]
    is_whole: bool
    is_changed: bool


NO_FAULTS = LineFaults()
NAMES = tuple(item.name for item in fields(LineFaults))


def spoil(frame: bytes, faults: LineFaults, chance: Random, *, checked: bool) -> Spoilt:
    """`frame` on a line with `faults`. `checked`: it bears a check of its own, so that noise can't pass for it.

    A line whose frames bear none is TCP's alone, which keeps bytes as they are: there is neither noise nor a flipped
    bit nor a frame twice. A frame's repeat comes with its end: an answer of Modbus RTU bears no number, so that nobody
    could tell one that came after the next question from that one's own answer.
    """
    drawn = {name: chance.random() for name in NAMES}
    happens = {name: drawn[name] < getattr(faults, name) for name in NAMES if name != DROP_EVERY}
    if not checked:
        happens |= dict.fromkeys(("corrupted", "duplicated", "garbage"), False)
    data = frame
    if happens["corrupted"]:
        place = chance.randrange(8 * len(frame))
        data = frame[: place // 8] + bytes([frame[place // 8] ^ 1 << place % 8]) + frame[place // 8 + 1 :]
    again = data if happens["duplicated"] else b""
    if happens["garbage"]:
        data = chance.randbytes(chance.randint(*GARBAGE_BYTES)) + data
    pause_s = chance.uniform(*DELAY_S) if happens["delayed"] else 0.0
    parts = _parts(data, chance) if happens["split"] else [data]
    parts[-1] += again
    pauses = [pause_s, *(chance.uniform(*PIECE_PAUSE_S) for _ in parts[1:])]
    pieces = [Piece(*pair) for pair in zip(pauses, parts, strict=True)]
    return Spoilt(pieces, not happens["corrupted"], any(happens.values()))


def by_kind(table: Mapping[str, Any], kinds: Iterable[str]) -> dict[str, LineFaults]:
    """The faults of each kind's lines: what `table` says of all, and under a kind's name of that one.

    BadInput where it says anything else.
    """
    known = set(kinds)
    usual = _faults({key: value for key, value in table.items() if key not in known}, NO_FAULTS)
    found: dict[str, LineFaults] = {}
    for kind in known:
        own = table.get(kind, {})
        if not isinstance(own, Mapping):
            raise BadInput(f"line: {kind} is {own!r}; it should have faults and their numbers.")
        found[kind] = _faults(own, usual)
    return found


def written(texts: Iterable[str]) -> dict[str, Any]:
    """The table of `split=0.2`, `dtu.drop_every_s=20` …, as a command line says it."""
    table: dict[str, Any] = {}
    for text in texts:
        name, _, number = text.partition("=")
        kind, _, fault = name.strip().rpartition(".")
        try:
            (table.setdefault(kind, {}) if kind else table)[fault] = float(number)
        except ValueError as error:
            raise BadInput(f"--line: {text!r} is nothing like split=0.2 or dtu.drop_every_s=20.") from error
    return table


def _faults(table: Mapping[str, Any], usual: LineFaults) -> LineFaults:
    for name, value in table.items():
        if name not in NAMES:
            raise BadInput(
                f"line: there is no {name}; there are {', '.join(NAMES)}, and the kinds of devices."
            )
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise BadInput(f"line: {name} is {value!r}; it should be a number, not below 0.")
        if name != DROP_EVERY and value > 1:
            raise BadInput(f"line: {name} is {value:g}; it is a share of the frames, 0 to 1.")
    return replace(usual, **{name: float(value) for name, value in table.items()})


def _parts(data: bytes, chance: Random) -> list[bytes]:
    """`data` in two to PIECES_MAX pieces, where it has so many bytes."""
    cuts = chance.sample(range(1, len(data)), min(chance.randint(1, PIECES_MAX - 1), len(data) - 1))
    edges = [0, *sorted(cuts), len(data)]
    return [data[start:stop] for start, stop in pairwise(edges)]
