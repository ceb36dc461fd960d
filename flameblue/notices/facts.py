"""What planning is told of an event: numbers and words, no rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody with a phone."""

    person: int
    name: str
    phone: str
    language: str


@dataclass(frozen=True, slots=True)
class Contacts:
    """Who can be called about a case, now."""

    owner: Recipient | None = None
    second: Recipient | None = None
    duty: tuple[Recipient, ...] = ()
    leader: tuple[Recipient, ...] = ()
    next_station: tuple[Recipient, ...] = ()
    assigned: Recipient | None = None
    told_before: tuple[Recipient, ...] = ()  # had notices of this case


@dataclass(frozen=True, slots=True)
class EventFacts:
    """One case event. `data` is cases.event_data.EventData."""

    kind: str
    at: datetime
    number: int  # of the case
    family: str
    level: str  # of the case: normal, warning, alarm, fault
    is_test: bool
    is_incident: bool
    opened_at: datetime
    data: Mapping[str, Any]
    by_officer: bool = False  # whoever did it belongs to a station


@dataclass(frozen=True, slots=True)
class Agreed:
    """Which channel carries what, when owners sleep, and where."""

    sms: str
    voice: str
    quiet_begin_h: float
    quiet_end_h: float
    zone: tzinfo
    next_station: str = ""


@dataclass(frozen=True, slots=True)
class PlannedNotice:
    """One message to be written: to whom, how, which text, why, and from when on."""

    to: Recipient
    channel: str
    template: str
    text_family: str
    values: Mapping[str, Any] = field(hash=False)
    reason: str = ""
    due_at: datetime | None = None  # None: at once
