"""The answer to a read among the bytes of a line that carries other things too: heartbeats, late answers, noise. Pure.

Whoever asked knows the address, the function and the length that a right answer has; everything else is passed over.
That no other question's answer has the same ones is `owed`'s matter.
Source: MODBUS Application Protocol Specification V1.1b3, 6.3, 6.4 (answers), 7 (exceptions); Serial Line V1.02, 2.5.1.
"""

from flameblue.intake.asking.blocks import Block
from flameblue.intake.protocols.modbus_pdu import EXCEPTION, REFUSAL_BYTES
from flameblue.intake.protocols.modbus_rtu.codec import CRC_BYTES, HEAD_BYTES, encode
from flameblue.intake.protocols.modbus_rtu.crc import Sums, crc


def request(unit: int, block: Block) -> bytes:
    """The frame that asks `unit` for `block`."""
    pdu = bytes([block.function, *block.address.to_bytes(2, "big"), *block.words.to_bytes(2, "big")])
    return encode(unit, pdu)


def mark(block: Block) -> tuple[int, int]:
    """What an answer says of the read that it is to: neither a number nor where the registers stand."""
    return block.function, block.words


def frame_bytes(block: Block) -> int:
    """How long the answer's frame is."""
    return HEAD_BYTES + 2 + 2 * block.words + CRC_BYTES


def answer(data: bytes, unit: int, block: Block) -> tuple[int, ...] | int | None:
    """The registers of `block`, or the code of the exception that `unit` answered; None: neither is in `data`."""
    sums = Sums(data)
    words = _frame(data, sums, bytes([unit, block.function, 2 * block.words]), frame_bytes(block))
    if words is not None:
        body = words[HEAD_BYTES + 2 : -CRC_BYTES]
        return tuple(int.from_bytes(body[at : at + 2], "big") for at in range(0, len(body), 2))
    refusal = _frame(
        data, sums, bytes([unit, block.function | EXCEPTION]), HEAD_BYTES + REFUSAL_BYTES + CRC_BYTES
    )
    return None if refusal is None else refusal[HEAD_BYTES + 1]


def is_damaged(data: bytes, unit: int, block: Block) -> bool:
    """Whether `data` holds the answer of `unit` to a read of `block` with one byte of it wrong: its head and length are
    right and its CRC is not, or all is right once one byte of the head is."""
    head, size = bytes([unit, block.function, 2 * block.words]), frame_bytes(block)
    found = data.find(head)
    if 0 <= found <= len(data) - size:
        return answer(data, unit, block) is None
    for at in range(len(data) - size + 1):
        wrong = sum(one != right for one, right in zip(data[at:], head, strict=False))
        frame = head + data[at + len(head) : at + size]
        if wrong == 1 and crc(frame[:-CRC_BYTES]) == frame[-CRC_BYTES:]:
            return True
    return False


def _frame(data: bytes, sums: Sums, head: bytes, size: int) -> bytes | None:
    """The first frame with a right CRC that begins with `head` and has `size` bytes."""
    at = data.find(head)
    while 0 <= at <= len(data) - size:
        if sums.bear(at, at + size):
            return data[at : at + size]
        at = data.find(head, at + 1)
    return None
