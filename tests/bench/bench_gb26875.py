"""The GB/T 26875.3 codec against the barest loop that walks the same frames by their lengths.

Both get the same stream in the same run, turn by turn, so that the ratio says something on any machine. The stream is
what devices send in a quiet hour and in a loud one: recorded frames, mixed. Run by
`make bench ARGS=tests/bench/bench_gb26875.py`.
"""

import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from flameblue.intake.protocols.gb26875 import codec, objects

VECTORS = Path(__file__).parents[1] / "vectors" / "gb26875"
ROUNDS = 5
FRAMES = 200_000
SEGMENT_BYTES = 2_048  # of a socket a turn
TYPICAL = ("lee_haiwan_*", "ald_0*", "lee_ff_elec*", "lee_ff_login")


def stream() -> bytes:
    paths = sorted({path for pattern in TYPICAL for path in VECTORS.glob(f"{pattern}.hex")})
    frames = [bytes.fromhex(path.read_text(encoding="ascii")) for path in paths]
    return b"".join(random.Random(1).choices(frames, k=FRAMES))


def segments(data: bytes) -> list[bytes]:
    return [data[at : at + SEGMENT_BYTES] for at in range(0, len(data), SEGMENT_BYTES)]


def walked(pieces: list[bytes]) -> int:
    """The barest loop: where a frame begins and ends, nothing checked, nothing made."""
    found, held = 0, b""
    for piece in pieces:
        data = held + piece
        at, end = 0, len(data)
        while at + 30 <= end and (stop := at + 30 + data[at + 24] + (data[at + 25] << 8)) <= end:
            found += 1
            at = stop
        held = data[at:]
    return found


def decoded(pieces: list[bytes]) -> int:
    session = codec.Session()
    return sum(len(session.feed(piece)) for piece in pieces)


def read_through(pieces: list[bytes]) -> int:
    """Frames and all their objects."""
    session, found = codec.Session(), 0
    for piece in pieces:
        for frame in session.feed(piece):
            assert type(frame) is codec.Frame
            objects.read(frame.unit)
            found += 1
    return found


def encoded(frames: list[codec.Frame]) -> int:
    return sum(1 for frame in frames if codec.encode(frame))


def per_s(way: Callable[[list[bytes]], int], pieces: list[bytes]) -> float:
    begin = time.process_time()
    assert way(pieces) == FRAMES
    return FRAMES / (time.process_time() - begin)


def test_frames_a_second_on_one_core() -> None:
    data = stream()
    pieces = segments(data)
    ways = {"barest walk": walked, "frames": decoded, "frames and their objects": read_through}
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            rates[name].append(per_s(way, pieces))
    print(f"\n{FRAMES} frames, {len(data) / FRAMES:.0f} bytes each, in segments of {SEGMENT_BYTES}")
    barest = rates["barest walk"]
    for name, found in rates.items():
        ratio = statistics.median(one / other for one, other in zip(found, barest, strict=True))
        print(f"{name:26s} {statistics.median(found) / 1e3:7.0f} thousand/s   {ratio:.2f} of the barest walk")


def test_encoding_on_one_core() -> None:
    frames = [item for item in codec.Session().feed(stream()) if type(item) is codec.Frame]
    begin = time.process_time()
    assert encoded(frames) == FRAMES
    print(f"\nencoded {FRAMES / (time.process_time() - begin) / 1e3:.0f} thousand/s")
