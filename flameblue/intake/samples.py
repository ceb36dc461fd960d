"""What a payload plug-in yields: samples as the device sent them, not yet checked against its points."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

OWN_TOPIC = ""  # the topic names no device: it is the connection's own


class Sample(NamedTuple):
    """Values and states of one time. Everything in it is still as sent: a value may be anything."""

    t_ms: Any  # milliseconds since 1970; None: the device sent no time
    values: Mapping[str, Any]
    states: Mapping[str, Any]
    unknown: tuple[str, ...] = ()  # fields that the format does not know


class Payload(Protocol):
    """A payload format. Plug-ins are objects of this shape, named PLUGIN."""

    def matches(self, topic: str) -> bool:
        """Whether a message on `topic` is of this format."""

    def device(self, topic: str, /) -> str:
        """The device that a matching `topic` names, or OWN_TOPIC."""

    def parse(self, payload: bytes) -> list[Sample]:
        """The samples in `payload`; BadInput says why there are none. Raises nothing else on any bytes."""

    def commands(self, device: str) -> Sequence[str]:
        """The topic filters that a device of this format may subscribe to: all of its own, nothing of others."""

    def replies(self, topic: str, payload: bytes) -> Sequence[tuple[str, bytes]]:
        """What the server says at once to a message on `topic`, data or not: topics and payloads. Raises nothing."""
