"""What every protocol and every payload obeys, as checks for the tests of whoever writes one.

Each check raises AssertionError with a sentence where a promise is broken: those of `protocol.py` and `samples.py`.
The damage that they do to recorded bytes comes from `seed`, so that a failure can be seen again.
"""

import random
from collections.abc import Iterator, Sequence
from typing import Any

from flameblue.domain.errors import BadInput
from flameblue.intake.protocol import Broken, ProtocolPlugin
from flameblue.intake.samples import Payload, Sample

ROUNDS = 200
HELD_MORE = 16  # bytes beyond a frame that a session may hold: the beginning of the next one
DEVICES = ("D0217", "valley:node1", "厨房 插座")


def check_protocol(plugin: ProtocolPlugin, recorded: Sequence[bytes], *, seed: int = 1) -> None:
    """`recorded`: frames of real devices; cut, joined and damaged they raise nothing and are bounded."""
    assert recorded, "there are no recorded frames to check it with"
    chance = random.Random(seed)
    assert any(_frames(plugin, [stream]) for stream in recorded), "it finds no frame in what was recorded"
    for stream in recorded:
        whole = _frames(plugin, [stream])
        assert whole == _frames(plugin, [bytes([one]) for one in stream]), (
            "byte by byte it finds other frames"
        )
        for place in range(len(stream)):
            changed = bytearray(stream)
            changed[place] ^= 0xFF
            _frames(plugin, [bytes(changed)])
    for _ in range(ROUNDS):
        stream = b"".join(chance.choices(recorded, k=chance.randint(1, 3)))
        damaged = _damaged(stream, chance)
        assert _frames(plugin, [damaged]) == _frames(plugin, _cut(damaged, chance)), (
            f"cut elsewhere, {damaged.hex(' ')} holds other frames"
        )


def check_payload(plugin: Payload, messages: Sequence[tuple[str, bytes]], *, seed: int = 1) -> None:
    """`messages`: topics and payloads of real devices; damaged they are refused with BadInput, or read."""
    assert messages, "there are no messages to check it with"
    chance = random.Random(seed)
    for topic, payload in messages:
        assert plugin.matches(topic), f"it does not know its topic {topic}"
        assert isinstance(plugin.device(topic), str), f"it names no device of {topic}"
        _check_samples(plugin.parse(topic, payload))
        for _ in range(ROUNDS):
            damaged = _damaged(payload, chance)
            for answer, content in plugin.replies(topic, damaged):
                assert set(answer) - set("+#") == set(answer) != set(), f"it replies on {answer!r}"
                assert isinstance(content, bytes), f"it replies {content!r}, which is not bytes"
            try:
                found = plugin.parse(topic, damaged)
            except BadInput:
                continue
            _check_samples(found)
    for device in DEVICES:
        for own in plugin.commands(device):
            assert not own.startswith(("$", "#", "+/#")), f"{device} may subscribe to {own}"


def _frames(plugin: ProtocolPlugin, pieces: Sequence[bytes]) -> list[Any]:
    session = plugin.session()
    frames: list[Any] = []
    for piece in pieces:
        frames += session.feed(piece)
        held = session.held_bytes()
        assert held <= plugin.frame_bytes_max + HELD_MORE, f"it holds {held} bytes"
    broken = [frame for frame in frames[:-1] if isinstance(frame, Broken)]
    assert not broken, f"it goes on after {broken[0] if broken else ''}"
    return frames


def _check_samples(samples: Sequence[Sample]) -> None:
    assert samples, "it gives no sample: one at least, NOTHING where there are no values"
    for sample in samples:
        assert isinstance(sample, Sample), f"it gives a {type(sample).__name__}"
        assert all(isinstance(key, str) for key in sample.values), "a key is not a text"


def _damaged(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randint(0, 3)):
        if changed:
            changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed[: chance.randint(0, len(changed))]) + chance.randbytes(chance.randint(0, 9))


def _cut(data: bytes, chance: random.Random) -> list[bytes]:
    return list(_pieces(data, sorted(chance.choices(range(len(data) + 1), k=5))))


def _pieces(data: bytes, cuts: Sequence[int]) -> Iterator[bytes]:
    start = 0
    for stop in (*cuts, len(data)):
        yield data[start:stop]
        start = stop
