"""What the open boards say of themselves, a small row a tab, and which stations' desks are silent by it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Max, Q

from flameblue.cases import presence
from flameblue.cases.models import BoardTab
from flameblue.domain.limits import BOARD_TABS_KEPT_S, BOARD_TABS_MAX, BOARD_TABS_PER_SESSION_MAX


@dataclass(frozen=True, slots=True)
class Tab:
    """One open board: whose station's, of which session (never its key), under which name of its own."""

    station: int
    session: str
    name: str


def report_board(tab: Tab, state: str, now: datetime) -> None:
    """`tab` says that its sound is in `state`, a word of cases.presence."""
    assert state in presence.STATES, state
    told = {"station_id": tab.station, "state": state, "at": now}
    if state == presence.SOUNDING:
        told["sounded_at"] = now
    if BoardTab.objects.filter(session=tab.session, name=tab.name).update(**told):
        return
    try:
        with transaction.atomic():
            BoardTab.objects.create(session=tab.session, name=tab.name, **told)
    except IntegrityError:
        return  # the same tab, twice at once: the other report says as much
    _prune(tab.session, now)


def silent_desks(now: datetime, began: datetime | None = None) -> frozenset[int]:
    """The stations that have boards of which none is sounding; `began`: when we started to listen."""
    return frozenset(station for station, heard in desks(now, began).items() if not heard)


def desks(now: datetime, began: datetime | None = None) -> dict[int, bool]:
    """Each station that has ever had a board open, and whether one is sounding."""
    known = Max("sounded_at", filter=Q(sounded_at__lte=now + presence.AHEAD_MAX))
    sounded = dict(BoardTab.objects.values_list("station").annotate(last=known).order_by())
    silent = presence.silent(sounded, now, began)
    return {station: station not in silent for station in sounded}


def desks_sounded(stations: Iterable[int]) -> dict[int, datetime]:
    """When a board of each of `stations` last said that it was sounding; of those where one ever did."""
    rows = BoardTab.objects.filter(station__in=stations).exclude(sounded_at=None)
    return dict(rows.values_list("station").annotate(last=Max("sounded_at")).order_by())


def _prune(session: str, now: datetime) -> None:
    """Old tabs go, and the oldest beyond the bounds; the newest of a station stays: it has a desk for good."""
    newest = BoardTab.objects.values("station").annotate(newest=Max("pk")).order_by()
    others = BoardTab.objects.exclude(pk__in=list(newest.values_list("newest", flat=True)))
    others.filter(at__lt=now - timedelta(seconds=BOARD_TABS_KEPT_S)).delete()
    for rows, most in (
        (others.filter(session=session), BOARD_TABS_PER_SESSION_MAX),
        (others, BOARD_TABS_MAX),
    ):
        too_many = list(rows.order_by("-at").values_list("pk", flat=True)[most:])
        BoardTab.objects.filter(pk__in=too_many).delete()
