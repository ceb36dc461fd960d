"""What somebody answers: "1" and "1 4823", "2" for help; anything else is kept, answered and shown.

An officer's 1 takes the newest open case that was sent to that number, and says which and how many are left; an
owner's 1 stops the owner's repeats and nothing else; 2 asks for people. Nobody unknown gets an answer: it could be a
machine. Outcomes are stored words: taken, taken_by_other, owner_answered, help_asked, reinforcement_asked,
nothing_open, unknown_number, not_understood, unknown_sender.
"""

from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from flameblue.cases import actions as cases
from flameblue.cases.models import Case, Family, State
from flameblue.notices import answers, facts, reasons, writing
from flameblue.notices.answers import HELP, Answer
from flameblue.notices.models import InboundMessage, Notice
from flameblue.notices.texts.names import Name, name
from flameblue.notices.texts.rendering import Values
from flameblue.notices.wording import where_of
from flameblue.people.models import Person

TEXT_CHARS_MAX = 500
NATIONAL_DIGITS = 11  # of a mainland mobile number


@dataclass(frozen=True, slots=True)
class Reply:
    """What an answer did (a word that is stored), and what is answered to it."""

    outcome: str
    text: str
    case: int | None = None


@dataclass(frozen=True, slots=True)
class _Done:
    outcome: str
    template: str
    case: Case | None = None
    values: Values = field(default_factory=dict)


@transaction.atomic
def receive(channel: str, sender: str, text: str, now: datetime) -> Reply:
    """Takes one incoming message; its answer is a notice of its own, due at once."""
    person = person_of(sender)
    done = _act(person, text, now) if person is not None else _Done("unknown_sender", "")
    InboundMessage.objects.create(
        at=now,
        channel=channel,
        sender=sender[:40],
        text=text[:TEXT_CHARS_MAX],
        person=person,
        case=done.case,
        outcome=done.outcome,
    )
    if person is None:
        return Reply(done.outcome, "")
    template = writing.words_for(done.template, person.language, channel).template(done.template)
    rendered = writing.rendered_for(channel, template, done.values, facts.signature_of(person))
    answer = writing.of_letter(writing.Letter(person, template, rendered, reasons.REPLY), channel, now)
    answer.case = done.case
    answer.save()
    return Reply(done.outcome, rendered.text, done.case.pk if done.case else None)


def person_of(sender: str) -> Person | None:
    """Whose number it is; where several share one, who was written to last. National numbers are known too."""
    digits = "".join(character for character in sender if character.isdigit())
    if len(digits) < NATIONAL_DIGITS:
        return None
    known = Person.objects.select_related("station").filter(active=True)
    people = known.filter(phone=f"+{digits}") or known.filter(phone__endswith=digits[-NATIONAL_DIGITS:])
    if len(people) < 2:
        return people.first()
    last = Notice.objects.filter(person__in=people).order_by("-created_at", "-pk").first()
    return last.person if last is not None else people.order_by("pk").first()


def _act(person: Person, text: str, now: datetime) -> _Done:
    lay = person.station_id is None
    sent = _sent_to(person)
    answer = answers.understood(text, {case.number for case in sent})
    if answer is None:
        template = "answer_owner_not_understood" if lay else "answer_not_understood"
        return _Done("not_understood", template, sent[0] if sent else None)
    case = _meant(sent, answer, lay=lay)
    if case is None:
        return _nothing(sent, answer, lay=lay)
    return _of_a_contact(person, answer, case, now) if lay else _of_an_officer(person, answer, case, now)


def _sent_to(person: Person) -> list[Case]:
    """The unclosed cases that a message to this number was about, the one that was announced last first.

    Flameblue's own troubles come last: an answer that names no case is meant for the danger.
    """
    told = Notice.objects.filter(to=person.phone, case__isnull=False).exclude(reason=reasons.REPLY)
    tried = told.exclude(case__state=State.CLOSED).exclude(attempt_count=0, merged_into=None)
    found = Case.objects.filter(pk__in=tried.values("case")).select_related("taken_by")
    return sorted(found.order_by("-announced_at", "-number"), key=lambda case: case.family == Family.SYSTEM)


def _free(found: list[Case]) -> list[Case]:
    return [case for case in found if case.taken_by_id is None and case.state == State.OPEN]


def _meant(sent: list[Case], answer: Answer, *, lay: bool) -> Case | None:
    """The case that an answer names; else the newest that nobody has taken, else the newest."""
    if answer.number is not None:
        return next((case for case in sent if case.number == answer.number), None)
    if lay:
        return next((case for case in sent if case.owner_answered_at is None), sent[0] if sent else None)
    return next(iter(_free(sent) or sent), None)


def _nothing(sent: list[Case], answer: Answer, *, lay: bool) -> _Done:
    if lay:
        return _Done("nothing_open", "answer_owner_nothing_open")
    if answer.number is None:
        return _Done("nothing_open", "answer_nothing_open")
    values = {"asked": str(answer.number), **_left(sent, None)}
    return _Done("unknown_number", "answer_unknown_number", None, values)


def _of_a_contact(person: Person, answer: Answer, case: Case, now: datetime) -> _Done:
    cases.owner_acknowledge(case.pk, person, now)
    if answer.digit == HELP:
        cases.ask_help(case.pk, person, now)
        return _Done("help_asked", "answer_owner_help", case, _about(case))
    return _Done("owner_answered", "answer_owner_seen", case, _about(case))


def _of_an_officer(person: Person, answer: Answer, case: Case, now: datetime) -> _Done:
    if answer.digit == HELP:
        cases.ask_help(case.pk, person, now)
        return _Done("reinforcement_asked", "answer_reinforce", case, _about(case))
    outcome = cases.take(case.pk, person, now)
    values = {**_about(case), **_left(_sent_to(person), case)}
    if outcome.done or outcome.who == person:
        return _Done("taken", "answer_taken", case, values)
    values["taken_by"] = name(outcome.who.name if outcome.who else "")
    return _Done("taken_by_other", "answer_taken_before", case, values)


def _left(sent: list[Case], but: Case | None) -> dict[str, str | Name]:
    """How many open cases still wait for this person, and the newest of them."""
    waiting = [case for case in _free(sent) if but is None or case.pk != but.pk]
    if not waiting:
        return {}
    next_one = _about(waiting[0])
    return {"open": str(len(waiting)), "next": next_one["number"], "next_where": next_one["where"]}


def _about(case: Case) -> dict[str, str | Name]:
    """The case's number and place, as its last event with a place says it."""
    placed = case.events.filter(data__has_key="site").order_by("-number").first()
    return {"number": str(case.number), "where": where_of(placed.data if placed is not None else {})}
