"""What every channel is: `send` blocks until the provider has accepted or refused; the rest is told by `Ears`.

Contract (tests/contracts/test_every_channel.py): DeliveryError is the only error for what the world does wrong, with
`permanent` where trying again would not help; a channel that is not configured says so when it is opened.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from flameblue.config import Config


@dataclass(frozen=True, slots=True)
class Carried:
    """A message as a provider of approved templates takes it: the form's name, its variables as they stand in it."""

    form: str
    variables: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to hand over. `attempt` is the row that was written before the try.

    `carried`: the same message as an approved template, where the channel takes nothing else.
    """

    notice: int
    attempt: int
    channel: str
    to: str
    text: str
    language: str
    carried: Carried | None = None


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


@dataclass(frozen=True, slots=True)
class Nature:
    """What a channel is like as it is configured: what planning, texts and `flameblue check` ask of it."""

    reaches: bool = True  # somebody's phone; False: our own pages only
    has_line: bool = False  # one that is up or down; without it nothing can be tried without sending
    hears: bool = True  # answers come back; where they do not, no text asks for one
    carries: tuple[str, ...] = ()  # the languages of its approved templates, if it takes nothing else
    to_group: bool = False  # everybody in a chat reads it; no single phone is reached
    signature: str = ""  # that every text bears; empty: the station's

    def says_as(self, other: "Nature") -> bool:
        """Whether the text for `other` is the text for this one."""
        own, others = (
            (self.hears, self.carries, self.signature),
            (other.hears, other.carries, other.signature),
        )
        return own == others


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

    def nature(self, config: Config) -> Nature:
        """What it is like."""

    def lacks(self, config: Config) -> list[str]:
        """What can be seen to be missing without asking anybody, a sentence each."""
