"""What the tests of captured bytes have in common: recorded streams, any split, what was told."""

import itertools
import json
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from flameblue.intake.protocol import Session

VECTORS = Path(__file__).parents[1] / "vectors"
Told = list[dict[str, Any]]


def vectors(protocol: str, key: str) -> list[Path]:
    """The recorded streams of `protocol` whose description has `key`."""
    paths = sorted((VECTORS / protocol).glob("*.hex"))
    assert paths
    return [path for path in paths if key in about(path)]


def about(path: Path) -> dict[str, Any]:
    description: dict[str, Any] = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    return description


def recorded(path: Path) -> bytes:
    return bytes.fromhex(path.read_text(encoding="ascii"))


def runs(told: Told) -> Told:
    """Of each mapping its place, its size and the place of its error, as the vectors write them."""
    return [
        {
            "at": one["at"],
            "size": len(one["hex"]) // 2,
            "error_at": one["error"]["at"] if "error" in one else None,
        }
        for one in told
    ]


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[start:stop] for start, stop in itertools.pairwise(places)]


def check_told(told: Callable[[bytes], Iterator[dict[str, Any]]], data: bytes) -> Told:
    """What is told of `data`: every byte once and in order, each error within the bytes and as JSON."""
    said = list(told(data))
    assert "".join(one["hex"] for one in said) == data.hex()
    at = 0
    for one in said:
        assert one["at"] == at
        at += len(one["hex"]) // 2
        if "error" in one:
            assert one["at"] <= one["error"]["at"] <= at
            assert one["error"]["why"]
    json.dumps(said)
    return said


def swallow_ten_million_mutated_bytes(
    session: Session,
    held_bytes_max: int,
    told: Callable[[bytes], Iterator[dict[str, Any]]],
    good: Sequence[bytes],
    frames: int,
) -> None:
    """No stream of so many `good` frames, noise and changed bytes raises or is held; one in fifty is told as well."""
    draw = random.Random(645)
    given_bytes = 0
    while given_bytes < 10_000_000:
        stream = bytearray(b"".join(draw.choices(good, k=frames)) + draw.randbytes(draw.randrange(2000)))
        for _ in range(draw.randrange(20)):
            stream[draw.randrange(len(stream))] = draw.randrange(256)
        session.feed(bytes(stream))
        assert session.held_bytes() <= held_bytes_max
        given_bytes += len(stream)
        if draw.random() < 0.02:
            check_told(told, bytes(stream))
