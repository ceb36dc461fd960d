"""What went by the second channel, and to the group, is seen: on the case, on the phones, in the day's counts."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.conf import LazySettings

from flameblue.config import Messages
from flameblue.notices import counting, delivery
from flameblue.notices.channel import Channel
from flameblue.notices.models import Notice
from tests.cases.bench import Bench
from tests.cast import Cast
from tests.notices.post import Gateway, never, planned
from tests.web.readers import Reader


@pytest.fixture
def told(bench: Bench, cast: Cast, bolat: Reader, settings: LazySettings) -> Reader:
    """An alarm whose SMS to the owner went by the second channel; the group was told too."""
    named = Messages("smpp", "voice", sms_second_channel="console", group_channel="feishu")
    settings.CONFIG = replace(settings.CONFIG, messages=named, demo=True)
    bench.alarm(cast.tb)
    planned(bench.now)
    Notice.objects.filter(person=cast.bolat).delete()
    channels: dict[str, Channel] = {
        "smpp": Gateway([never()]),
        "console": Gateway(),
        "feishu": Gateway(),
    }
    for _ in range(2):
        delivery.deliver_due(bench.now, channels)
    return bolat


def test_the_case_says_that_and_why_it_went_by_the_second_channel(told: Reader) -> None:
    page = told.sees("/cases/4001/")
    assert "Ailin SMS (demo phone) · sent, no receipt yet by the second channel: the first one failed" in page
    assert "发给Ailin的消息改走第二通道:第一通道没发出去" in page


def test_the_case_shows_what_the_group_was_told(told: Reader) -> None:
    assert "The station's group Feishu group · sent, no receipt yet news for the group" in told.sees(
        "/cases/4001/"
    )


def test_the_phones_show_it_too(told: Reader) -> None:
    page = told.sees("/phone/")
    assert "03:07:00 · by the second channel: the first one failed · 64 units, 1 part" in page


def test_the_demos_group_is_a_phone_without_a_number_to_answer_from(
    bench: Bench, cast: Cast, bolat: Reader, settings: LazySettings
) -> None:
    settings.CONFIG = replace(settings.CONFIG, messages=Messages(group_channel="console"), demo=True)
    bench.alarm(cast.tb)
    planned(bench.now)
    delivery.deliver_due(bench.now, {"console": Gateway()})
    page = bolat.html("/phone/")
    assert "The station&#x27;s group" in page
    assert '<option value="">' not in page


def test_the_health_page_counts_a_days_messages_by_channel(told: Reader) -> None:
    page = told.sees("/health/")
    assert "Channel Accepted Delivered Failed Waiting Taken over from the first channel" in page
    assert "SMS (demo phone) 1 0 0 0 1" in page
    assert "Feishu group 1 0 0 0 0" in page
    assert "SMS 0 0 1 0 0" in page
    assert "may have gone twice" not in page


def test_a_message_that_may_have_gone_twice_is_told(told: Reader, bench: Bench) -> None:
    notice = Notice.objects.get(channel="console")
    notice.attempts.update(outcome="", ended_at=bench.now)
    assert "1 message may have gone twice: no answer was recorded." in told.sees("/health/")


def test_the_cores_counters_are_the_same_and_of_one_day(told: Reader, bench: Bench) -> None:
    assert counting.counters(bench.now) == {
        "notices_perhaps_repeated": 0,
        **{f"notices_console_{what}": 0 for what in ("delivered", "failed", "waiting")},
        **{f"notices_feishu_{what}": 0 for what in ("delivered", "failed", "waiting", "taken_over")},
        **{f"notices_smpp_{what}": 0 for what in ("sent", "delivered", "waiting", "taken_over")},
        "notices_console_sent": 1,
        "notices_console_taken_over": 1,
        "notices_feishu_sent": 1,
        "notices_smpp_failed": 1,
    }
    assert counting.counters(bench.now + timedelta(hours=24)) == {"notices_perhaps_repeated": 0}
