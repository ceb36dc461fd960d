"""The board: open cases by priority and age, premises by level, and whether the chain itself is alive."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import get_language_from_request
from django.views.decorators.http import require_GET

from flameblue.cases import actions
from flameblue.cases.models import Case, State
from flameblue.domain.clock import to_ns
from flameblue.domain.limits import PAGE_ROWS_MAX
from flameblue.domain.transitions import Level
from flameblue.notices import receipts
from flameblue.web import access, case_facts, chain, health, live, sentences, tiles
from flameblue.web.now import now

LIVE = live.Page(
    parts={
        "status": "board/_status.html",
        "cases": "board/_cases.html",
        "chain": "board/_chain.html",
        "premises": "board/_premises.html",
    },
    refresh_s=20.0,
    shared=lambda request: _scope(request),
)


@dataclass(frozen=True, slots=True)
class Call:
    """Who is called next while nobody acts: a word of web.words.STEPS, and when."""

    step: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Row:
    """One open case as the board shows it."""

    case: Case
    sentence: str
    desk: case_facts.Desk
    next: Call | None

    @property
    def level(self) -> Level:
        """As on the case's own page."""
        return case_facts.shown_level(self.case)

    @property
    def value_is_back(self) -> bool:
        return case_facts.value_is_back(self.case)

    @property
    def order(self) -> tuple[bool, bool, int, bool, datetime]:
        """Tests and shelved cases last; then by level, what nobody has, and age."""
        case = self.case
        return (
            case.is_test,
            case.shelved_until is not None,
            tiles.RANK[self.level],
            case.state != State.OPEN,
            case.announced_at,
        )


@require_GET
def board(request: HttpRequest) -> HttpResponse:
    """The page."""
    after = live.newest()
    return render(request, "board/board.html", context(request) | {"after": after})


@require_GET
async def live_board(request: HttpRequest) -> HttpResponseBase:
    """Its live line."""
    return await live.answer(request, LIVE, context)


def context(request: HttpRequest) -> dict[str, Any]:
    """All that the board shows now."""
    at = now()
    rows = rows_for(request)
    core = health.read(to_ns(at))
    return {
        "rows": rows[:PAGE_ROWS_MAX],
        "total": len(rows),
        "left_out": max(0, len(rows) - PAGE_ROWS_MAX),
        "ringing": any(row.desk.sounds for row in rows),
        "sites": tiles.by_site(access.premises_for(request.user), at),
        "health": core,
        "chain": chain.of(request.user, core, at),
        "now": at,
    }


def rows_for(request: HttpRequest) -> list[Row]:
    """The open cases, what needs somebody first; members stand in their incident, suspected ones nowhere."""
    cases = list(
        access.cases_for(request.user).exclude(state=State.CLOSED).filter(incident=None, announced=True)
    )
    asked = case_facts.desk_calls(cases)
    told = receipts.owners_who_have_it([case.pk for case in cases])
    rows = [
        Row(
            case=case,
            sentence=sentences.of_case(case),
            desk=case_facts.desk(case, asked.get(case.pk, ())),
            next=_next(case, receipt=case.pk in told),
        )
        for case in cases
    ]
    return sorted(rows, key=lambda row: row.order)


def _next(case: Case, *, receipt: bool) -> Call | None:
    call = actions.next_call(case, receipt=receipt)
    return Call(*call) if call else None


def _scope(request: HttpRequest) -> tuple[object, ...]:
    """What readers must have in common to see the same board."""
    role = access.role_of(request.user)
    station = 0 if role == access.ADMIN else access.station_id_of(request.user)
    return (role, station, get_language_from_request(request), access.is_demo(request))
