"""What an SMS to us does: takes the newest, names what is left, stops the owner's repeats, calls for help."""

import pytest

from flameblue.cases import actions as cases
from flameblue.cases.models import Case
from flameblue.notices import replies
from flameblue.notices.models import InboundMessage, Notice
from flameblue.people.models import Contact, Person
from tests.cases.bench import Bench, another_cabin
from tests.cast import Cast
from tests.notices.post import deliver, lines, planned

pytestmark = pytest.mark.django_db


def say(bench: Bench, person: Person, text: str) -> replies.Reply:
    return replies.receive("smpp", person.phone, text, bench.now)


@pytest.fixture
def two(bench: Bench, cast: Cast) -> tuple[Case, Case]:
    """Two cases, a minute apart, both sent to Bolat."""
    bench.alarm(cast.tb)
    planned(bench.now)
    deliver(bench.now)
    bench.wait(60)
    _, point = another_cabin(cast, "白桦客栈")
    bench.alarm(point, value=260.0)
    planned(bench.now)
    deliver(bench.now)
    first, second = Case.objects.order_by("number")
    return first, second


def test_an_answer_that_names_no_case_is_meant_for_the_danger_not_for_our_own_trouble(
    bench: Bench, cast: Cast
) -> None:
    bench.alarm(cast.tb)
    bench.wait(5)
    cases.open_system_case("first sms", "The first channel fails.", bench.now)
    planned(bench.now)
    deliver(bench.now)
    assert replies.receive("console", cast.bolat.phone, "1", bench.now).outcome == "taken"
    assert Case.objects.get(family="heat").taken_by == cast.bolat
    assert Case.objects.get(family="system").taken_by is None


def test_one_takes_the_newest_and_says_which_and_what_is_left(
    bench: Bench, cast: Cast, two: tuple[Case, Case]
) -> None:
    reply = say(bench, cast.bolat, "1")
    assert reply.outcome == "taken"
    assert reply.case == two[1].pk
    assert reply.text == (
        "【禾木消防站】已接4002号:白桦客栈总。您还有1单未接:4001号,松林客栈203房暖气。要接请回1 4001"
    )
    assert [case.taken_by for case in Case.objects.order_by("number")] == [None, cast.bolat]


def test_the_other_is_taken_by_its_number_or_by_another_one(
    bench: Bench, cast: Cast, two: tuple[Case, Case]
) -> None:
    assert say(bench, cast.bolat, "\uff11 \uff14\uff10\uff10\uff11").case == two[0].pk
    second = say(bench, cast.bolat, "1")
    assert second.case == two[1].pk
    assert second.text == "【禾木消防站】已接4002号:白桦客栈总。"


def test_the_answer_is_a_notice_of_its_own(bench: Bench, cast: Cast, two: tuple[Case, Case]) -> None:
    reply = say(bench, cast.bolat, "1")
    (answer,) = Notice.objects.filter(reason="reply")
    assert (answer.text, answer.channel, answer.to, answer.case_id) == (
        reply.text,
        "smpp",
        cast.bolat.phone,
        two[1].pk,
    )
    inbound = InboundMessage.objects.get()
    assert (inbound.person, inbound.outcome, inbound.case_id) == (cast.bolat, "taken", two[1].pk)


def test_a_case_that_somebody_has_is_said_with_their_name(
    bench: Bench, cast: Cast, two: tuple[Case, Case]
) -> None:
    say(bench, cast.bolat, "1 4002")
    Notice.objects.create(
        case=two[1],
        person=cast.chen,
        to=cast.chen.phone,
        channel="console",
        template="leader_alarm_heat_voice",
        language="zh-hans",
        text="…",
        reason="not_acknowledged",
        state="sent",
        attempt_count=1,
        created_at=bench.now,
        due_at=bench.now,
    )
    reply = say(bench, cast.chen, "1")
    assert reply.outcome == "taken_by_other"
    assert reply.text.startswith("【禾木消防站】4002号已由Bolat接警:白桦客栈总。")
    assert Case.objects.get(pk=two[1].pk).taken_by == cast.bolat


def test_only_what_was_sent_to_the_number_can_be_taken(
    bench: Bench, cast: Cast, two: tuple[Case, Case]
) -> None:
    reply = say(bench, cast.dana, "1 4001")
    assert reply.outcome == "unknown_number"
    assert "没有发给您的4001号未结案单" in reply.text
    assert say(bench, cast.dana, "1").outcome == "nothing_open"
    assert not Case.objects.exclude(taken_by=None).exists()


