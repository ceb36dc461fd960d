"""The group chat: what is news to the station, in its own words, without phone numbers, loops or a person's bound."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.conf import settings

from flameblue.cases import actions as cases
from flameblue.cases import kinds
from flameblue.cases.models import Case, CaseEvent
from flameblue.cases.policy import QuietHours
from flameblue.config import Config, Messages, Web
from flameblue.domain.limits import GROUP_NOTICES_PER_MIN, GROUP_UNITS_MAX, NOTICES_PER_PERSON_PER_10_MIN
from flameblue.domain.transitions import Level
from flameblue.notices import delivery, reasons
from flameblue.notices.channel import Channel
from flameblue.notices.models import Notice
from flameblue.notices.planning import Event, Planned, for_group
from flameblue.notices.texts.group import catalogue_for, group_catalogue
from flameblue.notices.texts.lengths import units
from flameblue.notices.texts.rendering import render
from flameblue.people.models import Person
from tests.cases.bench import Bench, another_cabin
from tests.cast import Cast
from tests.notices.post import Gateway, busy, never, planned
from tests.notices.test_planning import DAY, NIGHT, step
from tests.notices.test_texts import LONGEST

QUIET = QuietHours(begin=time(22), end=time(7), hours_to_limit_max=24, trend_over_s=3600)
HOT: dict[str, Any] = {
    "family": "heat",
    "quantity": "temperature_c",
    "level": "alarm",
    "value": 82.0,
    "limit": 70.0,
    "announces": True,
}


def event(kind: str, local: datetime = DAY, **data: Any) -> Event:
    return Event(kind, {**HOT, **data}, local)


def said(planned: Planned | None) -> tuple[str, str] | None:
    return (planned.template, planned.reason) if planned is not None else None


# whom and what: pure


@pytest.mark.parametrize(
    ("kind", "template"),
    [
        (kinds.OPENED, "group_news"),
        (kinds.UNSHELVED, "group_news"),
        (kinds.JOINED, "group_joined"),
        (kinds.RAISED, "group_raised"),
        (kinds.REOPENED, "group_reopened"),
    ],
)
def test_what_is_announced_is_news_to_the_group(kind: str, template: str) -> None:
    assert said(for_group(event(kind), QUIET)) == (template, reasons.GROUP_NEWS)
    assert for_group(event(kind, announces=False), QUIET) is None
    assert for_group(event(kind, shelved=True), QUIET) is None
    assert for_group(event(kind, is_test=True), QUIET) is None


@pytest.mark.parametrize("kind", sorted(kinds.ALL - {kinds.ESCALATED, kinds.CLOSED} - {
    kinds.OPENED, kinds.UNSHELVED, kinds.JOINED, kinds.RAISED, kinds.REOPENED
}))  # fmt: skip
def test_nothing_else_is(kind: str) -> None:
    assert for_group(event(kind, steps=[step("duty")]), QUIET) is None


def test_that_nobody_of_the_station_answers_is_news_and_that_the_owner_does_not_is_none() -> None:
    called = event(kinds.ESCALATED, steps=[step("duty", "voice")])
    assert said(for_group(called, QUIET)) == ("group_unanswered", reasons.GROUP_UNANSWERED)
    silent = event(kinds.ESCALATED, steps=[step("duty")], family="silence")
    assert said(for_group(silent, QUIET)) == ("group_unanswered_plain", reasons.GROUP_UNANSWERED)
    for lay in ("owner", "second"):
        assert for_group(event(kinds.ESCALATED, steps=[step(lay)]), QUIET) is None


def test_a_closed_case_says_whether_it_was_proven() -> None:
    closed = event(kinds.CLOSED)
    assert said(for_group(replace(closed, has_proof=True), QUIET)) == ("group_closed", reasons.GROUP_CLOSED)
    assert said(for_group(closed, QUIET)) == ("group_closed_plain", reasons.GROUP_CLOSED)
    unproven = event(kinds.CLOSED, without_proof=True)
    assert said(for_group(unproven, QUIET)) == ("group_closed_unproven", reasons.GROUP_CLOSED)


def test_silence_faults_outages_and_the_system_have_words_of_their_own() -> None:
    for family, template in (
        ("silence", "group_silent"),
        ("equipment", "group_fault"),
        ("system", "group_system"),
    ):
        assert said(for_group(event(kinds.OPENED, family=family), QUIET)) == (template, reasons.GROUP_NEWS)
    outage = replace(event(kinds.OPENED, family="silence"), is_incident=True)
    assert said(for_group(outage, QUIET)) == ("group_incident", reasons.GROUP_NEWS)


def test_at_night_an_alarm_goes_at_once_and_a_warning_in_the_morning() -> None:
    alarm = for_group(event(kinds.OPENED, NIGHT), QUIET)
    warning = for_group(event(kinds.OPENED, NIGHT, level="warning"), QUIET)
    assert alarm is not None
    assert alarm.held_until is None
    assert warning is not None
    assert warning.held_until == datetime.fromisoformat("2026-01-15T07:00:00+08:00")


def test_that_the_group_is_deaf_is_no_news_to_the_group() -> None:
    assert for_group(event(kinds.OPENED, family="system", what="group refused"), QUIET) is None
    assert for_group(event(kinds.OPENED, family="system", what="sms line"), QUIET) is not None


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_longest_text_fits_and_names_no_owner(language: str) -> None:
    found = group_catalogue(language).templates.values()
    assert len(found) == 5 * 9 + 9
    words = group_catalogue(language).words
    longest = {
        **LONGEST,
        "what": words["implausible"],
        "text": words["system_skipped"],
        "level": words["alarm"],
    }
    for template in found:
        rendered = render(template, longest, "禾木消防站")
        assert rendered.fits, template.id
        assert units(rendered.text) <= GROUP_UNITS_MAX
        assert "{" not in rendered.text
        assert not {"owner", "second", "next_where"} & set(rendered.variables)


def test_both_languages_have_the_same_texts() -> None:
    assert group_catalogue("zh-hans").templates.keys() == group_catalogue("en").templates.keys()
    assert group_catalogue("kk").templates == group_catalogue("zh-hans").templates
    assert catalogue_for("owner_alarm_heat", "en").language == "en"


# from the case event to the robot


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch, bench: Bench) -> Iterator[Gateway]:
    """The group's robot is `feishu`; phones are `console`."""
    named = Messages(group_channel="feishu")
    monkeypatch.setattr(settings, "CONFIG", replace(settings.CONFIG, messages=named))
    yield (robot := Gateway())
    assert {outgoing.to for outgoing in robot.handed} <= {""}


