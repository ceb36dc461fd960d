"""What the API answers, as data."""

from datetime import datetime

from ninja import Schema

from flameblue.cases.models import Case, CaseEvent
from flameblue.domain.transitions import Level
from flameblue.fleet.models import Premises


def level_word(level: int) -> str:
    """normal, warning, alarm, fault."""
    return Level(level).name.lower()


class PremisesOut(Schema):
    id: int
    site: str
    name: str
    short_name: str
    kind: str
    address: str
    latitude: float | None
    longitude: float | None
    is_equipped: bool
    level: str | None

    @classmethod
    def of(cls, premises: Premises, *, is_equipped: bool, level: Level | None) -> "PremisesOut":
        return cls(
            id=premises.pk,
            site=premises.site.name,
            name=premises.name,
            short_name=premises.short_name,
            kind=premises.kind,
            address=premises.address,
            latitude=premises.latitude,
            longitude=premises.longitude,
            is_equipped=is_equipped,
            level=None if level is None else level_word(level),
        )


class CaseOut(Schema):
    number: int
    site: str | None
    premises: str | None
    premises_id: int | None
    family: str
    state: str
    level: str
    worst_level: str
    is_test: bool
    opened_at: datetime
    announced_at: datetime
    taken_by: str | None
    taken_at: datetime | None
    made_safe_at: datetime | None
    repaired_at: datetime | None
    proven_at: datetime | None
    closed_at: datetime | None
    cause: str
    action: str
    closed_without_proof: bool
    incident: int | None

    @classmethod
    def of(cls, case: Case) -> "CaseOut":
        site = case.premises.site if case.premises else case.site
        return cls(
            number=case.number,
            family=case.family,
            state=case.state,
            is_test=case.is_test,
            opened_at=case.opened_at,
            announced_at=case.announced_at,
            taken_at=case.taken_at,
            made_safe_at=case.made_safe_at,
            repaired_at=case.repaired_at,
            proven_at=case.proven_at,
            closed_at=case.closed_at,
            cause=case.cause,
            action=case.action,
            closed_without_proof=case.closed_without_proof,
            premises_id=case.premises_id,
            site=site.name if site else None,
            premises=case.premises.name if case.premises else None,
            level=level_word(case.level),
            worst_level=level_word(case.worst_level),
            taken_by=case.taken_by.name if case.taken_by else None,
            incident=case.incident.number if case.incident else None,
        )


class EventOut(Schema):
    number: int
    kind: str
    at: datetime
    by: str | None
    data: dict[str, object]

    @classmethod
    def of(cls, event: CaseEvent) -> "EventOut":
        return cls(
            number=event.number,
            kind=event.kind,
            at=event.at,
            by=event.by.name if event.by else None,
            data=event.data,
        )


class CaseWithEvents(Schema):
    case: CaseOut
    events: list[EventOut]


class TakeOut(Schema):
    taken: bool
    case: CaseOut


class CommentIn(Schema):
    text: str


class PointOut(Schema):
    id: int
    premises_id: int
    premises: str
    circuit: str | None
    device: str
    key: str
    quantity: str
    unit: str
    phase: str
    place: str
    at: datetime | None
    value: float | None


class ReadingsOut(Schema):
    point: int
    unit: str
    at: list[datetime]
    low: list[float]
    high: list[float]


class PointsPage(Schema):
    items: list[PointOut]
    next_after: int | None


class PremisesPage(Schema):
    items: list[PremisesOut]
    next_after: int | None


class CasesPage(Schema):
    items: list[CaseOut]
    next_before: int | None
