"""The notices of a case page agree with its standard clock: what went is followed, what won't go says why."""

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.utils.timezone import localtime

from flameblue.cases.models import CaseEvent
from flameblue.config import Config
from flameblue.domain.clock import ManualClock
from flameblue.domain.transitions import Level
from flameblue.notices import delivery
from flameblue.notices.models import Attempt, Notice, Part
from flameblue.people.models import Person
from flameblue.web import clock_facts
from tests.cases.bench import Bench, give_row
from tests.web.readers import Reader, text_of

PAGE = "/cases/4001/"


@pytest.fixture(autouse=True)
def alarmed(bench: Bench) -> None:
    give_row(bench.cast.tb)
    bench.alarm(bench.cast.tb, Level.WARNING, 62.0)


def tell(bench: Bench, person: Person, state: str = "planned", **more: object) -> Notice:
    """A message of the opening to `person`, sent (and received) as it is made."""
    fields: dict[str, object] = {
        "event": CaseEvent.objects.get(kind="opened"),
        "case": bench.case(),
        "person": person,
        "channel": "smpp",
        "template": f"t{Notice.objects.count()}",
        "reason": "first_notice",
        "state": state,
        "created_at": bench.now,
        "due_at": bench.now,
    }
    if state in {"sent", "delivered"}:
        fields["sent_at"] = bench.now
    notice = Notice.objects.create(**{**fields, **more})
    if state in {"sent", "delivered"}:
        attempt = Attempt.objects.create(notice=notice, at=bench.now, ended_at=bench.now, outcome="accepted")
        Part.objects.create(attempt=attempt, sequence=1, message_id=f"m{notice.pk}")
        if state == "delivered":
            attempt.parts.update(receipt="DELIVRD", receipt_at=bench.now + timedelta(seconds=3))
    return notice


def held(bench: Bench) -> Notice:
    """The owner's copy that waits for the morning."""
    return tell(bench, bench.cast.ailin, due_at=bench.now + timedelta(hours=4))


def followed(bench: Bench) -> Notice | None:
    clock = clock_facts.of(bench.case())
    assert clock is not None
    return clock.notice


def notices(html: str) -> str:
    return text_of(html[html.index("<h2>Notices") : html.index("<h2>Time line")])


def test_the_clock_follows_what_arrived_and_not_the_copy_that_waits(bench: Bench, bolat: Reader) -> None:
    waits = held(bench)
    assert followed(bench) == waits
    bench.wait(1)
    unanswered = tell(bench, bench.cast.chen, "sent")
    assert followed(bench) == unanswered
    bench.wait(1)
    arrived = tell(bench, bench.cast.bolat, "delivered")
    assert followed(bench) == arrived
    page = bolat.sees(PAGE)
    assert "Receipt from the phone 03:07:05 3.0" in page
    assert "The message: to Bolat, SMS." in page


def test_the_first_round_goes_before_a_later_one(bench: Bench) -> None:
    first = tell(bench, bench.cast.bolat, "sent")
    bench.wait(60)
    bench.alarm(bench.cast.tb, Level.ALARM, 82.0)
    raised = CaseEvent.objects.get(kind="raised")
    later = tell(bench, bench.cast.ailin, "delivered", event=raised, reason="level_raised")
    assert followed(bench) == first
    Notice.objects.filter(pk=first.pk).update(state="cancelled")
    assert followed(bench) == later


def test_what_the_second_channel_carried_is_counted_from_the_first_plan(bench: Bench) -> None:
    first = tell(bench, bench.cast.ailin, "failed")
    bench.wait(30)
    second = tell(bench, bench.cast.ailin, "delivered", instead_of=first, channel="http_sms")
    clock = clock_facts.of(bench.case())
    assert clock is not None
    assert (clock.notice, clock.failed) == (second, False)
    assert clock.lines[3].used_s == 30.0


def test_a_copy_that_something_newer_made_needless_says_so_as_delivery_will(
    bench: Bench, bolat: Reader
) -> None:
    copy = held(bench)
    assert "waits first notice · 03:07:00 · due 01-15 07:07:00" in notices(bolat.html(PAGE))
    bench.wait(60)
    tell(bench, bench.cast.ailin, "delivered", reason="not_acknowledged")
    said = notices(bolat.html(PAGE))
    why = "Something newer has been told of the case."
    assert f"superseded, will not be sent ({why})" in said
    assert "due 01-15 07:07:00" not in said
    delivery.claim(copy.due_at, 10)
    copy.refresh_from_db()
    assert (copy.state, copy.detail) == ("cancelled", why)


def test_a_clock_whose_only_message_will_not_go_follows_none(bench: Bench) -> None:
    held(bench)
    case = bench.case()
    case.state, case.closed_at = "closed", bench.now
    case.save()
    assert followed(bench) is None


def test_a_try_waits_for_its_answer_before_it_has_none(
    bench: Bench, bolat: Reader, clock: ManualClock
) -> None:
    notice = tell(bench, bench.cast.ailin)
    attempt = Attempt.objects.create(notice=notice, at=bench.now)
    until = localtime(bench.now + timedelta(seconds=delivery.TRY_S))
    said = f"sent, waiting for the answer until {until:%H:%M:%S}"
    assert said in bolat.sees(PAGE)
    clock.advance(delivery.TRY_S)
    page = bolat.sees(PAGE)
    assert said not in page
    assert "tried, no answer" in page
    Attempt.objects.filter(pk=attempt.pk).update(at=bench.now + timedelta(seconds=29), ended_at=bench.now)
    assert "tried, no answer" in bolat.sees(PAGE)


@pytest.mark.parametrize("state", ["sent", "delivered"])
def test_without_a_gateway_a_message_is_only_written_down(
    bolat: Reader, bench: Bench, settings: LazySettings, state: str
) -> None:
    tell(bench, bench.cast.ailin, state=state, channel="console", detail="DELIVRD")
    here, demo = "no SMS gateway: reaches nobody · only written down", "SMS (demo phone)"
    page = bolat.sees(PAGE)
    assert here in page
    assert demo not in page
    settings.CONFIG = Config(data=settings.CONFIG.data, demo=True)
    page = bolat.sees(PAGE)
    assert here not in page
    assert demo in page
