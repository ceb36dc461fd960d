"""Who is said to be called next is who is then called: whoever is missing, or has no number, is passed over."""

from datetime import timedelta
from functools import partial
from itertools import product

import pytest

from flameblue.cases import actions
from flameblue.cases.models import Case
from flameblue.domain.transitions import Level
from flameblue.fleet.models import Station
from flameblue.notices import reach
from flameblue.notices.models import Notice
from flameblue.people.models import Contact, Person, Shift
from tests.cases.bench import Bench, another_cabin
from tests.cast import Cast
from tests.notices.post import planned

pytestmark = pytest.mark.django_db
ROLES = ("owner", "second", "duty", "leader", "next_station")
CALLS_MAX = 12
EACH = [[role for role, is_there in zip(ROLES, there, strict=True) if not is_there]
        for there in product((True, False), repeat=len(ROLES))]  # fmt: skip


def person(cast: Cast, role: str) -> Person:
    return dict(zip(ROLES, (cast.ailin, cast.yeerlan, cast.bolat, cast.chen, cast.sayan), strict=True))[role]


def remove(cast: Cast, role: str) -> None:
    Contact.objects.filter(person=person(cast, role)).delete()
    Shift.objects.filter(person=person(cast, role)).delete()
    Person.objects.filter(pk=person(cast, role).pk).update(station=None)
    if role == "next_station":
        Station.objects.filter(pk=cast.station.pk).update(next_station=None)


def silence(cast: Cast, role: str) -> None:
    Person.objects.filter(pk=person(cast, role).pk).update(phone="")


def called(bench: Bench) -> set[tuple[int | None, str]]:
    """Whom planning really calls now, and by which channel."""
    bench.escalate()
    notices = [one for one in planned(bench.now) if one.state != Notice.State.FAILED]
    return {(one.person_id, "voice" if "_voice" in one.template else "sms") for one in notices}


def leave_at(bench: Bench) -> set[object]:
    return set(Notice.objects.filter(created_at=bench.now).values_list("due_at", flat=True))


def next_call(case: Case) -> actions.NextCall | None:
    return actions.next_call(case, receipt=False, finds=partial(reach.Reach([case]).finds, case))


def every_call_comes(bench: Bench, case: Case) -> list[str]:
    """Each call as it was said before, until nobody else is said; nobody else is called then."""
    planned(bench.now)
    seen: list[str] = []
    while call := next_call(Case.objects.get(pk=case.pk)):
        assert len(seen) < CALLS_MAX
        bench.wait((call.at - bench.now).total_seconds() - 1)
        assert not called(bench), call
        bench.wait(1)
        assert call.channel in {channel for _, channel in called(bench)}, call
        seen.append(call.step)
    for _ in range(3):
        bench.wait(600)
        assert not called(bench)
    return seen


@pytest.mark.parametrize("gone", EACH, ids=lambda gone: "-".join(gone) or "nobody")
@pytest.mark.parametrize("take", [remove, silence])
def test_what_is_said_to_come_next_comes_next(
    bench: Bench, cast: Cast, take: object, gone: list[str]
) -> None:
    assert callable(take)
    for role in gone:
        take(cast, role)
    bench.alarm(cast.tb)
    seen = every_call_comes(bench, bench.case())
    told = {"owner_again": "owner", "second": "second", "leader": "leader", "next_station": "next_station"}
    for step, role in told.items():
        if role in gone:
            assert step not in seen
    assert ("duty_voice" in seen) == ("second" in gone and not {"duty", "leader"} <= set(gone) and not (
        take is silence and "duty" in gone))  # fmt: skip


def test_without_a_second_contact_the_duty_officer_is_next(bench: Bench, cast: Cast) -> None:
    remove(cast, "second")
    bench.alarm(cast.tb)
    case = bench.case()
    at = case.announced_at + timedelta(seconds=60)
    assert next_call(case) == actions.NextCall("duty_voice", at, "duty", "voice")


@pytest.mark.parametrize("gone", [[], ["duty"], ["leader"], ["duty", "leader"]])
def test_what_belongs_to_no_site_calls_whoever_is_there(bench: Bench, cast: Cast, gone: list[str]) -> None:
    for role in gone:
        remove(cast, role)
    actions.open_system_case("disk", "The disk is full.", bench.now)
    every_call_comes(bench, bench.case())


def test_what_waits_for_the_morning_is_said_to_come_then(bench: Bench, cast: Cast) -> None:
    bench.silent(cast.ir)
    bench.pass_time(90)
    case = bench.case()
    planned(bench.now)
    call = next_call(case)
    assert call is not None
    assert (call.step, call.at.astimezone(bench.now.tzinfo).strftime("%d %H:%M")) == ("duty_sms", "15 07:00")
    while not called(bench):
        bench.wait(60)
    assert leave_at(bench) == {call.at}


def test_many_cases_are_asked_about_at_once(
    bench: Bench, cast: Cast, django_assert_num_queries: object
) -> None:
    bench.alarm(cast.tb)
    for name in ("白桦客栈", "云杉客栈"):
        bench.alarm(another_cabin(cast, name)[1], Level.ALARM)
    cases = list(Case.objects.select_related("site__station"))
    assert callable(django_assert_num_queries)
    with django_assert_num_queries(3):
        found = reach.Reach(cases)
        assert [
            found.finds(case, to, bench.now) for case in cases for to in ("second", "duty", "leader")
        ] == [True, True, True] + [False, True, True] * 2
