"""What every protocol of the listener is: bytes in, frames out, bytes back; no socket, clock or task inside.

Contract (tests/contracts/test_every_protocol.py): any split of the same bytes gives the same frames; no bytes
make a session raise; what it holds is bounded; after `Broken` it yields nothing more.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol


class Broken(NamedTuple):
    """The peer broke the protocol: the last frame of its session. `reason` is for people, `farewell` for the peer."""

    reason: str
    oversized: bool = False
    farewell: bytes = b""


class Said(NamedTuple):
    """A message, as a protocol yields it that has no conversation of its own here (plain_conversation.py).

    `device`: its name in the registry; `credential`: as there, or "". `topic` and `payload` are for a payload format.
    `reply` goes back once the readings are on disk, `denial` where the message is not taken.
    """

    device: str
    topic: str
    payload: bytes
    credential: str = ""
    reply: bytes = b""
    denial: bytes = b""


class Session(Protocol):
    """One connection's side of a protocol."""

    def feed(self, data: bytes) -> Sequence[Any]:
        """The frames that `data` completes, in order."""

    def held_bytes(self) -> int:
        """How many bytes of an incomplete frame are kept."""

    def give_up(self) -> Sequence[Any]:
        """The frames of what is held when nothing more of it is waited for; none where it is waited for as ever."""

    def settle(self, packet_ids: Iterable[int]) -> None:
        """The peer was sent our last answer to these messages of its; it may send as many new ones."""


class ProtocolPlugin(Protocol):
    """A protocol. Plug-ins are objects of this shape, named PLUGIN."""

    frame_bytes_max: int

    def session(self) -> Session:
        """A session for a connection that has just come in."""
