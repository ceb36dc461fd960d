"""What somebody answers: "1" and "1 4823", "2" for help; anything else is kept, answered and shown.

An officer's 1 takes the newest open case that was sent to that number, and says which; an owner's 1 stops the
owner's repeats. Full-width digits and any spaces are read.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from flameblue.cases import actions as cases
from flameblue.cases.models import Case, State
from flameblue.notices import reasons
from flameblue.notices.models import InboundMessage, Notice
from flameblue.notices.texts.catalogue import catalogue
from flameblue.notices.texts.names import Name, name, place
from flameblue.notices.texts.rendering import render
from flameblue.people.models import Contact, Person

ANSWER = re.compile(r"\s*([12])(?:\D+(\d+))?\D*$")
Values = dict[str, str | Name]


@dataclass(frozen=True, slots=True)
class Reply:
    """What an answer did (a word that is stored), and what is answered to it."""

    outcome: str
    text: str
    case: int | None = None


@transaction.atomic
def receive(channel: str, sender: str, text: str, now: datetime) -> Reply:
    """Takes one incoming message; its answer is a notice of its own, due at once."""
    person = Person.objects.filter(phone=sender, active=True).order_by("pk").first()
    template, outcome, case, values = _do(person, text, now)
    InboundMessage.objects.create(
        at=now,
        channel=channel,
        sender=sender[:40],
        text=text[:500],
        person=person,
        case=case,
        outcome=outcome,
    )
    if person is None:
        return Reply(outcome, "", None)
    answer = render(catalogue(person.language).template(template), values, _signature(person))
    Notice.objects.create(
        case=case,
        person=person,
        to=person.phone,
        channel=channel,
        template=template,
        variables=answer.variables,
        language=person.language,
        text=answer.text,
        reason=reasons.REPLY,
        created_at=now,
        due_at=now,
    )
    return Reply(outcome, answer.text, case.pk if case else None)


def _do(person: Person | None, text: str, now: datetime) -> tuple[str, str, Case | None, Values]:
    """(template of the answer, outcome, case, values)."""
    if person is None:
        return "", "unknown_sender", None, {}
    said = ANSWER.match(unicodedata.normalize("NFKC", text))
    owner = person.station_id is None
    if said is None:
        template = "answer_owner_not_understood" if owner else "answer_not_understood"
        return template, "not_understood", _newest(person), {}
    case, asked = _meant(person, said[2])
    if case is None:
        if owner:
            return "answer_owner_nothing_open", "nothing_open", None, {}
        if asked:
            return "answer_unknown_number", "unknown_number", None, {"asked": asked, **_others(person, None)}
        return "answer_nothing_open", "nothing_open", None, {}
    if owner:
        return _owner_says(person, said[1], case, now)
    return _officer_says(person, said[1], case, now)


def _owner_says(person: Person, digit: str, case: Case, now: datetime) -> tuple[str, str, Case, Values]:
    values = _about(case)
    cases.owner_acknowledge(case.pk, person, now)
    if digit == "2":
        cases.ask_help(case.pk, person, now)
        return "answer_owner_help", "help_asked", case, values
    return "answer_owner_seen", "owner_answered", case, values


def _officer_says(person: Person, digit: str, case: Case, now: datetime) -> tuple[str, str, Case, Values]:
    values = _about(case)
    if digit == "2":
        cases.ask_help(case.pk, person, now)
        return "answer_reinforce", "reinforcement_asked", case, values
    outcome = cases.take(case.pk, person, now)
    values.update(_others(person, case))
    if outcome.done or outcome.who == person:
        return "answer_taken", "taken", case, values
    values["taken_by"] = name(outcome.who.name) if outcome.who else ""
    return "answer_taken_before", "taken_by_other", case, values


def _sent_to(person: Person) -> list[Case]:
    """The cases, not closed, that were sent to this person, the newest first."""
    told = Notice.objects.filter(person=person, case__isnull=False).exclude(reason=reasons.REPLY)
    unclosed = Case.objects.filter(pk__in=told.values("case")).exclude(state=State.CLOSED)
    return list(unclosed.order_by("-announced_at", "-number"))


def _newest(person: Person) -> Case | None:
    found = _sent_to(person)
    return found[0] if found else None


def _meant(person: Person, number: str | None) -> tuple[Case | None, str]:
    """The case that an answer means: the one it names, else the newest that nobody has taken."""
    found = _sent_to(person)
    if number:
        return next((case for case in found if str(case.number) == number), None), number
    if person.station_id is None:
        return (found[0] if found else None), ""
    free = [case for case in found if case.taken_by_id is None]
    return next(iter(free or found), None), ""


def _others(person: Person, taken: Case | None) -> Values:
    """How many more cases wait for this person, and the newest of them."""
    waiting = [
        case
        for case in _sent_to(person)
        if case.state == State.OPEN and case.taken_by_id is None and (taken is None or case.pk != taken.pk)
    ]
    if not waiting:
        return {}
    return {
        "open": str(len(waiting)),
        "next": str(waiting[0].number),
        "next_number": str(waiting[0].number),
        "next_where": _about(waiting[0])["where"],
    }


def _about(case: Case) -> Values:
    """Where the case is, from its first event, and its number."""
    first = case.events.order_by("number").first()
    data = first.data if first is not None else {}
    where = place(str(data.get("short_name", "")), str(data.get("place", "")), str(data.get("circuit", "")))
    return {"where": where, "number": str(case.number)}


def _signature(person: Person) -> str:
    if person.station is not None:
        return person.station.signature
    contact = Contact.objects.filter(person=person).select_related("premises__site__station").first()
    return (
        contact.premises.site.station.signature
        if contact
        else str(settings.CONFIG.smpp.source or "Flameblue")
    )
