"""The same transitions give the same events; two at once give one case and numbers in commit order."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from django.db import connections, transaction

from flameblue.cases import actions, events, finding
from flameblue.cases.actions import Change
from flameblue.cases.events import Draft
from flameblue.cases.models import Alarm, AppliedTransition, Case, CaseEvent, Counter, Cursor
from flameblue.domain.transitions import Level, Rule, Why
from flameblue.people.models import Person
from tests.cases.bench import Bench, Said, another_cabin, another_room
from tests.cast import Cast, enter


def derived() -> list[tuple[str, int, datetime, object]]:
    """The events that come from transitions alone."""
    rows = CaseEvent.objects.order_by("number").values_list("kind", "case__number", "at", "data")
    return [row for row in rows if "offset" in row[3]]


def forget() -> None:
    """As in a fresh database."""
    for model in (CaseEvent, AppliedTransition, Alarm, Case, Cursor, Counter):
        model.objects.all().delete()


def an_eventful_night(bench: Bench) -> None:
    """Every kind of transition-derived event, while escalation looks at the cases as time passes."""
    other, current = another_room(bench.cast)
    cabins = [another_cabin(bench.cast, f"{letter}屋")[1] for letter in "甲乙丙丁戊己"]
    for point in (bench.cast.ib, current):
        bench.read(point, 20.0)
    bench.say(Said(bench.cast.tb, Level.WARNING, 62.0), Said(bench.cast.ir, Level.ALARM, 320.0, why=Why.TEST))
    bench.pass_time(60)
    bench.alarm(bench.cast.tb)
    bench.pass_time(60)
    bench.alarm(other, value=90.0)
    bench.alarm(bench.cast.tb, rule=Rule.LATE, ago_s=3000.0)
    for point in cabins:
        bench.silent(point)
        bench.pass_time(5, every_s=5)
    bench.alarm(bench.cast.tb, Level.NORMAL, 40.0)
    bench.alarm(bench.cast.tb)
    bench.say(Said(bench.cast.ir, Level.NORMAL, 20.0))
    bench.pass_time(600)
    for point in cabins:
        bench.heard(point)


def test_a_replay_gives_the_same_events_whatever_the_time_is(bench: Bench) -> None:
    an_eventful_night(bench)
    first = derived()
    assert {row[0] for row in first} == {
        "opened",
        "raised",
        "joined",
        "late",
        "suspected",
        "incident_joined",
        "incident_ended",
        "returned",
        "noted",
        "closed",
    }
    forget()
    for change, now in bench.log:
        at_ns = change.transitions[-1].arrival_ns

        def latest(point: int, at_ns: int = at_ns) -> tuple[int, int] | None:
            rows = [row for row in bench.readings.get(point, []) if row[0] <= at_ns]
            return rows[-1] if rows else None

        actions.apply(change, latest, now.replace(year=2031))
    assert derived() == first


def test_all_records_in_one_change_give_the_same_events_as_one_by_one(bench: Bench) -> None:
    an_eventful_night(bench)
    first = derived()
    forget()
    everything = tuple(transition for change, _ in bench.log for transition in change.transitions)
    actions.apply(Change(everything, 0, bench.offset), bench.latest, bench.now)
    assert [(row[0], row[1]) for row in derived()] == [(row[0], row[1]) for row in first]


def at_once(*calls: Callable[[], object]) -> list[object]:
    """The results (or exceptions) of `calls`, begun together in a thread each."""
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], object]) -> object:
        start.wait()
        try:
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as threads:
        futures = [threads.submit(run, call) for call in calls]
    return [future.exception() or future.result() for future in futures]


@pytest.fixture
def shared(transactional_db: None, now: datetime) -> Bench:
    """A bench whose database other threads see."""
    return Bench(enter(), now)


def test_of_two_applications_of_one_record_one_finds_the_cursor_moved(shared: Bench) -> None:
    def apply() -> object:
        return Bench(shared.cast, shared.now).alarm(shared.cast.tb)

    results = at_once(apply, apply)
    assert sorted(type(result).__name__ for result in results) == ["CursorMoved", "list"]
    assert (Case.objects.count(), CaseEvent.objects.count()) == (1, 1)


def test_of_two_takers_at_once_one_wins_and_the_other_learns_who(shared: Bench) -> None:
    shared.alarm(shared.cast.tb)
    case = Case.objects.get().pk

    def taker(person: Person) -> Callable[[], object]:
        return lambda: actions.take(case, person, shared.now)

    won, lost = sorted(at_once(taker(shared.cast.bolat), taker(shared.cast.chen)), key=bool, reverse=True)
    assert won
    assert isinstance(lost, actions.Outcome)
    assert (lost.reason, lost.who) == ("taken_by_other", Case.objects.get().taken_by)
    assert CaseEvent.objects.filter(kind="taken").count() == 1


def test_a_person_and_detection_at_once_lose_nothing(shared: Bench) -> None:
    shared.alarm(shared.cast.tb)
    case, cast = Case.objects.get().pk, shared.cast
    at_once(
        lambda: actions.take(case, cast.bolat, shared.now),
        lambda: shared.alarm(cast.ir, value=380.0),
        lambda: actions.comment(case, cast.chen, "on my way", shared.now),
    )
    assert sorted(CaseEvent.objects.values_list("kind", flat=True)) == [
        "commented",
        "opened",
        "opened",
        "taken",
    ]
    numbers = list(CaseEvent.objects.order_by("number").values_list("number", flat=True))
    assert numbers == [1, 2, 3, 4]


def test_an_event_number_is_never_seen_before_a_smaller_one(shared: Bench, cast_case: Case) -> None:
    """One transaction holds its number open while another wants one: it waits, and gets the greater one."""
    taken, done = threading.Event(), threading.Event()

    def slow() -> object:
        with transaction.atomic():
            numbers = events.record([Draft(cast_case, "commented", shared.now, {})])
            taken.set()
            assert not done.wait(0.3)  # the other has not committed while this one is open
            return numbers

    def quick() -> object:
        taken.wait()
        with transaction.atomic():
            numbers = events.record([Draft(cast_case, "commented", shared.now, {})])
        done.set()
        return numbers

    first, second = at_once(slow, quick)
    assert (first, second) == ([2], [3])


@pytest.fixture
def cast_case(shared: Bench) -> Case:
    shared.alarm(shared.cast.tb)
    return Case.objects.get()


def test_who_loses_the_race_to_open_a_case_joins_the_winners(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, cast: Cast
) -> None:
    """On a database that lets two transactions run at once, the unique index decides."""
    bench.alarm(cast.tb)
    other, _ = another_room(cast)
    real, seen = finding._open_one, []

    def blind_once(rise: finding.Rise) -> Case | None:
        seen.append(rise)
        return None if len(seen) == 1 else real(rise)

    monkeypatch.setattr(finding, "_open_one", blind_once)
    bench.alarm(other)
    assert (Case.objects.count(), bench.kinds()) == (1, ["opened", "joined"])
