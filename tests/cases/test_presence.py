"""A board that nobody would hear spares nobody a call: what counts as silent, and what is then called when."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from flameblue.cases import actions, escalation, policy, presence
from flameblue.cases.actions import NextCall
from flameblue.cases.escalation import CaseFacts
from flameblue.cases.models import BoardTab
from flameblue.cases.policy import Ladder, Step
from flameblue.domain.limits import (
    BOARD_BEAT_S,
    BOARD_GRACE_S,
    BOARD_SILENT_S,
    BOARD_TABS_PER_SESSION_MAX,
    PHONE_WITHIN_S,
)
from flameblue.domain.transitions import Level
from flameblue.fleet.models import Station
from tests.cases.bench import Bench

AT = datetime.fromisoformat("2026-01-15T03:07:00+08:00")
LOOK_S = 1  # how often the core looks
LADDERS = policy.load().ladders


def after(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("sounded_s", "began_s", "is_silent"),
    [
        (0, None, True),
        (1, None, False),
        (None, None, True),
        (None, 3, False),  # after a start boards get nearly as long again
        (None, 2, True),
        (64, None, False),
        (66, None, True),  # a time in the future proves nothing: the clock was set back
    ],
)
def test_a_desk_is_silent_sixty_seconds_after_its_last_sound(
    sounded_s: float | None, began_s: float | None, is_silent: bool
) -> None:
    sounded = {7: None if sounded_s is None else after(sounded_s)}
    began = None if began_s is None else after(began_s)
    assert (presence.silent(sounded, after(60), began) == {7}) is is_silent


def test_without_any_board_no_desk_is_silent() -> None:
    assert presence.silent({}, AT, None) == frozenset()


def test_three_beats_may_be_lost_and_a_start_costs_as_much_again() -> None:
    assert 3 * BOARD_BEAT_S < BOARD_SILENT_S
    assert BOARD_SILENT_S + BOARD_GRACE_S + LOOK_S <= PHONE_WITHIN_S


@pytest.mark.parametrize(
    ("ladder", "step"),
    [
        ("alarm", "duty_voice"),
        ("incident", "duty_voice"),
        ("system", "duty_sms"),  # at once anyhow
        ("warning", None),
        ("fault", None),
        ("late", None),
        ("test", None),
    ],
)
def test_the_call_behind_the_desk_is_the_stations_first(ladder: str, step: str | None) -> None:
    found = escalation.call_behind_the_desk(LADDERS[ladder])
    assert (found.id if found else None) == step


def test_a_step_that_somebody_made_needless_is_not_brought_forward() -> None:
    facts = CaseFacts(announced_at=AT, taken_at=AT, desk_is_silent=True)
    assert [step.id for step in escalation.due_steps(LADDERS["incident"], facts, AT)] == ["desk", "duty_sms"]


seconds = st.integers(-600, 600)
ladders = st.builds(
    lambda voice_s, sms_s: Ladder(
        (
            Step("desk", 0, "desk", "desk", sound=True),
            Step("leader", sms_s, "leader", "sms"),
            Step("duty", voice_s, "duty", "voice", unless=("taken",)),
        )
    ),
    st.integers(0, 3_600),
    st.integers(0, 3_600),
)


@given(
    ladder=st.sampled_from([LADDERS["alarm"], LADDERS["incident"]]) | ladders,
    dies_s=seconds,
    starts_s=seconds,
)
def test_no_board_delays_a_phone_beyond_the_bound(ladder: Ladder, dies_s: int, starts_s: int) -> None:
    """Wherever the board falls silent and wherever we start: the call leaves, and not before the desk is silent
    unless it was due by itself."""
    began = after(starts_s)
    last_beat = after(dies_s - dies_s % int(BOARD_BEAT_S))
    call = escalation.call_behind_the_desk(ladder)
    assert call is not None
    for second in range(-600, 5_000, LOOK_S):
        now = after(second)
        if second < max(0, starts_s):
            continue  # no case yet, or no core
        heard = {1: min(last_beat, now)}
        facts = CaseFacts(announced_at=AT, desk_is_silent=bool(presence.silent(heard, now, began)))
        if call in escalation.due_steps(ladder, facts, now):
            break
    else:
        raise AssertionError("nobody was called")
    alone_s = max(0, dies_s)  # the alarm is there, and the board is not
    assert second <= max(
        alone_s + PHONE_WITHIN_S, starts_s + BOARD_SILENT_S
    )  # before a start nobody can call
    assert second <= max(call.after_s, starts_s)  # never later than the ladder says
    assert facts.desk_is_silent or second >= call.after_s


def board(bench: Bench, state: str, name: str = "wall", station: Station | None = None) -> None:
    tab = actions.Tab((station or bench.cast.site.station).pk, "session", name)
    actions.report_board(tab, state, bench.now)


def test_the_event_says_that_no_board_was_sounding(bench: Bench) -> None:
    board(bench, presence.MUTED)
    bench.alarm(bench.cast.tb)
    bench.wait(1)
    bench.escalate()
    assert bench.steps() == ["duty_voice"]
    assert bench.last("escalated").data["because"] == presence.NO_BOARD
    bench.pass_time(180, every_s=30)
    assert bench.steps() == ["duty_voice", "second", "leader"]
    assert "because" not in bench.last("escalated").data


def test_a_sounding_board_keeps_the_ladder_as_it_is_written(bench: Bench) -> None:
    bench.alarm(bench.cast.tb)
    for _ in range(4):
        board(bench, presence.SOUNDING)
        bench.pass_time(15, every_s=15)
    assert bench.steps() == ["second", "duty_voice"]
    assert "because" not in bench.last("escalated").data


def test_a_board_that_comes_back_unsends_nothing(bench: Bench) -> None:
    board(bench, presence.BLOCKED)
    bench.alarm(bench.cast.tb)
    bench.pass_time(1, every_s=1)
    board(bench, presence.SOUNDING)
    bench.pass_time(60)
    assert bench.steps() == ["duty_voice", "second"]


def test_one_sounding_tab_is_enough_and_a_neighbours_board_is_not(bench: Bench) -> None:
    station = bench.cast.site.station
    board(bench, presence.MUTED, "muted")
    board(bench, presence.SOUNDING, "wall")
    assert actions.silent_desks(bench.now) == frozenset()
    other = Station.objects.create(name="别处", signature="别处")
    BoardTab.objects.filter(name="wall").update(station=other)
    assert actions.silent_desks(bench.now) == {station.pk}


def test_the_next_call_is_shown_as_it_will_be_made(bench: Bench) -> None:
    bench.alarm(bench.cast.tb, Level.ALARM)
    case = bench.case()
    silent = frozenset({bench.cast.site.station.pk})
    assert actions.next_call(case, receipt=False, silent=silent) == NextCall(
        "duty_voice", case.announced_at, "duty", "voice"
    )


def test_tabs_are_bounded_and_a_station_stays_known(bench: Bench) -> None:
    for number in range(BOARD_TABS_PER_SESSION_MAX + 5):
        board(bench, presence.SOUNDING, f"tab{number}")
        bench.wait(1)
    assert BoardTab.objects.count() <= BOARD_TABS_PER_SESSION_MAX + 1
    bench.wait(7 * 86_400)
    board(bench, presence.MUTED, "new")
    assert list(BoardTab.objects.values_list("name", flat=True)) == ["new"]
    other = Station.objects.create(name="别处", signature="别处")
    bench.wait(7 * 86_400)
    board(bench, presence.SOUNDING, "there", other)
    assert actions.silent_desks(bench.now) == {bench.cast.site.station.pk}


def test_a_beat_is_one_statement(bench: Bench) -> None:
    board(bench, presence.SOUNDING)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        board(bench, presence.MUTED)
    assert len(asked) == 1
    row = BoardTab.objects.get()
    assert (row.state, row.sounded_at) == (presence.MUTED, bench.now)


def test_facts_say_nothing_of_a_desk_by_themselves() -> None:
    facts = CaseFacts(announced_at=AT)
    due = escalation.due_steps(LADDERS["alarm"], facts, after(59))
    assert "duty_voice" not in [step.id for step in due]
    assert "duty_voice" in [
        s.id for s in escalation.due_steps(LADDERS["alarm"], replace(facts, desk_is_silent=True), AT)
    ]
