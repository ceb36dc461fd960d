"""What a payload plug-in yields: samples as the device sent them, not yet checked against its points."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

OWN_TOPIC = ""  # the topic names no device: it is the connection's own
NO_CALENDAR_MS = 1e18  # a time of Sample that no calendar has, such as the 0th of month 0: it is replaced
TEST_BIT = "test_bit"  # a state that is a test where the profile says that this bit of its can be believed
SUPERVISION_BIT = "supervision_bit"  # a state that means what the profile says, which may be nothing


class Kind(NamedTuple):
    """What the format itself says of a number. `unit` "": only the profile knows, under `kinds` by `name`.

    `caution`: what is told beside a unit that is not the point's.
    """

    name: str
    unit: str
    caution: str = ""


_ALL_ALIKE: Mapping[str, Kind] = {}


class Sample(NamedTuple):
    """Values and states of one time. Everything in it is still as sent: a value may be anything."""

    t_ms: Any  # milliseconds since 1970; a datetime without zone: the device's local time; None: no time
    values: Mapping[str, Any]
    states: Mapping[str, Any]
    unknown: tuple[str, ...] = ()  # fields that the format does not know
    device: str = ""  # the name of a device behind the one that speaks; "": it speaks for itself
    online: bool | None = None  # the message says that the device is there, or is gone
    kinds: Mapping[str, Kind] = _ALL_ALIKE  # of every value, where the format has kinds


NOTHING = Sample(None, {}, {})


class Payload(Protocol):
    """A payload format. Plug-ins are objects of this shape, named PLUGIN."""

    strict: bool  # what no point of the device is for goes to quarantine; others send much that nobody wants
    line_decides: (
        bool  # the topic bears the firmware's own name: on our own endpoint the line says who speaks
    )

    def matches(self, topic: str) -> bool:
        """Whether a message on `topic` is of this format."""

    def device(self, topic: str, /) -> str:
        """The device that a matching `topic` names, or OWN_TOPIC."""

    def parse(self, topic: str, payload: bytes, /) -> list[Sample]:
        """The samples in `payload`, one at least; BadInput says why there are none. Raises nothing else."""

    def commands(self, device: str, /) -> Sequence[str]:
        """The topic filters that a device of this format may subscribe to: all of its own, nothing of others.

        `device` is a name that can stand in a topic.
        """

    def example(self, device: str, values: Mapping[str, float], /) -> tuple[str, str] | None:
        """Topic and text with which `device` would send some of `values`, its own numbers by the points' keys.

        None where nobody can type it: it is binary, or a gateway's.
        """

    def replies(self, topic: str, payload: bytes, /) -> Sequence[tuple[str, bytes]]:
        """What the server says at once to a message on `topic`, data or not: topics and payloads. Raises nothing."""
