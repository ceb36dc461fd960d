"""Case events → who is told what, by which channel, why and from when on. Pure: no rows, no clock."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from flameblue.cases import kinds
from flameblue.notices import reasons
from flameblue.notices.facts import Agreed, Contacts, EventFacts, PlannedNotice, Recipient
from flameblue.notices.saying import text_family, values_of
from flameblue.notices.texts.catalogue import Catalogue

REASON_OF = {
    kinds.OPENED: reasons.FIRST_NOTICE,
    kinds.JOINED: reasons.NEW_PLACE,
    kinds.RAISED: reasons.LEVEL_RAISED,
    kinds.REOPENED: reasons.RELAPSE,
    kinds.LATE: reasons.LATE,
    kinds.RANG_AGAIN: reasons.RANG_AGAIN,
    kinds.LEFT_OVER: reasons.LEFT_OVER,
    kinds.UNSHELVED: reasons.FIRST_NOTICE,
}
OFFICER_BY_KIND = {
    kinds.JOINED: "officer_joined",
    kinds.RAISED: "officer_raised",
    kinds.REOPENED: "officer_reopened",
    kinds.RANG_AGAIN: "officer_rang_again",
    kinds.LATE: "officer_late",
    kinds.LEFT_OVER: "officer_left_over",
}
TO_OWNER = {
    kinds.MADE_SAFE: reasons.MADE_SAFE,
    kinds.LOAD_BACK: reasons.LOAD_BACK,
    kinds.CLOSED: reasons.CLOSED,
}
TO_DUTY = {
    kinds.LOAD_BACK: ("officer_load_back", reasons.LOAD_BACK),
    kinds.PROVEN: ("officer_proven", reasons.PROVEN),
    kinds.INCIDENT_ENDED: ("officer_incident_over", reasons.INCIDENT_ENDED),
}
ABOUT_THE_PLACE = frozenset({"leakage", "heat", "load", "voltage", "arc"})


def plan(
    event: EventFacts, contacts: Contacts, agreed: Agreed, texts: Mapping[str, Catalogue]
) -> list[PlannedNotice]:
    """The notices of `event`; none where nobody is to be told. A person is told once by each channel."""
    planned: dict[tuple[int, str, str], PlannedNotice] = {}
    if event.data.get("shelved"):
        return []
    for notice in (*_steps(event, contacts, agreed), *_news(event, contacts, agreed)):
        words = texts[notice.to.language].words
        values = {**values_of(event, contacts, words, agreed.zone), **notice.values}
        complete = PlannedNotice(
            to=notice.to,
            channel=notice.channel,
            template=notice.template,
            text_family=notice.text_family,
            values=values,
            reason=notice.reason,
            due_at=notice.due_at,
        )
        planned.setdefault((notice.to.person, notice.channel, notice.template), complete)
    return list(planned.values())


def _steps(event: EventFacts, contacts: Contacts, agreed: Agreed) -> Iterable[PlannedNotice]:
    """The ladder's steps that the event carries."""
    for step in event.data.get("steps", ()):
        if step["channel"] == "desk":
            continue
        for to in _people(step["to"], contacts):
            yield PlannedNotice(
                to=to,
                channel=agreed.voice if step["channel"] == "voice" else agreed.sms,
                template=_template(event, step),
                text_family=text_family(event),
                values={},
                reason=_reason(event, step),
                due_at=_due(event, step, agreed),
            )


def _people(to: str, contacts: Contacts) -> tuple[Recipient, ...]:
    if to == "owner":
        return (contacts.owner,) if contacts.owner else ()
    if to == "second":
        return (contacts.second,) if contacts.second else ()
    found: tuple[Recipient, ...] = getattr(contacts, to)
    return found


