"""The second channel takes over while write number 1 fails, then number 2, … until there are no more writes.

After any one, and the new start that follows: the message has left by the second channel, from one row; it left twice
only where the failed write stood between its sending and its record, which is counted.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.db import DatabaseError

from flameblue.cases.models import CaseEvent
from flameblue.config import Messages
from flameblue.notices import counting, delivery, silence
from flameblue.notices.channel import Channel
from flameblue.notices.models import Attempt, Notice
from tests.cases.bench import Bench
from tests.cast import Cast
from tests.flow.breaking import Writes
from tests.notices.conftest import bench as bench  # the same bench as the notices' own tests
from tests.notices.post import Gateway, busy, never, planned

pytestmark = pytest.mark.django_db(transaction=True)
WRITES_MAX = 60
LOOKS_S = (0, 1, 5, 20, 21, 60, 61, 62, 90, 91, 120)  # the tries, the silence, and a breath after each


@dataclass
class Night:
    """One run: what goes wrong with the first channel, and what the second was handed."""

    first: Gateway
    second: Gateway = field(default_factory=Gateway)

    def pass_(self, begin: datetime) -> None:
        """Two minutes in which a failed write is a process that ends and starts anew."""
        channels: dict[str, Channel] = {"smpp": self.first, "other": self.second, "voice": Gateway()}
        for second in LOOKS_S:
            now = begin + timedelta(seconds=second)
            try:
                delivery.deliver_due(now, channels)
            except DatabaseError:
                delivery.resume(now)


NIGHTS = {
    "refused": lambda: Night(Gateway([never() for _ in range(9)])),
    "deaf": lambda: Night(Gateway([busy() for _ in range(99)], deaf=60.0)),
    "silent": lambda: Night(Gateway()),
}


@pytest.fixture
def owners(bench: Bench, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Notice:
    """The owner's message of an alarm; nothing else waits. The first channel once gave a receipt."""
    named = Messages(sms_channel="smpp", voice_channel="voice", sms_second_channel="other")
    monkeypatch.setattr(settings, "CONFIG", replace(settings.CONFIG, messages=named))
    bench.alarm(cast.tb)
    owner, officer = planned(bench.now)
    before = bench.now - timedelta(hours=1)
    Notice.objects.filter(pk=officer.pk).update(state="delivered", sent_at=before, created_at=before)
    return owner


def begin_anew(owner: Notice, now: datetime) -> None:
    Notice.objects.exclude(instead_of=None).delete()
    Attempt.objects.all().delete()
    CaseEvent.objects.filter(kind="commented").delete()
    fresh = {"state": "planned", "attempt_count": 0, "sent_at": None, "ended_at": None, "detail": ""}
    Notice.objects.filter(pk=owner.pk).update(due_at=now, **fresh)


@pytest.mark.parametrize("trouble", NIGHTS)
def test_it_leaves_by_the_second_channel_whatever_write_fails(
    owners: Notice, now: datetime, trouble: str
) -> None:
    repeated = 0
    for failing in range(1, WRITES_MAX):
        begin_anew(owners, now)
        night, writes = NIGHTS[trouble](), Writes(failing)
        with writes.break_one():
            night.pass_(now)
        copy = Notice.objects.get(instead_of=owners)
        assert (copy.channel, copy.state) == ("other", "sent"), f"write {failing}: {writes.failed}"
        again = len(night.second.handed) - 1
        assert again <= 1
        assert again <= counting.perhaps_repeated(now - counting.OVER), f"write {failing}: {writes.failed}"
        assert all(outgoing.text == owners.text for outgoing in night.second.handed)
        repeated += again
        if not writes.failed:
            break
    assert not writes.failed  # the last run had no write left to fail
    assert failing > 10
    assert repeated >= 1  # the one crash that can't be told from success was among them
    assert silence.take_over(now + timedelta(seconds=305)) == 0