def test_a_message_that_never_left_is_not_answered_by_accident(bench: Bench, cast: Cast) -> None:
    bench.alarm(cast.tb)
    planned(bench.now)
    assert say(bench, cast.bolat, "1").outcome == "nothing_open"


def test_the_owners_one_stops_the_owners_repeats_and_takes_nothing(bench: Bench, cast: Cast) -> None:
    bench.alarm(cast.tb)
    planned(bench.now)
    deliver(bench.now)
    reply = say(bench, cast.ailin, "1")
    assert reply.outcome == "owner_answered"
    assert reply.text == (
        "【禾木消防站】知道了:松林客栈203房暖气,4001号。不再重复提醒您,站里继续跟。有烟先撤人打119"
    )
    case = bench.case()
    assert (case.state, case.taken_by, case.owner_answered_at) == ("open", None, bench.now)
    bench.pass_time(300)
    told = lines(planned(bench.now))
    assert not any(line.startswith(("Ailin owner_alarm", "叶尔兰")) for line in told)
    assert "Chen leader_alarm_heat_voice not_acknowledged" in told


def test_two_asks_for_people(bench: Bench, cast: Cast) -> None:
    bench.alarm(cast.tb)
    planned(bench.now)
    deliver(bench.now)
    assert say(bench, cast.ailin, "2").outcome == "help_asked"
    assert "Bolat officer_help help_asked" in lines(planned(bench.now))
    assert say(bench, cast.bolat, "2").outcome == "reinforcement_asked"
    assert "Chen officer_reinforce help_asked" in lines(planned(bench.now))


def test_anything_else_is_kept_answered_and_changes_nothing(bench: Bench, cast: Cast) -> None:
    bench.alarm(cast.tb)
    planned(bench.now)
    deliver(bench.now)
    reply = say(bench, cast.ailin, "1号箱冒烟了!")
    assert reply.outcome == "not_understood"
    assert reply.text == "【禾木消防站】没看懂,已记下,站里能看到。知悉回1,要人帮回2。有烟先撤人打119"
    kept = InboundMessage.objects.get()
    assert (kept.text, kept.case) == ("1号箱冒烟了!", bench.case())
    assert bench.case().owner_answered_at is None


def test_a_stranger_is_kept_and_gets_no_answer(bench: Bench, cast: Cast) -> None:
    reply = replies.receive("smpp", "+8613700000009", "1", bench.now)
    assert (reply.outcome, reply.text) == ("unknown_sender", "")
    assert InboundMessage.objects.get().person is None
    assert not Notice.objects.exists()


@pytest.mark.parametrize("sender", ["+8613900000001", "8613900000001", "13900000001", "008613900000001"])
def test_a_number_is_known_in_every_usual_form(cast: Cast, sender: str) -> None:
    assert replies.person_of(sender) == cast.bolat


@pytest.mark.parametrize("sender", ["", "106900", "bank", "1"])
def test_a_short_number_is_nobodys(cast: Cast, sender: str) -> None:
    assert replies.person_of(sender) is None


def test_of_two_who_share_a_phone_the_one_written_to_last_is_meant(bench: Bench, cast: Cast) -> None:
    Person.objects.create(name="Marzhan", phone=cast.ailin.phone)
    bench.alarm(cast.tb)
    planned(bench.now)
    deliver(bench.now)
    assert say(bench, cast.ailin, "1").outcome == "owner_answered"
    assert Contact.objects.get(order=1).person == cast.ailin


def test_an_answer_to_a_closed_case_finds_nothing_open(bench: Bench, cast: Cast) -> None:
    bench.alarm(cast.tb)
    planned(bench.now)
    deliver(bench.now)
    Case.objects.update(state="closed")
    assert say(bench, cast.bolat, "1").outcome == "nothing_open"
    assert say(bench, cast.ailin, "1").outcome == "nothing_open"


def test_a_machine_that_answers_by_itself_is_not_talked_to_for_ever(bench: Bench, cast: Cast) -> None:
    for _ in range(40):
        replies.receive("console", cast.ailin.phone, "我在开会", bench.now)
        deliver(bench.now)
    assert Notice.objects.filter(reason="reply", state="sent").count() == 20
