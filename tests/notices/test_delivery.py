"""Claim, hand over, settle: each crash point, back-off, giving up, the other channel, and nothing lost."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from flameblue.cases import actions as cases
from flameblue.cases.models import Case, CaseEvent
from flameblue.config import Messages
from flameblue.domain.errors import DeliveryError
from flameblue.domain.limits import ATTEMPTS_MAX
from flameblue.notices import blindness, counting, delivery, receipts, watching
from flameblue.notices.channel import Outgoing, Sent
from flameblue.notices.models import Attempt, EarlyReceipt, Notice, Part
from tests.cases.bench import Bench
from tests.cast import Cast
from tests.notices.post import Gateway, busy, channels, deliver, lines, never, planned

pytestmark = pytest.mark.django_db


@pytest.fixture
def owners(bench: Bench, cast: Cast) -> Notice:
    """The owner's message of an alarm; nothing else waits."""
    bench.alarm(cast.tb)
    owner, officer = planned(bench.now)
    Notice.objects.filter(pk=officer.pk).delete()
    return owner


@pytest.fixture
def two_channels(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """SMS by `smpp`, calls by `voice`."""
    apart = replace(settings.CONFIG, messages=Messages(sms_channel="smpp", voice_channel="voice"))
    monkeypatch.setattr(settings, "CONFIG", apart)
    return iter(())


def fresh(notice: Notice) -> Notice:
    notice.refresh_from_db()
    return notice


def test_a_message_is_handed_over_and_settled(owners: Notice, now: datetime) -> None:
    (outgoing,) = deliver(now).handed
    assert (outgoing.to, outgoing.text) == (owners.to, owners.text)
    assert (fresh(owners).state, owners.sent_at, owners.attempt_count) == ("sent", now, 1)
    attempt = owners.attempts.get()
    assert (attempt.outcome, attempt.ended_at) == ("accepted", now)
    assert attempt.parts.get().message_id == f"id-{attempt.pk}"
    assert delivery.next_due() is None


def test_a_claim_moves_the_due_time_before_the_try(owners: Notice, now: datetime) -> None:
    (outgoing,) = delivery.claim(now, 10)
    assert fresh(owners).due_at == now + timedelta(seconds=delivery.TRY_S)
    assert Attempt.objects.get(pk=outgoing.attempt).outcome == ""
    assert delivery.claim(now, 10) == []


def test_a_crash_before_the_claim_loses_nothing(owners: Notice, now: datetime) -> None:
    later = now + timedelta(hours=1)
    assert len(deliver(later).handed) == 1


def test_a_crash_between_claim_and_gateway_is_tried_again_once(owners: Notice, now: datetime) -> None:
    delivery.claim(now, 10)  # and the process ends: nothing was sent
    assert deliver(now + timedelta(seconds=delivery.TRY_S - 1)).handed == []
    gateway = deliver(now + timedelta(seconds=delivery.TRY_S))
    assert len(gateway.handed) == 1
    assert fresh(owners).state == "sent"


def test_a_crash_between_gateway_and_record_repeats_once_and_is_counted(
    owners: Notice, now: datetime
) -> None:
    gateway = Gateway()
    for outgoing in delivery.claim(now, 10):
        delivery.hand_over(outgoing, channels(gateway))  # and the process ends before settling
    assert counting.perhaps_repeated(now - counting.OVER) == 0
    assert delivery.resume(now) == 1
    deliver(now, gateway)
    deliver(now + timedelta(hours=1), gateway)
    assert len(gateway.handed) == 2
    assert fresh(owners).state == "sent"
    assert counting.perhaps_repeated(now - counting.OVER) == 1
    assert owners.attempts.order_by("pk")[0].detail == delivery.LOST


def test_a_crash_after_the_record_repeats_nothing(owners: Notice, now: datetime) -> None:
    gateway = deliver(now)
    assert delivery.resume(now) == 0
    deliver(now + timedelta(hours=1), gateway)
    assert len(gateway.handed) == 1


def test_a_process_that_crashes_at_every_try_does_not_loop_for_ever(owners: Notice, now: datetime) -> None:
    for _ in range(ATTEMPTS_MAX + 3):
        delivery.claim(now, 10)
        now += timedelta(seconds=delivery.TRY_S)
    assert (fresh(owners).state, owners.attempt_count) == ("failed", ATTEMPTS_MAX)


def test_a_try_that_ends_late_is_recorded_and_sends_nothing_more(owners: Notice, now: datetime) -> None:
    (slow,) = delivery.claim(now, 10)
    later = now + timedelta(seconds=delivery.TRY_S)
    (again,) = delivery.claim(later, 10)
    delivery.settle(slow, Sent(("a",)), later)
    delivery.settle(again, Sent(("b",)), later)
    assert fresh(owners).state == "sent"
    assert set(Part.objects.values_list("message_id", flat=True)) == {"a", "b"}


def test_a_busy_gateway_is_asked_again_after_pauses_that_grow(owners: Notice, now: datetime) -> None:
    gateway = Gateway([busy() for _ in range(3)])
    tried = []
    moment = now
    while fresh(owners).state == "planned":
        tried.append((moment - now).total_seconds())
        due = delivery.deliver_due(moment, channels(gateway))
        moment = due or moment
    assert tried == [0, 5, 20, 80]
    assert owners.state == "sent"
    assert [a.outcome for a in owners.attempts.order_by("pk")] == ["failed", "failed", "failed", "accepted"]


def test_what_failed_is_due_at_once_when_the_line_is_up_and_what_is_under_way_is_not(
    owners: Notice, now: datetime
) -> None:
    gateway = Gateway([busy() for _ in range(3)])
    for after_s in (0, 5, 20):
        delivery.deliver_due(now + timedelta(seconds=after_s), channels(gateway))
    back = now + timedelta(seconds=25)
    assert delivery.claim(back, 10) == []
    assert delivery.hurry("another", back) == 0
    assert delivery.hurry(owners.channel, back) == 1
    (under_way,) = delivery.claim(back, 10)
    assert delivery.hurry(owners.channel, back) == 0
    delivery.settle(under_way, Sent(("a",)), back)
    assert delivery.hurry(owners.channel, back) == 0


def test_a_gateway_that_is_deaf_for_good_is_given_up_and_becomes_a_system_case(
    owners: Notice, now: datetime
) -> None:
    gateway = Gateway([busy() for _ in range(50)])
    moment = now
    while fresh(owners).state == "planned":
        moment = delivery.deliver_due(moment, channels(gateway)) or moment
        now = moment
    assert (owners.state, owners.attempt_count, owners.detail) == (
        "failed",
        ATTEMPTS_MAX,
        "The gateway is busy.",
    )
    system = Case.objects.get(family="system")
    assert system.troubles == ["sms refused"]
    gateway.answers.clear()
    planned(moment)
    deliver(moment, gateway)
    system.refresh_from_db()
    assert system.troubles == []


def test_what_fails_without_another_way_stands_on_the_cases_time_line(owners: Notice, now: datetime) -> None:
    deliver(now, Gateway([never()]))
    assert fresh(owners).state == "failed"
    comment = CaseEvent.objects.get(kind="commented")
    assert comment.data["text"] == "发给Ailin的短信没送到:There is no such number."
    assert planned(now) == []


@pytest.mark.usefixtures("two_channels")
def test_a_permanent_error_of_the_sms_becomes_a_call_at_once(bench: Bench, cast: Cast) -> None:
    bench.alarm(cast.tb)
    planned(bench.now)
    sms, voice = Gateway([never()]), Gateway()
    delivery.deliver_due(bench.now, {"smpp": sms, "voice": voice})
    delivery.deliver_due(bench.now, {"smpp": sms, "voice": voice})
    (call,) = voice.handed
    assert call.to == cast.ailin.phone
    assert call.text == (
        "这里是禾木消防站的自动电话。报警:松林客栈203房暖气接头82度,限70度。有烟先撤人,打119。没烟请拉下2号箱3号开关。"
    )
    made = Notice.objects.get(reason="channel_failed")
    assert (made.template, made.channel, made.state) == ("owner_alarm_heat_voice", "voice", "sent")


@pytest.mark.usefixtures("two_channels")
def test_an_urgent_sms_that_does_not_go_is_also_called_while_it_is_still_tried(
    bench: Bench, cast: Cast
) -> None:
    bench.alarm(cast.tb)
    planned(bench.now)
    Notice.objects.filter(person=cast.bolat).delete()
    sms, voice = Gateway([busy() for _ in range(50)]), Gateway()
    moment = bench.now
    for _ in range(4):
        moment = delivery.deliver_due(moment, {"smpp": sms, "voice": voice}) or moment
    assert len(voice.handed) == 1
    assert (moment - bench.now).total_seconds() <= 80
    assert Notice.objects.get(reason="first_notice").state == "planned"


@pytest.mark.usefixtures("two_channels")
def test_a_call_that_does_not_go_is_written(bench: Bench, cast: Cast) -> None:
    bench.alarm(cast.tb)
    bench.pass_time(180)
    planned(bench.now)
    sms, voice = Gateway(), Gateway([never() for _ in range(5)])
    delivery.deliver_due(bench.now, {"smpp": sms, "voice": voice})
    written = Notice.objects.filter(reason="channel_failed")
    assert sorted(lines(list(written))) == [
        "Bolat officer_alarm_heat channel_failed",
        "Chen officer_alarm_heat channel_failed",
    ]
    assert all(notice.channel == "smpp" and notice.text.startswith("【") for notice in written)


@pytest.mark.usefixtures("two_channels")
def test_a_channel_that_is_not_configured_is_a_permanent_error(bench: Bench, cast: Cast) -> None:
    bench.alarm(cast.tb)
    planned(bench.now)
    delivery.deliver_due(bench.now, {"voice": Gateway()})
    assert Notice.objects.filter(reason="first_notice", state="failed").count() == 2


def test_a_call_is_cancelled_when_somebody_has_taken_the_case(bench: Bench, cast: Cast) -> None:
    bench.alarm(cast.tb)
    bench.pass_time(60)
    planned(bench.now)
    bench.wait(1)
    cases.take(bench.case().pk, cast.chen, bench.now)
    gateway = deliver(bench.now)
    cancelled = Notice.objects.filter(state="cancelled")
    assert lines(list(cancelled)) == ["Bolat officer_alarm_heat_voice not_acknowledged"]
    assert cancelled[0].detail == "The case is taken."
    assert len(gateway.handed) == 3


def test_the_owners_answer_stops_the_owners_repeats_only(bench: Bench, cast: Cast) -> None:
    bench.alarm(cast.tb)
    bench.pass_time(300)
    planned(bench.now)
    cases.owner_acknowledge(bench.case().pk, cast.ailin, bench.now)
    deliver(bench.now)
    cancelled = Notice.objects.filter(state="cancelled")
    assert {n.reason for n in cancelled} == {"no_answer"}
    assert Notice.objects.filter(reason="not_acknowledged", state="sent").exists()


def test_a_receipt_delivers_the_notice(owners: Notice, now: datetime) -> None:
    deliver(now)
    (part,) = Part.objects.all()
    assert not receipts.owner_has_it(owners.case_id or 0)
    assert receipts.record(part.message_id, "DELIVRD", now)
    assert (fresh(owners).state, Part.objects.get().receipt) == ("delivered", "DELIVRD")
    assert receipts.owner_has_it(owners.case_id or 0)


def test_a_receipt_that_is_quicker_than_its_record_is_kept(owners: Notice, now: datetime) -> None:
    (outgoing,) = delivery.claim(now, 10)
    assert not receipts.record("quick", "DELIVRD", now)
    delivery.settle(outgoing, Sent(("quick",)), now)
    assert fresh(owners).state == "delivered"
    assert not EarlyReceipt.objects.exists()


def test_every_part_must_arrive(owners: Notice, now: datetime) -> None:
    (outgoing,) = delivery.claim(now, 10)
    delivery.settle(outgoing, Sent(("a", "b")), now)
    receipts.record("b", "DELIVRD", now)
    assert fresh(owners).state == "sent"
    receipts.record("a", "ENROUTE", now)
    assert fresh(owners).state == "sent"
    receipts.record("a", "DELIVRD", now)
    assert fresh(owners).state == "delivered"
    receipts.record("a", "ENROUTE", now)  # late word from on the way
    assert Part.objects.get(message_id="a").receipt == "DELIVRD"


@pytest.mark.usefixtures("two_channels")
def test_what_the_network_could_not_deliver_is_called(bench: Bench, cast: Cast) -> None:
    bench.alarm(cast.tb)
    planned(bench.now)
    Notice.objects.filter(person=cast.bolat).delete()
    delivery.deliver_due(bench.now, {"smpp": Gateway()})
    receipts.record(Part.objects.get().message_id, "UNDELIV", bench.now)
    assert Notice.objects.get(reason="first_notice").state == "failed"
    assert Notice.objects.get(reason="channel_failed").template == "owner_alarm_heat_voice"


def test_receipts_of_parts_that_never_come_are_forgotten(db: None, now: datetime) -> None:
    receipts.record("nobody's", "DELIVRD", now)
    receipts.record("other", "DELIVRD", now + timedelta(days=8))
    assert list(EarlyReceipt.objects.values_list("message_id", flat=True)) == ["other"]


def test_that_we_are_blind_is_said_without_a_write(cast: Cast, now: datetime) -> None:
    gateway = Gateway([None, never()])
    with CaptureQueriesContext(connection) as queries:
        failures = blindness.blind(blindness.messages(now), channels(gateway))
    assert all(query["sql"].startswith("SELECT") for query in queries)
    assert {outgoing.to for outgoing in gateway.handed} == {
        person.phone for person in (cast.bolat, cast.chen, cast.sayan, cast.dana)
    }
    bolat = next(outgoing for outgoing in gateway.handed if outgoing.to == cast.bolat.phone)
    assert bolat.text.startswith("【禾木消防站】系统报警:硬盘已满")
    assert len(failures) == 1


def test_a_line_that_is_down_for_a_minute_is_a_system_case_until_it_is_back(
    cast: Cast, now: datetime
) -> None:
    gateway = Gateway(deaf=59.0)
    assert watching.watch(channels(gateway), now) == []
    gateway.deaf = 60.0
    assert watching.watch(channels(gateway), now) == ["console"]
    watching.watch(channels(gateway), now)
    case = Case.objects.get(family="system")
    assert case.troubles == ["sms line", "voice line"]
    gateway.deaf = 0.0
    watching.watch(channels(gateway), now)
    case.refresh_from_db()
    assert case.troubles == []


def test_a_bug_of_a_channel_is_not_taken_for_the_world(owners: Notice, now: datetime) -> None:
    class Broken(Gateway):
        def send(self, outgoing: Outgoing) -> Sent:
            raise ZeroDivisionError(outgoing.to)

    with pytest.raises(ZeroDivisionError):
        deliver(now, Broken())
    assert not isinstance(ZeroDivisionError(), DeliveryError)
    assert len(deliver(now + timedelta(seconds=delivery.TRY_S)).handed) == 1
