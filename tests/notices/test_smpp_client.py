"""What the SMS gateway sends and nobody can read: one bad unit ends neither the line nor the memory."""

import struct

import pytest
from smpplib import exceptions

from flameblue.domain.limits import SMPP_UNIT_BYTES_MAX
from tests.notices.cable import Cable, bound

DELIVER, SUBMIT_ANSWER, ENQUIRE, REFUSAL = 0x05, 0x80000004, 0x15, 0x80000000


def unit(command: int, sequence: int, body: bytes = b"", length: int | None = None) -> bytes:
    return struct.pack(">LLLL", 16 + len(body) if length is None else length, command, 0, sequence) + body


def test_a_request_that_can_not_be_read_is_refused_and_the_next_one_is_read() -> None:
    cable = Cable(unit(ENQUIRE, 7, b"\x04\x24\x00") + unit(0x7777, 8) + unit(ENQUIRE, 9))
    line = bound(cable)
    assert line.read_pdu() is None
    assert line.read_pdu() is None
    assert line.read_pdu().command == "enquire_link"
    refusals = [struct.unpack(">LLLL", cable.sent[at : at + 16]) for at in (0, 16)]
    assert [(command, sequence) for _, command, _, sequence in refusals] == [(REFUSAL, 7), (REFUSAL, 8)]
    assert all(status for _, _, status, _ in refusals)


def test_an_answer_that_can_not_be_read_ends_the_line() -> None:
    cable = Cable(unit(SUBMIT_ANSWER, 7, b"id\0" + b"\x04"))
    with pytest.raises(exceptions.PDUError, match="can't be read"):
        bound(cable).read_pdu()
    assert cable.sent == b""


@pytest.mark.parametrize("length", [8, 0, 3, 15, SMPP_UNIT_BYTES_MAX + 17, 0xFFFFFFFF])
def test_a_length_that_can_not_be_ends_the_line_before_it_is_read(length: int) -> None:
    cable = Cable(unit(DELIVER, 7, b"x" * 100, length))
    with pytest.raises(exceptions.PDUError, match="a unit of"):
        bound(cable).read_pdu()
