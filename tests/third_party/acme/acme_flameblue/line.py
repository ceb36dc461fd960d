"""The protocol: a line of text is a message. What it measures is for the payload to read."""

from collections.abc import Iterable

from flameblue.intake.protocol import Broken, Said

LINE_BYTES_MAX = 512


class Session:
    """One connection."""

    def __init__(self) -> None:
        self._held = b""
        self._is_broken = False

    def feed(self, data: bytes) -> list[Said | Broken]:
        """The messages that `data` completes, in order."""
        *lines, self._held = (self._held + data).split(b"\n")
        frames: list[Said | Broken] = []
        for line in lines:
            if self._is_broken:
                break
            frames.append(self._broken() if len(line) > LINE_BYTES_MAX else _said(line))
        if not self._is_broken and len(self._held) > LINE_BYTES_MAX:
            frames.append(self._broken())
        if self._is_broken:
            self._held = b""
        return frames

    def held_bytes(self) -> int:
        """Bytes of a line that has not ended."""
        return len(self._held)

    def give_up(self) -> list[Said | Broken]:
        """A line without its end is waited for as ever."""
        return []

    def settle(self, packet_ids: Iterable[int]) -> None:
        """Nothing: no line has a number."""

    def _broken(self) -> Broken:
        self._is_broken = True
        return Broken("a line that does not end", oversized=True, farewell=b"NO\n")


def _said(line: bytes) -> Said:
    device, _, rest = line.strip().partition(b" ")
    credential, _, pairs = rest.partition(b" ")
    name, key = (part.decode("utf-8", "replace") for part in (device, credential))
    return Said(name, "acme/pairs", pairs, key, reply=b"OK\n", denial=b"NO\n")


class AcmeLine:
    """The plug-in."""

    frame_bytes_max = LINE_BYTES_MAX

    def session(self) -> Session:
        """A session for a connection that has just come in."""
        return Session()


PLUGIN = AcmeLine()
