"""Who changed what, when. Entries are only ever added, in the transaction of the change they tell of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import Model, QuerySet

from flameblue.fleet.models import AuditEntry

BY_MAX, VERB_MAX, SUBJECT_MAX = 80, 40, 120
SECRET_FIELDS = frozenset({"credential_hash", "token_hash", "password"})
PHONE_FIELDS = frozenset({"phone"})
NOT_OF_THE_FLEET = frozenset(
    {
        "accepted devices",
        "began test",
        "checked",
        "ended test",
        "scanned serial",
        "tested point",
        "waived test",
        "noted visit",
        "brought in old counts",
        "revealed phone",
        "changed password",
        "added picture",
        "changed picture",
        "removed picture",
    }
)  # verbs that change nothing that is watched


@dataclass(frozen=True)
class Deed:
    """What was done to what. `detail` is JSON: before, after, reason; no secret, no whole phone number."""

    verb: str
    subject: str
    detail: Mapping[str, Any] = field(default_factory=dict)
    thing: str = ""  # by `thing_of`: what it was done to, whatever its name is later


def thing_of(thing: Model) -> str:
    """`thing` as its entries name it for good: its kind and its id."""
    return f"{thing._meta.model_name} {thing.pk}"


def history(thing: Model) -> QuerySet[AuditEntry]:
    """What was done to `thing`, the newest first."""
    return AuditEntry.objects.filter(thing=thing_of(thing)).order_by("-id")


def record(by: str, verb: str, subject: str, detail: Mapping[str, Any], now: datetime) -> AuditEntry:
    """Adds one entry."""
    return record_deed(by, Deed(verb, subject, detail), now)


def record_deed(by: str, deed: Deed, now: datetime) -> AuditEntry:
    """Adds the entry of `deed`."""
    entry = _entry(by, deed, now)
    entry.save(force_insert=True)
    return entry


def record_all(by: str, deeds: Sequence[Deed], now: datetime) -> None:
    """Adds an entry for each of `deeds`, in their order."""
    AuditEntry.objects.bulk_create([_entry(by, deed, now) for deed in deeds], batch_size=1000)


def readable(name: str, value: Any) -> Any:
    """`value` of the field `name` as an entry may tell it: secrets as `(set)`, phones masked, times text."""
    if name in SECRET_FIELDS:
        return "(set)" if value else ""
    if name in PHONE_FIELDS:
        return mask_phone(value or "")
    if isinstance(value, Model):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value


def mask_phone(phone: str) -> str:
    """+86138****0000 of +8613812340000: enough to tell two people apart, too little to call."""
    if len(phone) < 9:
        return "*" * len(phone)
    return f"{phone[:-8]}****{phone[-4:]}"


def _entry(by: str, deed: Deed, now: datetime) -> AuditEntry:
    return AuditEntry(
        at=now,
        by=by[:BY_MAX],
        verb=deed.verb[:VERB_MAX],
        subject=deed.subject[:SUBJECT_MAX],
        thing=deed.thing,
        detail=dict(deed.detail),
    )
