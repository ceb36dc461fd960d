"""From an alarm to a real SMS centre and back: submitted, its receipts on the case, and a reply that takes it."""

import queue
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest
from django.conf import settings

from flameblue.config import Messages, Smpp
from flameblue.domain.clock import SystemClock
from flameblue.notices import delivery, receipts, replies
from flameblue.notices.channel import Ears
from flameblue.notices.channels.smpp.line import SmppLine
from flameblue.notices.models import Notice
from tests.cases.bench import Bench
from tests.cast import Cast
from tests.live.installation import HOST
from tests.live.smsc import SmsCentre
from tests.notices.conftest import bench as bench  # the same bench as the notices' own tests
from tests.notices.post import lines, planned

pytestmark = [pytest.mark.live, pytest.mark.django_db]


@dataclass
class Post:
    """The line to the centre; what comes back waits in `heard` until the test listens."""

    line: SmppLine
    heard: "queue.Queue[Callable[[], object]]"

    def listen(self, times: int) -> None:
        for _ in range(times):
            self.heard.get(timeout=10)()

    def deliver(self, bench: Bench) -> None:
        delivery.deliver_due(bench.now, {"smpp": self.line})


@pytest.fixture
def post(centre: SmsCentre, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    heard: queue.Queue[Callable[[], object]] = queue.Queue()
    ears = Ears(
        receipt=lambda one, state: heard.put(lambda: receipts.record(one, state, bench.now)),
        inbound=lambda sender, text: heard.put(lambda: replies.receive("smpp", sender, text, bench.now)),
    )
    smpp = Smpp(host=HOST, port=centre.port, system_id="f", password="s", source="106900")
    configured = replace(
        settings.CONFIG, smpp=smpp, messages=Messages(sms_channel="smpp", voice_channel="smpp")
    )
    monkeypatch.setattr(settings, "CONFIG", configured)
    line = SmppLine(smpp, ears, SystemClock())
    yield Post(line, heard)
    line.close()


def test_an_alarm_is_submitted_received_and_taken_by_reply(
    bench: Bench, cast: Cast, centre: SmsCentre, post: Post
) -> None:
    bench.read(cast.ib, 38.0)
    bench.alarm(cast.tb)
    planned(bench.now)
    post.deliver(bench)
    owner, officer = centre.messages(cast.ailin.phone)[0], centre.messages(cast.bolat.phone)[0]
    assert "松林客栈203房暖气接头82度" in owner.text
    assert (len(owner.parts), len(officer.parts)) == (1, 2)
    assert Notice.objects.filter(state="sent").count() == 2
    post.listen(3)
    assert Notice.objects.filter(state="delivered").count() == 2
    assert receipts.owner_has_it(bench.case().pk)
    centre.says(cast.bolat.phone, "1")
    post.listen(1)
    assert bench.case().taken_by == cast.bolat
    post.deliver(bench)
    assert centre.messages(cast.bolat.phone)[-1].text == "【禾木消防站】已接4001号:松林客栈203房暖气。"


def test_a_throttled_message_goes_at_the_next_try(
    bench: Bench, cast: Cast, centre: SmsCentre, post: Post
) -> None:
    centre.throttled = 1
    bench.alarm(cast.tb)
    (owner, *_) = planned(bench.now)
    post.deliver(bench)
    owner.refresh_from_db()
    assert (owner.state, owner.attempt_count) == ("planned", 1)
    bench.wait(5)
    post.deliver(bench)
    owner.refresh_from_db()
    assert owner.state == "sent"
    assert [attempt.outcome for attempt in owner.attempts.order_by("pk")] == ["failed", "accepted"]


def test_a_number_that_does_not_exist_is_seen_on_the_case(
    bench: Bench, cast: Cast, centre: SmsCentre, post: Post
) -> None:
    centre.refused.add(cast.ailin.phone)
    bench.alarm(cast.tb)
    planned(bench.now)
    post.deliver(bench)
    failed = Notice.objects.filter(state="failed")
    assert lines(list(failed)) == ["Ailin owner_alarm_heat first_notice"]
    assert "发给Ailin的短信没送到" in bench.last("commented").data["text"]


def test_what_the_network_loses_is_no_receipt_for_the_ladder(
    bench: Bench, cast: Cast, centre: SmsCentre, post: Post
) -> None:
    centre.receipt = "UNDELIV"
    bench.alarm(cast.tb)
    planned(bench.now)
    post.deliver(bench)
    post.listen(2)
    assert not receipts.owner_has_it(bench.case().pk)
    assert Notice.objects.filter(state="failed").count() >= 1
