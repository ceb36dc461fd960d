"""Cases that end by themselves: tests, and silences that nobody was told of. The others need people."""

from datetime import datetime

from flameblue.cases import incidents, kinds
from flameblue.cases.alarms import settle
from flameblue.cases.announcing import Run, of_case
from flameblue.cases.event_data import EventData
from flameblue.cases.events import Draft
from flameblue.cases.models import Case, Family, State
from flameblue.domain.transitions import Level


def all_back(run: Run, case: Case, at: datetime, offset: int) -> None:
    """Called where the case's alarms may all be back to normal at `at`, caused by the record `offset`."""
    if case.level != Level.NORMAL or case.state == State.CLOSED:
        return
    if case.incident_id is not None:
        incidents.returned(run, case, at, offset)
        return
    if case.is_test:
        cause = "test"
    elif _untold(case, at):
        cause = "returned_by_itself"
    else:
        return
    case.state, case.proven_at, case.closed_at, case.cause = State.CLOSED, at, at, cause
    case.save()
    settle(case)
    data: EventData = {**of_case(case), "cause": cause, "announces": False, "steps": []}
    if offset:
        data["offset"] = offset
    run.drafts.append(Draft(case, kinds.CLOSED, at, data))


def _untold(case: Case, at: datetime) -> bool:
    """A silence that ended within its first grace."""
    first = case.family == Family.SILENCE and not case.reopened and case.state == State.OPEN
    return first and case.quiet_until is not None and at < case.quiet_until
