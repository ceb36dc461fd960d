"""What every channel is: `send` blocks until the provider has accepted or refused; the rest is told by `Ears`.

Contract (tests/contracts/test_every_channel.py): DeliveryError is the only error for what the world does wrong, with
`permanent` where trying again would not help; a channel that is not configured says so when it is opened.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from flameblue.config import Config


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to hand over. `attempt` is the row that was written before the try."""

    notice: int
    attempt: int
    channel: str
    to: str
    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider has accepted it: one id a part, in order; empty where it gives none."""

    message_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ears:
    """Where a channel tells what comes back, from any thread: (message id, state) and (sender, text).

    They return when it is kept, so that the channel may acknowledge it; WorldFailed: it is not, ask again.
    """

    receipt: Callable[[str, str], None]
    inbound: Callable[[str, str], None]


class Channel(Protocol):
    """An open channel."""

    def send(self, outgoing: Outgoing) -> Sent:
        """Hands the message over; DeliveryError when it could not."""

    def deaf_s(self) -> float:
        """How long its line has been down; 0 where it is up, or has none."""

    def trouble(self) -> str:
        """Why its line is down, as a part of a sentence; empty where it is up, or has none."""

    def close(self) -> None: ...


class ChannelPlugin(Protocol):
    """A channel's folder. Plug-ins are objects of this shape, named PLUGIN."""

    def open(self, config: Config, ears: Ears) -> Channel:
        """The channel as the configuration says; BadInput when it is not configured."""
