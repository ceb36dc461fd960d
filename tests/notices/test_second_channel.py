"""A message whose first channel fails, is deaf or stays silent goes by the second: once, with its reason, no loop."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from django.conf import settings

from flameblue.cases import actions as cases
from flameblue.cases.models import Case, CaseEvent
from flameblue.config import HttpSms, Messages
from flameblue.domain.limits import NOTICES_PER_PERSON_PER_10_MIN
from flameblue.notices import blindness, counting, delivery, receipts, silence, watching
from flameblue.notices.channel import Channel
from flameblue.notices.models import Notice, Part
from tests.cases.bench import Bench, another_cabin
from tests.cast import Cast
from tests.notices.post import Gateway, busy, never, planned

pytestmark = pytest.mark.django_db
SILENT_S = silence.SILENT_AFTER.total_seconds()


@dataclass
class Post:
    """Three channels: `smpp`, then `other` for SMS; `voice` for calls."""

    first: Gateway = field(default_factory=Gateway)
    second: Gateway = field(default_factory=Gateway)
    voice: Gateway = field(default_factory=Gateway)

    def deliver(self, now: datetime) -> None:
        for _ in range(4):
            delivery.deliver_due(now, self.channels)

    @property
    def channels(self) -> dict[str, Channel]:
        return {"smpp": self.first, "other": self.second, "voice": self.voice}

    def handed(self) -> tuple[int, int, int]:
        return len(self.first.handed), len(self.second.handed), len(self.voice.handed)


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Post:
    named = Messages(sms_channel="smpp", voice_channel="voice", sms_second_channel="other")
    monkeypatch.setattr(settings, "CONFIG", replace(settings.CONFIG, messages=named))
    return Post()


@pytest.fixture
def owners(bench: Bench, cast: Cast, post: Post) -> Notice:
    """The owner's message of an alarm; nothing else waits."""
    bench.alarm(cast.tb)
    owner, officer = planned(bench.now)
    Notice.objects.filter(pk=officer.pk).delete()
    return owner


def states() -> list[tuple[str, str, str]]:
    rows = Notice.objects.order_by("pk").values_list("channel", "state", "instead_because")
    return [tuple(row) for row in rows]


def told_to_the_desk() -> list[str]:
    return [event.data["text"] for event in CaseEvent.objects.filter(kind="commented").order_by("number")]


def has_given_receipts(now: datetime, cast: Cast) -> None:
    """Yesterday a message by `smpp` had its receipt."""
    sent = now - timedelta(days=1)
    made = {"created_at": sent, "due_at": sent, "sent_at": sent, "state": "delivered"}
    Notice.objects.create(person=cast.chen, to=cast.chen.phone, channel="smpp", language="zh-hans", **made)


def test_what_is_refused_for_good_goes_by_the_second_channel_word_for_word(
    owners: Notice, post: Post, now: datetime
) -> None:
    post.first.answers = [never()]
    post.deliver(now)
    (same,) = post.second.handed
    assert (same.to, same.text) == (owners.to, owners.text)
    assert states() == [("smpp", "failed", ""), ("other", "sent", "first_failed")]
    copy = Notice.objects.get(channel="other")
    assert (copy.reason, copy.template, copy.instead_of) == (owners.reason, owners.template, owners)
    assert post.handed() == (1, 1, 0)
    assert told_to_the_desk() == ["发给Ailin的消息改走第二通道:第一通道没发出去"]


