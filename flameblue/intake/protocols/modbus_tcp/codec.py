"""Modbus TCP frames out of a connection's bytes, without I/O: a header of seven bytes, then the unit.

There is no check sum. A frame begins where the protocol identifier is 0 and the unit is, by its function code and the
header's length, one that can be; all else is passed over.
Source: MODBUS Messaging on TCP/IP Implementation Guide V1.0b, 3.1.3.
"""

from typing import NamedTuple

from flameblue.intake.protocols.modbus_pdu import PDU_BYTES_MAX, possible
from flameblue.intake.protocols.stream import Stream

HEAD_BYTES = 7  # transaction identifier 2, protocol identifier 2, length 2, unit identifier 1
LENGTH_ENDS = 6  # the length counts what follows it: the unit identifier and the unit
LENGTH_MIN, LENGTH_MAX = 2, PDU_BYTES_MAX + 1
FRAME_BYTES_MAX = HEAD_BYTES + PDU_BYTES_MAX


class Frame(NamedTuple):
    """A frame; `pdu` is read by modbus_pdu."""

    at: int
    size: int
    transaction: int
    unit: int
    pdu: bytes


def encode(transaction: int, unit: int, pdu: bytes) -> bytes:
    """The frame of `pdu`."""
    return transaction.to_bytes(2, "big") + bytes(2) + (len(pdu) + 1).to_bytes(2, "big") + bytes([unit]) + pdu


def trouble(data: bytes) -> tuple[int, str] | None:
    """Where `data` is not the header of a frame, and why; None: as far as it goes, it is."""
    protocol, following = data[2:4], int.from_bytes(data[4:LENGTH_ENDS], "big")
    if any(protocol):
        return 2, f"the protocol identifier is {protocol.hex()}, not 0000"
    if len(data) >= LENGTH_ENDS and not LENGTH_MIN <= following <= LENGTH_MAX:
        return 4, f"the length is {following}; {LENGTH_MIN} to {LENGTH_MAX} are possible"
    return None


def length(data: bytes) -> int:
    """How many bytes the frame has that begins with the header `data`."""
    return LENGTH_ENDS + int.from_bytes(data[4:LENGTH_ENDS], "big")


def frame(data: bytes, at: int) -> Frame:
    """The frame that `data` is; `at` is where it stood."""
    return Frame(at, len(data), int.from_bytes(data[:2], "big"), data[6], data[HEAD_BYTES:])


class Session(Stream[Frame]):
    """One connection, both directions."""

    def _look(self, data: bytes, at: int) -> tuple[int, Frame | None]:
        head = data[at : at + HEAD_BYTES]
        if trouble(head):
            return 0, None
        size = length(head) if len(head) == HEAD_BYTES else HEAD_BYTES
        if len(data) - at < size:
            return size, None
        found = frame(data[at : at + size], self._base + at)
        return (size, found) if possible(found.pdu) else (0, None)
