"""The state of the chain from the detectors to the phones, as the board's right column tells it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Max

from flameblue.cases import presence
from flameblue.cases.models import Alarm
from flameblue.domain.transitions import Level, Rule
from flameblue.fleet.models import Station
from flameblue.notices.counting import OVER
from flameblue.notices.models import Notice
from flameblue.notices.natures import nature_of
from flameblue.notices.planning import SMS
from flameblue.notices.writing import channel_for
from flameblue.web import access
from flameblue.web.health import LAG_MAX, Health


@dataclass(frozen=True, slots=True)
class Chain:
    """`delivered_at`: when a message was last known to have arrived, None: never. `failed`: within 24 h.

    `reaches_phones`: whether messages leave this machine (a demo's need not). `board_sounds`: False: a station has
    boards of which none does, so that an alarm calls the duty officer at once; None: there has never been one.
    `silent_stations`: which, where there are several. `grace_until`: the core has just started, and waits for
    boards until then.
    """

    devices: int
    silent: int
    delivered_at: datetime | None
    failed: int
    lag: int
    reaches_phones: bool
    board_sounds: bool | None
    silent_stations: Sequence[str]
    grace_until: datetime | None

    @property
    def online(self) -> int:
        return max(0, self.devices - self.silent)

    @property
    def is_behind(self) -> bool:
        return self.lag > LAG_MAX


def of(
    user: access.AnyUser, health: Health, desks: Mapping[int, bool], devices: int | None, at: datetime
) -> Chain:
    """The chain as `user` may see it: devices of their sites, messages of all; `desks` as cases.boards has them.

    `devices`: how many there are, where somebody has counted them already.
    """
    desks = _desks_of(user, desks)
    known = access.devices_for(user).filter(enabled=True)
    silences = Alarm.objects.filter(rule=Rule.SILENCE, level=Level.FAULT, point__retired=False)
    lately = Notice.objects.filter(created_at__gt=at - OVER)
    arrived = lately.filter(state=Notice.State.DELIVERED)
    return Chain(
        devices=known.count() if devices is None else devices,
        silent=known.filter(id__in=silences.values("point__device")).count(),
        delivered_at=arrived.aggregate(at=Max("ended_at"))["at"],
        failed=lately.filter(state=Notice.State.FAILED).count(),
        lag=max((stage.lag for stage in health.stages), default=0),
        reaches_phones=reaches_phones(),
        board_sounds=all(desks.values()) if desks else None,
        silent_stations=_silent_stations(desks),
        grace_until=presence.grace_until(health.boards_heard_since, at),
    )


def reaches_phones() -> bool:
    """Whether messages leave this machine."""
    return is_enough(channel_for(SMS))


def is_enough(channel: str) -> bool:
    """Whether `channel` reaches phones; a demo's need not."""
    return settings.CONFIG.demo or nature_of(channel).reaches


def _desks_of(user: access.AnyUser, desks: Mapping[int, bool]) -> Mapping[int, bool]:
    if access.role_of(user) == access.ADMIN:
        return desks
    own = access.station_id_of(user)
    return {station: heard for station, heard in desks.items() if station == own}


def _silent_stations(desks: Mapping[int, bool]) -> list[str]:
    """Where there is one station alone, it needs no name; a neighbour's cases may stand on the board too."""
    if all(desks.values()):
        return []
    stations = dict(Station.objects.order_by("name").values_list("pk", "name"))
    return [name for pk, name in stations.items() if not desks.get(pk, True)] if len(stations) > 1 else []
