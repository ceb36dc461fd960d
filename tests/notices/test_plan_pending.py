"""Case events become notices: in order, once, in each reader's language, and never held up by one bad event."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.conf import settings

from flameblue.cases import actions as cases
from flameblue.cases.models import Case, CaseEvent
from flameblue.domain.transitions import Level, Rule
from flameblue.notices import sign_of_life, writing
from flameblue.notices.models import Notice
from flameblue.notices.texts import lengths
from flameblue.people.models import Contact, Person, Shift
from tests.cases.bench import Bench, another_cabin, another_room
from tests.cast import Cast
from tests.notices.post import deliver, lines, planned

pytestmark = pytest.mark.django_db


def test_an_alarm_is_told_to_the_owner_and_the_duty_officer_at_once(bench: Bench, cast: Cast) -> None:
    bench.read(cast.ib, 38.0)
    bench.alarm(cast.tb)
    owner, officer = planned(bench.now)
    assert lines([owner, officer]) == [
        "Ailin owner_alarm_heat first_notice",
        "Bolat officer_alarm_heat first_notice",
    ]
    assert owner.text == (
        "【禾木消防站】报警:松林客栈203房暖气接头82度,限70度。有烟先撤人打119,没烟请拉下2号箱3号开关。回1知悉,回2要人帮"
    )
    assert officer.text == (
        "【禾木消防站】报警:松林客栈203房暖气,B相接头82度,限70度,电流38安。4001号,03:07,禾木,3区12号,"
        "开关2号箱3号开关。户主Ailin:已发未回。备用联系人叶尔兰。回1接警,回2增援"
    )
    assert owner.variables == {
        "where": "松林客栈203房暖气",
        "value": "82",
        "limit": "70",
        "switch": "2号箱3号开关",
    }
    assert (owner.to, owner.channel, owner.due_at, owner.state) == (
        "+8613800000001",
        "console",
        bench.now,
        "planned",
    )
    assert lengths.units(owner.text) <= 70


def test_an_english_reader_gets_english(bench: Bench, cast: Cast) -> None:
    Person.objects.filter(pk=cast.ailin.pk).update(language="en")
    bench.alarm(cast.tb)
    owner = planned(bench.now)[0]
    assert (owner.language, owner.text) == (
        "en",
        "【禾木消防站】ALARM 松林客栈203房暖气 82C. Smoke: out, 119. Else cut 2号箱3号开关",
    )


def test_each_event_is_planned_once(bench: Bench, cast: Cast) -> None:
    bench.alarm(cast.tb)
    assert len(planned(bench.now)) == 2
    assert planned(bench.now) == []
    assert not CaseEvent.objects.filter(planned_at=None).exists()


def test_nobody_answers_and_the_ladder_is_climbed(bench: Bench, cast: Cast) -> None:
    bench.alarm(cast.tb)
    told = []
    for _ in range(61):
        told += [
            f"{(bench.now - Case.objects.get().opened_at).seconds} {line}"
            for line in lines(planned(bench.now))
        ]
        bench.pass_time(10)
    assert told == [
        "0 Ailin owner_alarm_heat first_notice",
        "0 Bolat officer_alarm_heat first_notice",
        "60 叶尔兰 second_alarm_heat no_answer",
        "60 Bolat officer_alarm_heat_voice not_acknowledged",
        "180 Chen leader_alarm_heat_voice not_acknowledged",
        "300 Ailin owner_alarm_heat no_answer",
        "600 Sayan next_station_alarm_heat_voice not_acknowledged",
    ]


def test_a_case_that_is_taken_calls_nobody_else(bench: Bench, cast: Cast) -> None:
    bench.alarm(cast.tb)
    planned(bench.now)
    cases.take(bench.case().pk, cast.bolat, bench.now)
    bench.pass_time(700)
    assert lines(planned(bench.now)) == []


def test_a_second_room_is_named_to_who_had_the_case(bench: Bench, cast: Cast) -> None:
    other, _ = another_room(cast)
    bench.alarm(cast.tb)
    planned(bench.now)
    cases.take(bench.case().pk, cast.chen, bench.now)
    bench.wait(60)
    bench.alarm(other)
    found = planned(bench.now)
    assert lines(found) == [
        "Ailin owner_alarm_heat new_place",
        "Bolat officer_joined_heat new_place",
        "Chen officer_joined_heat taken_away",
    ]
    assert all("204房" in notice.text for notice in found)
    assert "原由Chen接警,请重新接警" in found[1].text


def test_still_beyond_the_limit_rings_again_and_says_for_how_long(bench: Bench, cast: Cast) -> None:
    bench.alarm(cast.tb)
    planned(bench.now)
    cases.take(bench.case().pk, cast.bolat, bench.now)
    bench.pass_time(900)
    found = planned(bench.now)
    assert "Bolat officer_rang_again_heat rang_again" in lines(found)
    text = next(n.text for n in found if n.template.startswith("officer_rang_again"))
    assert "4001号由Bolat接警15分钟了" in text


def test_a_warning_at_night_waits_and_is_cancelled_by_what_is_worse(bench: Bench, cast: Cast) -> None:
    bench.alarm(cast.tb, Level.WARNING, 62.0)
    (held,) = planned(bench.now)
    assert held.template == "owner_warning_heat"
    assert held.due_at.isoformat() == "2026-01-14T23:00:00+00:00"
    bench.wait(3600)
    bench.alarm(cast.tb)
    planned(bench.now)
    gateway = deliver(held.due_at)
    held.refresh_from_db()
    assert (held.state, held.detail) == ("cancelled", "Something newer has been told of the case.")
    assert not any("预警" in outgoing.text for outgoing in gateway.handed)


def test_a_warning_that_nothing_followed_is_told_in_the_morning(bench: Bench, cast: Cast) -> None:
    bench.alarm(cast.tb, Level.WARNING, 62.0)
    (held,) = planned(bench.now)
    assert deliver(held.due_at - timedelta(seconds=1)).handed == []
    (sent,) = deliver(held.due_at).handed
    assert (
        sent.text
        == "【禾木消防站】预警:松林客栈203房暖气接头62度,超过60度,还没到报警。今天请电工查这一路,别自己拆。回1知悉"
    )


def test_a_late_reading_is_told_in_the_past_tense_with_its_own_time(bench: Bench, cast: Cast) -> None:
    bench.wait(8 * 3600)
    bench.alarm(cast.tb, rule=Rule.LATE, ago_s=30 * 3600)
    (late,) = planned(bench.now)
    assert late.template == "owner_late_heat"
    assert late.text.startswith("【禾木消防站】迟到报警:松林客栈203房暖气在1月14日 05:07接头曾到82度")


def test_switched_off_proven_and_closed_are_told(bench: Bench, cast: Cast) -> None:
    bench.read(cast.ib, 38.0, 60)
    bench.alarm(cast.tb)
    planned(bench.now)
    cases.take(bench.case().pk, cast.bolat, bench.now)
    bench.wait(60)
    bench.read(cast.ib, 0.0, 50)
    bench.look()
    assert lines(planned(bench.now)) == [
        "Ailin owner_made_safe made_safe",
        "Bolat officer_made_safe made_safe",
    ]
    cases.repaired(bench.case().pk, cast.bolat, "loose_terminal", "tightened", bench.now)
    bench.alarm(cast.tb, Level.NORMAL, 40.0)
    bench.wait(2000)
    bench.read(cast.ib, 36.0, 1900)
    bench.read(cast.tb, 44.0, 1900)
    bench.look()
    proven = planned(bench.now)
    assert "Bolat officer_proven_heat proven" in lines(proven)
    assert "带负荷30分钟最高44度" in next(n.text for n in proven if n.template == "officer_proven_heat")
    cases.close(bench.case().pk, cast.bolat, bench.now)
    (closed,) = planned(bench.now)
    assert (closed.template, closed.person) == ("owner_closed_heat", cast.ailin)
    assert "带负荷30分钟最高44度,4001号结案" in closed.text


def test_an_outage_is_one_message_to_the_station(bench: Bench, cast: Cast) -> None:
    cabins = [another_cabin(cast, f"{n}号屋")[1] for n in range(6)]
    for point in cabins[:3]:
        bench.read(point, 0.0)
    bench.silent(*cabins)
    bench.pass_time(70)
    found = planned(bench.now)
    assert lines(found) == ["Bolat officer_incident first_notice"]
    assert "起禾木有6户同时失联,3户断前电压为0,判断停电。" in found[0].text
    bench.pass_time(1800)
    left = [notice for notice in planned(bench.now) if notice.template == "officer_left_over"]
    assert "仍有6户失联:0号屋、1号屋、2号屋,另有3户" in left[0].text


def test_an_owner_without_a_phone_is_a_notice_that_failed(bench: Bench, cast: Cast) -> None:
    Person.objects.filter(pk=cast.ailin.pk).update(phone="")
    bench.alarm(cast.tb)
    owner = planned(bench.now)[0]
    assert (owner.state, owner.detail) == ("failed", "No phone number is known.")


def test_no_second_contact_is_a_notice_that_failed(bench: Bench, cast: Cast) -> None:
    Contact.objects.filter(order=2).delete()
    bench.alarm(cast.tb)
    planned(bench.now)
    bench.pass_time(60)
    missing = next(notice for notice in planned(bench.now) if notice.person is None)
    assert (missing.state, missing.detail, missing.to) == ("failed", "No second contact is known.", "")


def test_an_empty_roster_calls_everybody_of_the_station(bench: Bench, cast: Cast) -> None:
    Shift.objects.all().delete()
    bench.alarm(cast.tb)
    assert lines(planned(bench.now))[1:] == [
        "Bolat officer_alarm_heat first_notice",
        "Chen officer_alarm_heat first_notice",
    ]


def test_another_station_hears_nothing(bench: Bench, cast: Cast) -> None:
    bench.alarm(cast.tb)
    for _ in range(100):
        planned(bench.now)
        bench.pass_time(10)
    assert not Notice.objects.filter(person=cast.dana).exists()


def test_a_system_alarm_reaches_every_station_in_words(bench: Bench, cast: Cast) -> None:
    cases.open_system_case("disk", "The disk is low.", bench.now)
    found = planned(bench.now)
    assert {line.split()[0] for line in lines(found)} == {"Bolat", "Sayan", "Dana"}
    said = {notice.person: notice.text for notice in found}
    assert said[cast.bolat].startswith("【禾木消防站】系统报警:硬盘空间不足,4001号")
    assert said[cast.dana].startswith("【贾登峪消防站】")


def test_an_event_without_words_is_told_plainly_and_holds_up_no_other(
    bench: Bench, cast: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("a word is missing")

    bench.alarm(cast.tb)
    with monkeypatch.context() as patched:
        patched.setattr(writing, "values", broken)
        plain = planned(bench.now)
    assert {(n.person, n.text) for n in plain} == {
        (cast.ailin, "【禾木消防站】报警:4001号有新情况。有烟先撤人打119,没烟请打电话给站里。回1知悉"),
        (cast.bolat, "【禾木消防站】报警:4001号有新情况,请马上看值班屏。回1接警,回2增援"),
    }
    assert "could not be put into words" in caplog.text
    bench.alarm(cast.ir, value=380.0)
    assert lines(planned(bench.now)) == [
        "Ailin owner_alarm_leakage first_notice",
        "Bolat officer_alarm_leakage first_notice",
    ]


def test_a_sign_of_life_leaves_once_a_day_from_nine_on(
    bench: Bench, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = settings.CONFIG
    monkeypatch.setattr(
        settings, "CONFIG", replace(config, messages=replace(config.messages, alive_to="+8613700000000"))
    )
    assert not sign_of_life.plan_alive(bench.now)  # 03:07
    morning = bench.now + timedelta(hours=6)
    assert sign_of_life.plan_alive(morning)
    assert not sign_of_life.plan_alive(morning + timedelta(minutes=5))
    assert sign_of_life.plan_alive(morning + timedelta(days=1))
    first = Notice.objects.order_by("pk")[0]
    assert (first.to, first.text) == (
        "+8613700000000",
        "【喀纳斯消防站】平安:1月15日,系统和短信都通。设备1台,失联0台。未结案0件,昨天新开0件",
    )


@pytest.mark.parametrize(
    ("language", "asked", "told"),
    [
        ("zh-hans", "回1接警,回2增援", "请马上联系。回2增援"),
        ("en", "1=take, 2=backup", "Call them now. 2=backup"),
        ("kk", "回1接警,回2增援", "请马上联系。回2增援"),
    ],
)
def test_who_has_the_case_is_not_asked_to_take_it(
    bench: Bench, cast: Cast, language: str, asked: str, told: str
) -> None:
    Person.objects.filter(pk=cast.bolat.pk).update(language=language)
    bench.alarm(cast.tb)
    planned(bench.now)
    cases.ask_help(bench.case().pk, cast.ailin, bench.now)
    assert asked in planned(bench.now)[0].text
    cases.take(bench.case().pk, cast.bolat, bench.now)
    bench.wait(1_800)
    cases.ask_help(bench.case().pk, cast.ailin, bench.now)
    (cry,) = (one for one in planned(bench.now) if one.person == cast.bolat)
    assert told in cry.text
    assert asked not in cry.text
