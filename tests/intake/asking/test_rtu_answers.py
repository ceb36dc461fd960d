"""The answer to a question, among whatever else a unit sends on the same connection."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flameblue.intake.asking.blocks import Block
from flameblue.intake.asking.rtu_answers import answer, frame_bytes, is_damaged, request
from flameblue.intake.protocols.modbus_rtu.codec import encode

BLOCK = Block(3, 0x10, 2)
RIGHT = encode(17, b"\x03\x04\x00\x24\x01\x02")
REFUSED = encode(17, b"\x83\x02")
HEARTBEATS = [
    b"ping",
    b"860123456789014",
    b"\x00",
    b"\x00" * 20,
    b"\x11",
    b"\x11\x03",
    b"\x11\x03\x04\xff",
    b"\xfe\xfe",
]


def test_the_question_is_the_standards_own_frame() -> None:
    """MODBUS Application Protocol Specification V1.1b3, 6.3: read holding registers 108 to 110."""
    assert request(17, Block(3, 0x6B, 3)) == encode(17, bytes.fromhex("03006b0003"))
    assert frame_bytes(BLOCK) == len(RIGHT)


@pytest.mark.parametrize("before", [b"", *HEARTBEATS])
@pytest.mark.parametrize("after", [b"", *HEARTBEATS])
def test_heartbeats_around_it_are_passed_over(before: bytes, after: bytes) -> None:
    assert answer(before + RIGHT + after, 17, BLOCK) == (0x24, 0x102)
    assert answer(before + REFUSED + after, 17, BLOCK) == 2
    assert answer(before + after, 17, BLOCK) is None


@pytest.mark.parametrize(
    "other",
    [
        encode(18, b"\x03\x04\x00\x24\x01\x02"),
        encode(17, b"\x04\x04\x00\x24\x01\x02"),
        encode(17, b"\x03\x06\x00\x24\x01\x02\x00\x01"),
        encode(17, b"\x03\x02\x00\x24"),
        encode(17, b"\x84\x02"),
        request(17, BLOCK),
        RIGHT[:-1],
        RIGHT[:-1] + bytes([RIGHT[-1] ^ 1]),
    ],
)
def test_what_answers_another_question_is_none(other: bytes) -> None:
    assert answer(other, 17, BLOCK) is None
    assert answer(other + RIGHT, 17, BLOCK) == (0x24, 0x102)


@given(st.binary(max_size=600), st.binary(max_size=300))
def test_noise_never_hides_an_answer(before: bytes, after: bytes) -> None:
    assert answer(before + RIGHT + after, 17, BLOCK) is not None


@given(
    st.lists(st.sampled_from([b"\x11\x03\x04", b"\x11", b"\x83", b"\x00\x24"]), max_size=200).map(b"".join)
)
def test_noise_that_looks_like_an_answer_is_none(noise: bytes) -> None:
    assert answer(noise, 17, BLOCK) is None


@pytest.mark.parametrize("before", [b"", *HEARTBEATS])
def test_an_answer_with_a_bit_wrong_is_told_from_none(before: bytes) -> None:
    for place in range(8 * len(RIGHT)):
        spoilt = bytearray(RIGHT)
        spoilt[place // 8] ^= 1 << place % 8
        said = before + bytes(spoilt)
        assert answer(said, 17, BLOCK) is None
        assert is_damaged(said, 17, BLOCK), place


@pytest.mark.parametrize("said", [*HEARTBEATS, RIGHT, REFUSED, RIGHT[:-1], request(17, BLOCK)])
def test_what_is_no_answer_or_a_whole_one_is_not_damaged(said: bytes) -> None:
    assert not is_damaged(said, 17, BLOCK)


@pytest.mark.parametrize(
    "other",
    [encode(18, RIGHT[1:-2]), encode(17, b"\x04" + RIGHT[2:-2]), encode(17, b"\x03\x02\x00\x24\x00\x00")],
)
def test_the_whole_answer_to_another_question_is_not_a_damaged_one(other: bytes) -> None:
    assert not is_damaged(other, 17, BLOCK)


@given(st.binary(max_size=600))
def test_noise_is_no_damaged_answer(noise: bytes) -> None:
    assert not is_damaged(noise, 17, BLOCK)
