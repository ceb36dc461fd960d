"""The CRC of Modbus RTU, of one run of bytes and of every run at once.

Source: MODBUS over Serial Line Specification V1.02, 6.2.2 (polynomial A001 reflected, start FFFF, low byte first).
"""

from flameblue.intake.protocols.modbus_pdu import PDU_BYTES_MAX

FRAME_BYTES_MAX = PDU_BYTES_MAX + 3  # address and CRC
START = 0xFFFF


def _shifted(value: int) -> int:
    """`value` after eight bits of nothing."""
    for _ in range(8):
        value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return value


TABLE = [_shifted(byte) for byte in range(256)]


def crc(data: bytes) -> bytes:
    """As it travels after `data`."""
    value = START
    for byte in data:
        value = value >> 8 ^ TABLE[(value ^ byte) & 0xFF]
    return value.to_bytes(2, "little")


def _nibbles() -> list[list[int]]:
    """For each number of zero bytes up to a frame: what becomes of the sixteen values of each of four nibbles. The
    CRC is linear: what becomes of a sum is the sum of what becomes of its parts. 257 × 64 numbers, in about 3 ms."""
    tables = [[value << 4 * place for place in range(4) for value in range(16)]]
    for _ in range(FRAME_BYTES_MAX):
        tables.append([value >> 8 ^ TABLE[value & 0xFF] for value in tables[-1]])
    return tables


AFTER_ZEROS = _nibbles()


class Sums:
    """The running CRCs of bytes: whether any run of them ends in its CRC is one look, however long the run is.
    A line that sends what looks like long frames, byte after byte, costs no more than any other."""

    def __init__(self, data: bytes) -> None:
        value = 0
        self._sums = sums = [0]
        for byte in data:
            value = value >> 8 ^ TABLE[(value ^ byte) & 0xFF]
            sums.append(value)

    def bear(self, start: int, stop: int) -> bool:
        """Whether the bytes from `start` to `stop` end in the CRC of those before it."""
        value, table = self._sums[start] ^ START, AFTER_ZEROS[stop - start]
        low = table[value & 15] ^ table[16 + (value >> 4 & 15)]
        return self._sums[stop] == low ^ table[32 + (value >> 8 & 15)] ^ table[48 + (value >> 12)]