def _template(event: EventFacts, step: Mapping[str, Any]) -> str:
    """The text of a step; the family's own version is looked up when it is rendered."""
    to, voice = step["to"], step["channel"] == "voice"
    if to in {"owner", "second"}:
        return "owner_alarm_voice" if voice else _owner_template(event, to)
    if voice:
        base = {"duty": "officer", "leader": "leader"}.get(to, "next_station")
        if event.is_incident and to != "next_station":
            return f"{base}_incident_voice"
        return f"{base}_alarm_voice" if event.family in ABOUT_THE_PLACE else f"{base}_plain_voice"
    return _officer_template(event)


def _owner_template(event: EventFacts, to: str) -> str:
    if event.is_test:
        return "owner_test"
    if event.kind == kinds.LATE:
        return "owner_late"
    if event.family not in ABOUT_THE_PLACE:
        return "owner_fault"
    if event.level == "warning":
        return "owner_warning"
    return "second_alarm" if to == "second" else "owner_alarm"


def _officer_template(event: EventFacts) -> str:
    if event.is_test:
        return "officer_test"
    if event.family == "system":
        return "officer_system"
    if event.is_incident:
        return "officer_left_over" if event.kind == kinds.LEFT_OVER else "officer_incident"
    if event.family == "silence":
        return "officer_silent"
    if event.family == "equipment":
        return "officer_fault"
    if event.kind in OFFICER_BY_KIND:
        return OFFICER_BY_KIND[event.kind]
    return "officer_warning" if event.level == "warning" else "officer_alarm"


def _reason(event: EventFacts, step: Mapping[str, Any]) -> str:
    if event.kind != kinds.ESCALATED:
        return REASON_OF.get(event.kind, reasons.FIRST_NOTICE)
    return reasons.NO_ANSWER if step["to"] in {"owner", "second"} else reasons.NOT_ACKNOWLEDGED


def _due(event: EventFacts, step: Mapping[str, Any], agreed: Agreed) -> datetime | None:
    """The morning, where the step waits for it and it is night in the site."""
    if not step.get("waits_for_morning"):
        return None
    local = event.at.astimezone(agreed.zone)
    hour = local.hour + local.minute / 60
    if agreed.quiet_end_h <= hour < agreed.quiet_begin_h:
        return None
    morning = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(hours=agreed.quiet_end_h)
    return morning if morning > local else morning + timedelta(days=1)


def _news(event: EventFacts, contacts: Contacts, agreed: Agreed) -> Iterable[PlannedNotice]:
    """What is told beside the ladders: made safe, load back, proven, closed, help, assigned."""
    family = text_family(event)
    if event.kind in TO_OWNER and contacts.owner and not event.is_test and event.family in ABOUT_THE_PLACE:
        template = _news_template(event)
        if template:
            yield PlannedNotice(contacts.owner, agreed.sms, template, family, {}, TO_OWNER[event.kind])
    if event.kind in TO_DUTY:
        template, reason = TO_DUTY[event.kind]
        for officer in contacts.duty:
            yield PlannedNotice(officer, agreed.sms, template, family, {}, reason)
    if event.kind == kinds.HELP_ASKED:
        template = "officer_reinforce" if event.by_officer else "officer_help"
        for officer in {*contacts.duty, *(contacts.leader if event.by_officer else ())}:
            yield PlannedNotice(officer, agreed.sms, template, family, {}, reasons.HELP_ASKED)
    if event.kind == kinds.ASSIGNED and contacts.assigned:
        yield PlannedNotice(contacts.assigned, agreed.sms, "officer_assigned", family, {}, reasons.ASSIGNED)


def _news_template(event: EventFacts) -> str:
    if event.kind == kinds.MADE_SAFE:
        measured = event.data.get("how") == "zero_current"
        return "owner_made_safe" if measured else "owner_made_safe_said"
    if event.kind == kinds.LOAD_BACK:
        return "" if event.data.get("repaired") else "owner_load_back"
    if event.data.get("without_proof"):
        return "owner_closed_unproven"
    return "owner_closed" if event.data.get("proof_max") is not None else "owner_closed_plain"
