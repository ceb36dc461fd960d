"""Modbus RTU frames out of a line's bytes, without I/O: address, unit, CRC.

A frame has no start mark and no length: the silence between frames that the standard asks for is lost on the way
through converters and in captured files. A frame begins where one of the lengths that its function code allows, as a
request or as an answer, ends in a right CRC; the shorter length is tried first. All else is passed over.
Source: MODBUS over Serial Line Specification and Implementation Guide V1.02, 2.5.1.
"""

from typing import NamedTuple

from flameblue.intake.protocols import modbus_pdu
from flameblue.intake.protocols.modbus_rtu.crc import FRAME_BYTES_MAX, Sums, crc
from flameblue.intake.protocols.stream import Stream

HEAD_BYTES = 1  # the address
CRC_BYTES = 2
FRAME_BYTES_MIN = HEAD_BYTES + 1 + CRC_BYTES
__all__ = ["CRC_BYTES", "FRAME_BYTES_MAX", "FRAME_BYTES_MIN", "HEAD_BYTES", "Frame", "Session", "encode"]


class Frame(NamedTuple):
    """A frame with a right CRC; `pdu` is read by modbus_pdu."""

    at: int
    size: int
    address: int
    pdu: bytes


def encode(address: int, pdu: bytes) -> bytes:
    """The frame of `pdu`."""
    data = bytes([address]) + pdu
    return data + crc(data)


class Session(Stream[Frame]):
    """One line, both directions."""

    def _prepare(self, data: bytes) -> None:
        self._sums = Sums(data)

    def _look(self, data: bytes, at: int) -> tuple[int, Frame | None]:
        left = len(data) - at
        if left < FRAME_BYTES_MIN:
            return FRAME_BYTES_MIN, None
        for size in modbus_pdu.sizes(data[at + 1 : at + 1 + modbus_pdu.PDU_BYTES_MAX]):
            whole = HEAD_BYTES + size + CRC_BYTES
            if whole > left:
                return whole, None
            if self._sums.bear(at, at + whole):
                return whole, Frame(self._base + at, whole, data[at], data[at + 1 : at + 1 + size])
        return 0, None
