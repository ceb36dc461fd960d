"""A device under test: for some minutes what arrives of it is marked as a test (docs/decisions/0026).

Invariants: a window ends by itself; nobody but its own device is in it; opening and ending it are in the audit, and
the core learns of both by the outbox, in the transaction of the change.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from flameblue.domain.errors import BadInput
from flameblue.domain.limits import TEST_WINDOW_S_MAX
from flameblue.fleet import audit, point_table
from flameblue.fleet.audit import Deed
from flameblue.fleet.keeping import Hand
from flameblue.fleet.models import Device, PointChange, TestWindow


def open_now(device: Device, now: datetime) -> TestWindow | None:
    """The window of `device` that is open, the one that ends last."""
    return TestWindow.objects.filter(device=device, open_until__gt=now).order_by("-open_until").first()


def is_known_to_core() -> bool:
    """Whether the core has taken every change up to now: before, a window that was just opened marks nothing."""
    return not PointChange.objects.filter(appended_offset=None).exists()


@transaction.atomic
def begin(device: Device, duration_s: float, hand: Hand) -> TestWindow:
    """What arrives of `device` in the next `duration_s` is a test; BadInput beyond an hour.

    A window that is open is ended: the new one alone says until when.
    """
    if not 0 < duration_s <= TEST_WINDOW_S_MAX:
        raise BadInput(_("A test lasts at most %(n)d minutes.") % {"n": TEST_WINDOW_S_MAX // 60})
    TestWindow.objects.filter(device=device, open_until__gt=hand.now).update(open_until=hand.now)
    until = hand.now + timedelta(seconds=duration_s)
    window = TestWindow.objects.create(
        device=device, opened_at=hand.now, open_until=until, opened_by=hand.by[: audit.BY_MAX]
    )
    _tell(device, "began test", {"until": until.isoformat()}, hand)
    return window


@transaction.atomic
def end(device: Device, hand: Hand) -> bool:
    """What arrives from now on is real again; False where no test was under way."""
    ended = TestWindow.objects.filter(device=device, open_until__gt=hand.now).update(open_until=hand.now)
    if ended:
        _tell(device, "ended test", {}, hand)
    return ended > 0


def _tell(device: Device, verb: str, detail: dict[str, str], hand: Hand) -> None:
    audit.record_deed(hand.by, Deed(verb, str(device), detail, audit.thing_of(device)), hand.now)
    point_table.announce(hand.now)