@pytest.fixture
def by_templates(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second channel takes approved templates alone, and hears no answers."""
    named = Messages(sms_channel="smpp", voice_channel="voice", sms_second_channel="http_sms")
    provider = HttpSms(provider="aliyun", key_id="k", secret="s", sign_name="火焰蓝")
    monkeypatch.setattr(settings, "CONFIG", replace(settings.CONFIG, messages=named, http_sms=provider))


def test_a_second_channel_of_approved_templates_says_it_in_their_words(
    owners: Notice, post: Post, by_templates: None, now: datetime
) -> None:
    post.first.answers = [never()]
    for _ in range(4):
        delivery.deliver_due(now, {"smpp": post.first, "http_sms": post.second})
    (same,) = post.second.handed
    assert owners.carried == {}
    assert same.carried is not None
    assert same.carried.form.startswith("owner_")
    assert same.text.startswith("【火焰蓝】")
    assert all(value in same.text for _, value in same.carried.variables)
    assert "回1" in owners.text
    assert "回1" not in same.text
    copy = Notice.objects.get(channel="http_sms")
    assert (copy.state, copy.instead_of, copy.person) == ("sent", owners, owners.person)


def test_that_we_are_blind_is_said_to_it_in_their_words_too(
    cast: Cast, post: Post, by_templates: None, now: datetime
) -> None:
    post.first.answers = [busy() for _ in range(9)]
    assert blindness.blind(blindness.messages(now), {"smpp": post.first, "http_sms": post.second}) == []
    assert post.second.handed
    assert all(outgoing.carried is not None for outgoing in post.second.handed)
    assert all(outgoing.carried is None for outgoing in post.first.handed)


def test_a_busy_channel_is_asked_three_times_and_spared_once_the_second_has_it(
    owners: Notice, post: Post, now: datetime
) -> None:
    post.first.answers = [busy() for _ in range(9)]
    for after_s in (0, 5, 19):
        post.deliver(now + timedelta(seconds=after_s))
    assert post.handed() == (2, 0, 0)
    post.deliver(now + timedelta(seconds=20))
    assert post.handed() == (3, 1, 0)
    owners.refresh_from_db()
    assert (owners.state, owners.detail) == ("cancelled", "The second channel has taken it.")
    assert Case.objects.get(family="system").troubles == ["first sms"]
    post.deliver(now + timedelta(hours=1))
    assert post.handed() == (3, 1, 0)


def test_a_deaf_line_is_not_asked_three_times(owners: Notice, post: Post, now: datetime) -> None:
    post.first.answers, post.first.deaf = [busy(), busy()], delivery.DEAF_S
    post.deliver(now)
    assert post.handed() == (1, 1, 0)
    assert states()[-1] == ("other", "sent", "first_deaf")
    assert not Case.objects.filter(
        family="system"
    ).exists()  # that the line is down is watched, and told, apart


def test_a_line_that_only_blinks_is_asked_again(owners: Notice, post: Post, now: datetime) -> None:
    post.first.answers, post.first.deaf = [busy()], delivery.DEAF_S - 0.1
    post.deliver(now)
    post.deliver(now + timedelta(seconds=5))
    assert post.handed() == (2, 0, 0)


def test_a_first_channel_that_is_back_in_time_spares_the_second(
    owners: Notice, post: Post, now: datetime
) -> None:
    post.first.answers, post.first.deaf = [busy()], 60.0
    for outgoing in delivery.claim(now, 10):
        delivery.settle(outgoing, delivery.hand_over(outgoing, post.channels), now)
    delivery.hurry("smpp", now)
    first = next(one for one in delivery.claim(now, 1))
    delivery.settle(first, delivery.hand_over(first, post.channels), now)
    post.deliver(now)
    assert post.handed() == (2, 0, 0)
    copy = Notice.objects.get(channel="other")
    assert (copy.state, copy.detail) == ("cancelled", "The first channel has taken it after all.")


def test_when_both_fail_it_is_called(owners: Notice, post: Post, now: datetime) -> None:
    post.first.answers, post.second.answers = [never()], [never()]
    post.deliver(now)
    assert post.handed() == (1, 1, 1)
    assert Notice.objects.get(channel="voice").reason == "channel_failed"


def test_when_every_way_fails_the_desk_is_told_once_and_nothing_begins_anew(
    owners: Notice, post: Post, now: datetime
) -> None:
    for gateway in (post.first, post.second, post.voice):
        gateway.answers = [never() for _ in range(9)]
    for minute in range(30):
        post.deliver(now + timedelta(minutes=minute))
    assert post.handed() == (1, 1, 1)
    assert told_to_the_desk()[-1] == "打给Ailin的电话没打通:There is no such number."
    assert len(told_to_the_desk()) == 2


def test_that_the_first_channel_fails_is_a_system_case_until_it_carries_again(
    owners: Notice, post: Post, now: datetime
) -> None:
    post.first.answers = [busy() for _ in range(3)]
    for after_s in (0, 5, 20):
        post.deliver(now + timedelta(seconds=after_s))
    planned(now)
    system = Case.objects.get(family="system")
    assert system.troubles == ["first sms"]
    told = Notice.objects.filter(case=system).exclude(text="")[0]
    assert "第一通道不通,走第二通道" in told.text
    post.deliver(now + timedelta(seconds=21))
    system.refresh_from_db()
    assert system.troubles == []


def test_what_is_not_urgent_goes_by_the_second_channel_and_is_not_called(
    bench: Bench, cast: Cast, post: Post
) -> None:
    bench.silent(cast.tb)
    bench.wait(60)
    bench.escalate()
    bench.pass_time(8 * 3600, every_s=600)
    post.first.answers = [never() for _ in range(9)]
    post.second.answers = [never() for _ in range(9)]
    planned(bench.now)
    post.deliver(bench.now)
    assert post.handed() == (1, 1, 0)
    assert told_to_the_desk()[-1] == "发给Bolat的短信没送到:There is no such number."


def test_the_desk_is_told_when_the_first_gives_up_too_not_before(
    owners: Notice, post: Post, now: datetime
) -> None:
    Notice.objects.filter(pk=owners.pk).update(template="owner_closed_plain")  # nothing that is called
    post.first.answers = [busy() for _ in range(50)]
    post.second.answers = [never()]
    for after_s in (0, 5, 20):
        post.deliver(now + timedelta(seconds=after_s))
    assert len(told_to_the_desk()) == 1
    for minute in range(1, 60):
        post.deliver(now + timedelta(minutes=minute))
    assert told_to_the_desk()[1:] == ["发给Ailin的短信没送到:The gateway is busy."]


def test_what_has_no_receipt_within_the_bound_is_said_again_once(
    owners: Notice, cast: Cast, post: Post, now: datetime
) -> None:
    has_given_receipts(now, cast)
    post.deliver(now)
    post.deliver(now + timedelta(seconds=SILENT_S - 1))
    assert post.handed() == (1, 0, 0)
    post.deliver(now + timedelta(seconds=SILENT_S))
    post.deliver(now + timedelta(seconds=SILENT_S + 300))
    assert post.handed() == (1, 1, 0)
    copy = Notice.objects.get(channel="other")
    assert (copy.instead_because, copy.text) == ("first_silent", owners.text)
    assert told_to_the_desk() == ["发给Ailin的消息改走第二通道:第一通道一分钟没有回执"]


def test_a_receipt_within_the_bound_is_all_that_is_asked_for(
    owners: Notice, cast: Cast, post: Post, now: datetime
) -> None:
    has_given_receipts(now, cast)
    post.deliver(now)
    receipts.record(Part.objects.get().message_id, "DELIVRD", now)
    post.deliver(now + timedelta(seconds=SILENT_S))
    assert post.handed() == (1, 0, 0)


def test_a_receipt_that_comes_late_spares_a_second_message_that_has_not_left(
    owners: Notice, cast: Cast, post: Post, now: datetime
) -> None:
    has_given_receipts(now, cast)
    post.deliver(now)
    later = now + timedelta(seconds=SILENT_S)
    assert silence.take_over(later) == 1
    receipts.record(Part.objects.get().message_id, "DELIVRD", later)
    post.deliver(later)
    assert post.handed() == (1, 0, 0)


def test_a_channel_that_never_gave_a_receipt_is_not_called_silent(
    owners: Notice, post: Post, now: datetime
) -> None:
    post.deliver(now)
    post.deliver(now + timedelta(seconds=SILENT_S))
    assert post.handed() == (1, 0, 0)


def test_a_confirmation_is_not_said_twice_for_want_of_a_receipt(
    owners: Notice, cast: Cast, post: Post, now: datetime
) -> None:
    has_given_receipts(now, cast)
    Notice.objects.filter(pk=owners.pk).update(template="owner_made_safe")
    post.deliver(now)
    post.deliver(now + timedelta(seconds=SILENT_S))
    assert post.handed() == (1, 0, 0)


def test_what_was_sent_long_ago_is_old_news(owners: Notice, cast: Cast, post: Post, now: datetime) -> None:
    has_given_receipts(now, cast)
    post.deliver(now)
    post.deliver(now + silence.OLD_AFTER)
    assert post.handed() == (1, 0, 0)


def test_the_network_word_that_it_is_lost_takes_the_second_channel(
    owners: Notice, post: Post, now: datetime
) -> None:
    post.deliver(now)
    receipts.record(Part.objects.get().message_id, "UNDELIV", now)
    post.deliver(now)
    assert post.handed() == (1, 1, 0)


def test_a_crash_before_the_record_of_a_failure_plans_one_second_way(
    owners: Notice, post: Post, now: datetime
) -> None:
    post.first.answers = [never(), never()]
    (outgoing,) = delivery.claim(now, 10)
    delivery.hand_over(outgoing, post.channels)  # and the process ends before settling
    assert delivery.resume(now) == 1
    post.deliver(now)
    post.deliver(now + timedelta(minutes=5))
    assert post.handed() == (2, 1, 0)


def test_a_crash_between_the_second_channel_and_its_record_repeats_once_and_is_counted(
    owners: Notice, post: Post, now: datetime
) -> None:
    post.first.answers = [never()]
    delivery.deliver_due(now, post.channels)
    (outgoing,) = delivery.claim(now, 10)
    delivery.hand_over(outgoing, post.channels)  # and the process ends before settling
    assert delivery.claim(now, 10) == []  # the claim moved its due time first: no loop
    assert delivery.resume(now) == 1
    post.deliver(now)
    post.deliver(now + timedelta(hours=1))
    assert post.handed() == (1, 2, 0)
    assert counting.perhaps_repeated(now - counting.OVER) == 1


def test_a_crash_while_silence_is_noticed_is_noticed_again_and_planned_once(
    owners: Notice, cast: Cast, post: Post, now: datetime
) -> None:
    has_given_receipts(now, cast)
    post.deliver(now)
    later = now + timedelta(seconds=SILENT_S)
    assert silence.take_over(later) == 1  # and the process ends before anything is claimed
    delivery.resume(later)
    assert silence.take_over(later) == 0
    post.deliver(later)
    assert post.handed() == (1, 1, 0)


def test_a_call_that_somebody_made_needless_does_not_go_by_the_second_channel(
    bench: Bench, cast: Cast, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = Messages(sms_channel="smpp", voice_channel="voice", voice_second_channel="other")
    monkeypatch.setattr(settings, "CONFIG", replace(settings.CONFIG, messages=both))
    bench.alarm(cast.tb)
    bench.pass_time(60)
    planned(bench.now)
    Notice.objects.exclude(reason="not_acknowledged").delete()
    (outgoing,) = delivery.claim(bench.now, 10)
    bench.wait(5)
    cases.take(bench.case().pk, cast.chen, bench.now)
    bench.wait(5)
    delivery.settle(outgoing, never(), bench.now)
    copy = Notice.objects.get(channel="other")
    post.deliver(bench.now)
    copy.refresh_from_db()
    assert (copy.state, copy.detail) == ("cancelled", "The case is taken.")
    assert post.second.handed == []


def test_a_persons_bound_holds_on_the_second_channel_and_nothing_is_dropped(
    bench: Bench, cast: Cast, post: Post
) -> None:
    bound = NOTICES_PER_PERSON_PER_10_MIN
    for number in range(bound + 5):
        _, point = another_cabin(cast, f"{number}号屋")
        bench.alarm(point, value=260.0)
    planned(bench.now)
    Notice.objects.exclude(person=cast.bolat).delete()
    post.first.answers = [never() for _ in range(200)]
    for second in range(0, 400, 20):
        post.deliver(bench.now + timedelta(seconds=second))
    texts = [outgoing.text for outgoing in post.second.handed]
    assert len(texts) == bound + 1  # the summary that the first could not send either, word for word
    assert texts[-1].startswith("【禾木消防站】汇总:另有5条消息没有逐条发")
    assert not Notice.objects.filter(state="planned").exists()


def test_without_a_second_channel_everything_is_as_before(
    owners: Notice, post: Post, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Messages(sms_channel="smpp", voice_channel="voice")
    monkeypatch.setattr(settings, "CONFIG", replace(settings.CONFIG, messages=one))
    post.first.answers = [never()]
    post.deliver(now)
    assert post.handed() == (1, 0, 1)


def test_a_second_channel_that_is_the_first_is_none(
    owners: Notice, post: Post, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    same = Messages(sms_channel="smpp", voice_channel="voice", sms_second_channel="smpp")
    monkeypatch.setattr(settings, "CONFIG", replace(settings.CONFIG, messages=same))
    post.first.answers = [never()]
    post.deliver(now)
    assert post.handed() == (1, 0, 1)


def test_that_we_are_blind_goes_by_the_second_channel_too(cast: Cast, post: Post, now: datetime) -> None:
    post.first.answers = [busy() for _ in range(9)]
    told = blindness.messages(now)
    assert blindness.blind(told, post.channels) == []
    assert {outgoing.to for outgoing in post.second.handed} == {ways[0].to for ways in told}


def test_a_stand_by_line_that_is_down_is_a_system_case_before_it_is_needed(
    cast: Cast, post: Post, now: datetime
) -> None:
    post.second.deaf = watching.DEAF_AFTER_S
    watching.watch(post.channels, now)
    case = Case.objects.get(family="system")
    assert case.troubles == ["second sms line"]
    post.second.deaf = 0.0
    watching.watch(post.channels, now)
    case.refresh_from_db()
    assert case.troubles == []


def test_the_sign_of_life_has_a_second_way_though_it_belongs_to_no_case(post: Post, now: datetime) -> None:
    made = {"created_at": now, "due_at": now, "reason": "alive", "template": "alive", "language": "zh-hans"}
    Notice.objects.create(to="+8613900000009", channel="smpp", text="平安", **made)
    post.first.answers = [never()]
    post.deliver(now)
    assert [outgoing.to for outgoing in post.second.handed] == ["+8613900000009"]
