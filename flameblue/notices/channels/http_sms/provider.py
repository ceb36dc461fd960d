"""What an SMS provider over HTTP is: a request made of a message, and an answer understood. No socket, no clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol

from flameblue.config import HttpSms
from flameblue.domain.errors import DeliveryError
from flameblue.notices.channel import Sent

AGAIN = frozenset({408, 425, 429})
REFUSED = range(400, 500)
MAINLAND = "+86"


@dataclass(frozen=True, slots=True)
class Message:
    """One SMS, as a text or as an approved template with its variables in the order of its text."""

    to: tuple[str, ...]
    text: str
    notice: int
    attempt: int
    language: str
    template: str = ""
    variables: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


class Provider(Protocol):
    """A provider as it is configured. Plug-ins are classes of this shape, named PROVIDER."""

    NEEDS: ClassVar[tuple[str, ...]]  # settings of [http_sms] that may not be empty
    TAKES_TEMPLATES: ClassVar[bool]  # and no text

    def __init__(self, settings: HttpSms) -> None:
        """BadInput when the settings make no sense."""

    @property
    def url(self) -> str:
        """Whom it asks."""

    def request(self, message: Message, now: datetime) -> Request:
        """What is asked; the same of the same message at the same time."""

    def understood(self, status: int, body: bytes) -> Sent:
        """The provider has taken it; else DeliveryError, `permanent` where another try would not help."""

    @staticmethod
    def placeholder(name: str, position: int) -> str:
        """A variable as the provider's templates write it; the first one has position 1."""


def refused(name: str, why: str, *, permanent: bool) -> DeliveryError:
    """The provider's own words, for the attempt's row."""
    return DeliveryError(f"{name} answered {why}.", permanent=permanent)


def may_pass(status: int) -> bool:
    """Whether an answer of this HTTP status may be another one later; a redirection is not the provider's."""
    return status in AGAIN or status not in REFUSED
