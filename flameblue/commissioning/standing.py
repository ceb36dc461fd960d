"""How far each device has come, read from the database and from when each point was heard last."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from django.db.models import QuerySet
from numpy.typing import NDArray

from flameblue.commissioning import judging, runs
from flameblue.commissioning.models import Commissioning, TestRun
from flameblue.commissioning.progress import DeviceFacts
from flameblue.fleet.models import Device, DeviceSource, Point
from flameblue.intake.directory import BEHIND
from flameblue.profiles.loader import Profile

DONE = (TestRun.State.PASSED, TestRun.State.LATE, TestRun.State.WAIVED)
UNKNOWN_MAKER = "?"


def of(
    devices: QuerySet[Device], arrivals: NDArray[np.int64], profiles: Mapping[str, Profile]
) -> list[DeviceFacts]:
    """The facts of the `devices` in use, by their names. `arrivals`: when each point was heard last, by its id.

    One without points carries others where the registry has some behind it, and is heard when one of them is or when
    the core knows from where it speaks; one without points and without others is not finished.
    """
    known = list(devices.filter(enabled=True).select_related("premises__site").order_by("name"))
    points = _points([device.pk for device in known])
    newest = runs.newest({point.pk: point for each in points.values() for point in each})
    signed = Commissioning.objects.exclude(acceptance=None)
    accepted = frozenset(signed.values_list("device_id", flat=True))
    behind = _behind([device for device in known if not points[device.pk]], arrivals)
    return [
        _facts(device, points[device.pk], Seen(arrivals, newest, accepted, behind), profiles)
        for device in known
    ]


class Seen(NamedTuple):
    """What is known of all devices together. `behind`: of those without points, by id."""

    arrivals: NDArray[np.int64]
    newest: Mapping[int, TestRun]
    accepted: frozenset[int]
    behind: Mapping[int, "Behind"]


class Behind(NamedTuple):
    """A device without points: whether it carries others, and whether it or one of them was heard."""

    carries: bool
    is_heard: bool


def _facts(
    device: Device, points: Sequence[Point], seen: Seen, profiles: Mapping[str, Profile]
) -> DeviceFacts:
    behind = seen.behind.get(device.pk, Behind(carries=False, is_heard=False))
    return DeviceFacts(
        device=device.pk,
        name=device.name,
        site=device.premises.site.name,
        premises=device.premises.name,
        maker=maker_of(device, profiles),
        is_heard=behind.is_heard or any(_arrival(seen.arrivals, one.pk) for one in points),
        is_bound=bool(points) and all(point.circuit_id is not None for point in points),
        is_tested=bool(points) and all(is_done(seen.newest.get(point.pk)) for point in points),
        is_accepted=device.pk in seen.accepted,
        carries=behind.carries,
        unmet=sum(is_unmet(seen.newest.get(point.pk)) for point in points),
    )


def carries(device: Device) -> bool:
    """Whether `device`, which has no points of its own, carries others."""
    return Device.objects.filter(enabled=True, name__startswith=f"{device.name}{BEHIND}").exists()


def _behind(bare: Sequence[Device], arrivals: NDArray[np.int64]) -> Mapping[int, Behind]:
    """What is known of the `bare` devices, wherever those behind them hang."""
    if not bare:
        return {}
    children = Device.objects.filter(enabled=True, name__contains=BEHIND)
    carriers = {name.rpartition(BEHIND)[0] for name in children.values_list("name", flat=True)}
    points = Point.objects.filter(device__in=children, retired=False).values_list("device__name", "pk")
    heard = {name.rpartition(BEHIND)[0] for name, pk in points if _arrival(arrivals, pk)}
    spoke = set(DeviceSource.objects.filter(device__in=bare).values_list("device_id", flat=True))
    return {one.pk: Behind(one.name in carriers, one.name in heard or one.pk in spoke) for one in bare}


def maker_of(device: Device, profiles: Mapping[str, Profile]) -> str:
    """Who makes the device's model, as the model says."""
    profile = profiles.get(device.profile)
    return profile.maker if profile is not None and profile.maker else UNKNOWN_MAKER


def _points(devices: Sequence[int]) -> dict[int, list[Point]]:
    found: dict[int, list[Point]] = defaultdict(list)
    wanted = Point.objects.filter(device__in=devices, retired=False).defer("row").order_by("id")
    for point in wanted:
        found[point.device_id].append(point)
    return found


def _arrival(arrivals: NDArray[np.int64], point: int) -> int:
    return int(arrivals[point]) if point < len(arrivals) else 0


def is_done(run: TestRun | None) -> bool:
    """Whether a point with this run, its newest one, needs no other."""
    return run is not None and run.state in DONE


def is_unmet(run: TestRun | None) -> bool:
    """Whether a point with this run counts as done though its alarm came later than the clause allows."""
    return run is not None and is_done(run) and judging.is_beyond(run.seconds, run.within_s)
