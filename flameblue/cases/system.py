"""Cases about Flameblue itself (a full disk, a deaf SMS gateway …): one is open at a time."""

from datetime import datetime

from django.db import IntegrityError, transaction

from flameblue.cases import events, grouping, kinds
from flameblue.cases.announcing import (
    REOPENED,
    WORSE_LEVEL,
    announce,
    break_through,
    clear_shelf,
    reopen,
    untake,
)
from flameblue.cases.event_data import EventData, word
from flameblue.cases.events import Draft
from flameblue.cases.models import Case, Family, State
from flameblue.cases.policy import current
from flameblue.domain.transitions import Level


@transaction.atomic
def open_system_case(what: str, text: str, now: datetime, level: Level = Level.FAULT) -> bool:
    """Raises the system alarm `what` (a word of the caller, said in `text`); False: it is raised already."""
    case, kind = _the_case(level, now)
    if what in case.troubles:
        return False
    drafts: list[Draft] = []
    told: EventData = {"what": what, "text": text, "still": list(case.troubles)}
    if kind == kinds.JOINED:
        is_worse = grouping.worse(level, case.shelved_level or Level.NORMAL)
        drafts += break_through(case, WORSE_LEVEL if is_worse else "", now, _data(case))
        drafts += untake(case, now, _data(case))
    if kind == kinds.REOPENED:
        drafts += break_through(case, REOPENED, now, _data(case))
        told.update(reopen(case))
    case.troubles = [*case.troubles, what]
    case.level = grouping.worst([case.level, level])
    case.worst_level = grouping.worst([case.worst_level, level])
    told.update(announce(case, current(), now))
    case.save()
    events.record([*drafts, Draft(case, kind, now, {**_data(case), **told})])
    return True


@transaction.atomic
def system_cleared(what: str, now: datetime) -> bool:
    """The system alarm `what` is over; False where it was not raised. People close the case."""
    case = _unclosed()
    if case is None or what not in case.troubles:
        return False
    case.troubles = [trouble for trouble in case.troubles if trouble != what]
    drafts = [Draft(case, kinds.RETURNED, now, {**_data(case), "what": what, "still": list(case.troubles)})]
    if not case.troubles:
        case.level, case.state, case.proven_at = Level.NORMAL, State.PROVEN, now
        clear_shelf(case)
        drafts.append(Draft(case, kinds.PROVEN, now, {**_data(case), "what": what}))
    case.save()
    events.record(drafts)
    return True


def system_troubles() -> list[str]:
    """The words of the system alarms that stand."""
    case = _unclosed()
    return [] if case is None else list(case.troubles)


def _the_case(level: Level, now: datetime) -> tuple[Case, str]:
    case = _unclosed()
    if case is not None:
        return case, kinds.REOPENED if case.state in grouping.HANDLED else kinds.JOINED
    try:
        with transaction.atomic():
            return _new(level, now), kinds.OPENED
    except IntegrityError:
        winner = _unclosed()
        assert winner is not None
        return winner, kinds.JOINED


def _unclosed() -> Case | None:
    cases = Case.objects.select_for_update(of=("self",)).filter(family=Family.SYSTEM)
    return cases.exclude(state=State.CLOSED).first()


def _new(level: Level, now: datetime) -> Case:
    return Case.objects.create(
        number=events.next_case_number(),
        family=Family.SYSTEM,
        level=level,
        worst_level=level,
        opened_at=now,
        announced_at=now,
    )


def _data(case: Case) -> EventData:
    return {
        "family": case.family,
        "is_test": False,
        "case_level": word(case.level),
        "level": word(case.level),
    }