def deliver(now: datetime, robot: Gateway) -> Gateway:
    phones = Gateway()
    both: dict[str, Channel] = {"feishu": robot, "console": phones}
    for _ in range(3):
        delivery.deliver_due(now, both)
    return phones


@pytest.mark.django_db
def test_an_alarm_is_said_in_the_group_beside_the_phones(bench: Bench, cast: Cast, post: Gateway) -> None:
    bench.read(cast.ib, 38.0)
    bench.alarm(cast.tb)
    planned(bench.now)
    phones = deliver(bench.now, post)
    (said,) = post.handed
    assert said.text == (
        "【禾木消防站】报警:松林客栈203房暖气,B相接头82度,限70度,电流38安。4001号,03:07,禾木,3区12号"
    )
    assert {outgoing.to for outgoing in phones.handed} == {cast.ailin.phone, cast.bolat.phone}
    assert not any(phone in said.text for phone in Person.objects.values_list("phone", flat=True))


@pytest.mark.django_db
def test_a_link_stands_where_the_address_of_the_pages_is_known(
    bench: Bench, cast: Cast, post: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    known: Config = replace(settings.CONFIG, web=Web(public_url="https://board.example.org/"))
    monkeypatch.setattr(settings, "CONFIG", known)
    bench.alarm(cast.tb)
    phones = planned(bench.now)
    deliver(bench.now, post)
    assert post.handed[0].text.endswith("\nhttps://board.example.org/cases/4001/")
    assert not any("https" in notice.text for notice in phones if notice.person)


@pytest.mark.django_db
def test_without_a_group_nothing_is_planned_for_one(bench: Bench, cast: Cast) -> None:
    bench.alarm(cast.tb)
    assert all(notice.person for notice in planned(bench.now))


@pytest.mark.django_db
def test_raised_unanswered_and_closed_are_said_too(bench: Bench, cast: Cast, post: Gateway) -> None:
    bench.alarm(cast.tb, Level.WARNING, 62.0)
    bench.wait(5)
    bench.alarm(cast.tb)
    bench.pass_time(60)
    planned(bench.now)
    deliver(bench.now, post)
    cases.take(bench.case().pk, cast.bolat, bench.now)
    cases.made_safe(bench.case().pk, cast.bolat, "switched_off", bench.now)
    cases.repaired(bench.case().pk, cast.bolat, "loose_terminal", "拧紧", bench.now)
    outcome = cases.close(bench.case().pk, cast.chen, bench.now, without_proof_reason="换了线路")
    assert outcome.done, outcome
    planned(bench.now)
    deliver(bench.now, post)
    heads = [outgoing.text.removeprefix("【禾木消防站】")[:5] for outgoing in post.handed]
    assert heads == ["报警加重:", "没人接警:", "结案:松林"]  # the warning waits for the morning


@pytest.mark.django_db
def test_what_somebody_has_taken_is_not_called_unanswered(bench: Bench, cast: Cast, post: Gateway) -> None:
    bench.alarm(cast.tb)
    bench.pass_time(60)
    planned(bench.now)
    bench.wait(1)
    cases.take(bench.case().pk, cast.bolat, bench.now)
    deliver(bench.now, post)
    assert Notice.objects.get(reason="group_unanswered").detail == "The case is taken."


@pytest.mark.django_db
def test_a_flood_stays_below_the_providers_bound_and_takes_no_ones_room(
    bench: Bench, cast: Cast, post: Gateway
) -> None:
    for number in range(GROUP_NOTICES_PER_MIN + 5):
        _, point = another_cabin(cast, f"{number}号屋")
        bench.alarm(point, value=260.0)
    planned(bench.now)
    phones = deliver(bench.now, post)
    assert len(post.handed) == GROUP_NOTICES_PER_MIN
    to_bolat = [outgoing for outgoing in phones.handed if outgoing.to == cast.bolat.phone]
    assert len(to_bolat) == NOTICES_PER_PERSON_PER_10_MIN
    deliver(bench.now + timedelta(seconds=60), post)
    assert len(post.handed) == GROUP_NOTICES_PER_MIN + 1
    assert post.handed[-1].text == (
        "【禾木消防站】汇总:另有5条消息没有逐条发,涉及4020、4019、4018等。请看值班屏"
    )


@pytest.mark.django_db
def test_a_throttled_robot_is_asked_again_later(bench: Bench, cast: Cast, post: Gateway) -> None:
    post.answers = [busy(), busy()]
    bench.alarm(cast.tb)
    planned(bench.now)
    for after_s in (0, 5, 20):
        deliver(bench.now + timedelta(seconds=after_s), post)
    assert len(post.handed) == 3
    assert Notice.objects.get(reason="group_news").state == "sent"


@pytest.mark.django_db
@pytest.mark.parametrize("error", [busy, never], ids=["deaf", "wrong key"])
def test_a_failing_robot_is_a_system_case_once_and_never_a_loop(
    bench: Bench, cast: Cast, post: Gateway, error: Any
) -> None:
    post.answers = [error() for _ in range(500)]
    bench.alarm(cast.tb)
    for _ in range(240):
        planned(bench.now)
        deliver(bench.now, post)
        bench.pass_time(30, every_s=30)
    system = Case.objects.get(family="system")
    assert system.troubles == ["group refused"]
    assert CaseEvent.objects.filter(case=system, kind="opened").count() == 1
    assert not CaseEvent.objects.filter(case=system, kind__in=("joined", "reopened")).exists()
    about_it = Notice.objects.filter(case=system, reason="group_news")
    assert not about_it.exists()
    told = Notice.objects.filter(case=system, person=cast.bolat)
    assert "群消息发不出去" in told[0].text
    assert not Notice.objects.filter(state="planned").exists()
    said = CaseEvent.objects.filter(kind="commented", data__text__startswith="没能发到群里").count()
    assert said == Notice.objects.filter(channel="feishu", state="failed").count() <= 8
    post.answers.clear()
    _, point = another_cabin(cast, "新屋")
    bench.alarm(point, value=260.0)
    planned(bench.now)
    deliver(bench.now, post)
    system.refresh_from_db()
    assert system.troubles == []


@pytest.mark.django_db
def test_a_failing_robot_takes_no_phone_in_its_place(
    bench: Bench, cast: Cast, post: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = Messages(group_channel="feishu", sms_second_channel="other", voice_channel="voice")
    monkeypatch.setattr(settings, "CONFIG", replace(settings.CONFIG, messages=second))
    post.answers = [never()]
    bench.alarm(cast.tb)
    planned(bench.now)
    deliver(bench.now, post)
    assert Notice.objects.get(reason="group_news").state == "failed"
    assert not Notice.objects.filter(channel__in=("other", "voice")).exists()
