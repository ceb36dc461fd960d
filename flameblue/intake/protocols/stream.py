"""Frames out of bytes that may hold other things too: what the codecs of serial lines have in common.

Invariants: any split of the bytes gives the same frames; whatever is no frame is passed over, byte by byte, until one
begins; no bytes raise; less than one frame is held; each byte is looked at a bounded number of times.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import Generic, Protocol, TypeVar


class Placed(Protocol):
    """A frame that knows where it stood: `at` counts from the first byte of the connection."""

    @property
    def at(self) -> int: ...
    @property
    def size(self) -> int: ...


F = TypeVar("F", bound=Placed)


class Stream(ABC, Generic[F]):
    """One connection's side; a protocol says in `_look` where a frame begins."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._base = 0  # where `_held` begins in the connection
        self._needed = 0  # bytes that `_held` must have before looking at it again is worth while

    def held_bytes(self) -> int:
        """Bytes of which it is not known yet whether they are a frame."""
        return len(self._held)

    def settle(self, packet_ids: Iterable[int]) -> None:
        """Nothing: no frame has a packet id."""

    def feed(self, data: bytes) -> list[F]:
        """The frames that `data` completes, in order."""
        self._held += data
        return self._frames(ended=False) if len(self._held) >= self._needed else []

    def give_up(self) -> list[F]:
        """The line is silent: the frames behind bytes that had looked like the start of a longer one."""
        return self._frames(ended=True)

    def _frames(self, *, ended: bool) -> list[F]:
        data = bytes(self._held)
        self._prepare(data)
        frames: list[F] = []
        at = self._needed = 0
        while at < len(data):
            size, frame = self._look(data, at)
            if frame is not None:
                frames.append(frame)
                at += size
            elif size and not ended:
                self._needed = size
                break
            else:
                at += 1
        del self._held[:at]
        self._base += at
        return frames

    def _prepare(self, data: bytes) -> None:
        """Whatever is worth doing once for all the looks at `data`."""

    @abstractmethod
    def _look(self, data: bytes, at: int) -> tuple[int, F | None]:
        """The frame that begins at `at` and its size; without a frame: how many bytes it takes to know, 0 where
        it is known that none begins here. What is decided may not depend on how many bytes have come."""


def in_order(stream: Stream[F], data: bytes) -> Iterator[tuple[int, int, F | None]]:
    """Start and stop of each frame of `data` and of each run of bytes between them, which has no frame."""
    done = 0
    for frame in [*stream.feed(data), *stream.give_up()]:
        if frame.at > done:
            yield done, frame.at, None
        done = frame.at + frame.size
        yield frame.at, done, frame
    if done < len(data):
        yield done, len(data), None
