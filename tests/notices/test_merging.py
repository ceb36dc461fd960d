"""A person gets a bounded number of messages; what exceeds it is said in a summary and nothing is dropped."""

from datetime import timedelta

import pytest

from flameblue.domain.limits import NOTICES_PER_PERSON_PER_10_MIN
from flameblue.notices import replies
from flameblue.notices.models import Notice
from flameblue.notices.texts import lengths
from tests.cases.bench import Bench, another_cabin
from tests.cast import Cast
from tests.notices.post import Gateway, deliver, planned

pytestmark = pytest.mark.django_db
BOUND = NOTICES_PER_PERSON_PER_10_MIN


def storm(bench: Bench, cast: Cast, cabins: int) -> None:
    """So many cabins alarm at once."""
    for number in range(cabins):
        _, point = another_cabin(cast, f"{number}号屋")
        bench.alarm(point, value=260.0)
    planned(bench.now)


def test_what_exceeds_the_bound_is_merged_into_one_summary(bench: Bench, cast: Cast) -> None:
    storm(bench, cast, BOUND + 5)
    gateway = deliver(bench.now)
    assert len(gateway.handed) == BOUND
    merged = Notice.objects.filter(state="merged")
    assert merged.count() == 5
    summary = Notice.objects.get(reason="merged")
    assert {notice.merged_into_id for notice in merged} == {summary.pk}
    assert summary.text == (
        "【禾木消防站】汇总:另有5条消息没有逐条发,涉及4025、4024、4023等。请看值班屏。接警回1加单号"
    )
    assert lengths.units(summary.text) <= 134
    assert deliver(bench.now + timedelta(seconds=59), gateway).handed == gateway.handed[:BOUND]
    deliver(bench.now + timedelta(seconds=60), gateway)
    assert gateway.handed[-1].text == summary.text


def test_a_second_summary_waits_five_minutes(bench: Bench, cast: Cast) -> None:
    storm(bench, cast, BOUND + 1)
    gateway = deliver(bench.now)
    first = Notice.objects.get(reason="merged")
    deliver(first.due_at, gateway)
    bench.wait(90)
    _, point = another_cabin(cast, "最后的屋")
    bench.alarm(point, value=260.0)
    planned(bench.now)
    deliver(bench.now, gateway)
    second = Notice.objects.filter(reason="merged").order_by("-pk")[0]
    assert second.pk != first.pk
    assert (second.due_at - first.created_at).total_seconds() == 300


def test_the_bound_is_a_persons_own_and_moves_with_time(bench: Bench, cast: Cast) -> None:
    storm(bench, cast, BOUND)
    gateway = deliver(bench.now)
    bench.alarm(cast.tb)
    planned(bench.now)
    deliver(bench.now, gateway)
    assert gateway.handed[-1].to == cast.ailin.phone  # hers goes, Bolat's is merged
    bench.wait(601)
    bench.alarm(cast.ir, value=380.0)
    planned(bench.now)
    deliver(bench.now, gateway)
    assert {outgoing.to for outgoing in gateway.handed[-2:]} == {cast.ailin.phone, cast.bolat.phone}


def test_every_notice_ends_and_says_how(bench: Bench, cast: Cast) -> None:
    storm(bench, cast, BOUND + 5)
    gateway = Gateway()
    for minute in range(3):
        deliver(bench.now + timedelta(minutes=minute), gateway)
    assert not Notice.objects.filter(state="planned").exists()
    assert not Notice.objects.filter(state="merged", detail="").exists()
    said = Notice.objects.filter(state="sent").count() + Notice.objects.filter(state="merged").count()
    assert said == BOUND + 5 + 1


def test_talk_takes_no_room_from_what_tells_of_danger(bench: Bench, cast: Cast) -> None:
    """An owner who cries for help again and again, or a phone that answers by itself, hides no alarm."""
    bench.alarm(cast.tb)
    planned(bench.now)
    gateway = deliver(bench.now)
    for _ in range(2 * BOUND):
        bench.wait(1)
        replies.receive("console", cast.bolat.phone, "what", bench.now)
        deliver(bench.now, gateway)
    assert Notice.objects.filter(state="merged").exists()
    _, point = another_cabin(cast, "最后的屋")
    bench.alarm(point, value=260.0)
    planned(bench.now)
    deliver(bench.now, gateway)
    assert any(one.to == cast.bolat.phone and "最后的屋" in one.text for one in gateway.handed)


def test_a_summary_of_one_message_is_that_message(bench: Bench, cast: Cast) -> None:
    storm(bench, cast, BOUND + 1)
    deliver(bench.now)
    merged = Notice.objects.get(state="merged")
    assert merged.text
    assert Notice.objects.get(reason="merged").text == merged.text
