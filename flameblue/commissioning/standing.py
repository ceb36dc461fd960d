"""How far each device has come, read from the database and from when each point was heard last."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from django.db.models import QuerySet
from numpy.typing import NDArray

from flameblue.commissioning import runs
from flameblue.commissioning.models import Commissioning, TestRun
from flameblue.commissioning.progress import DeviceFacts
from flameblue.fleet.models import Device, Point
from flameblue.intake.directory import BEHIND
from flameblue.profiles.loader import Profile

DONE = (TestRun.State.PASSED, TestRun.State.WAIVED)
UNKNOWN_MAKER = "?"


def of(
    devices: QuerySet[Device], arrivals: NDArray[np.int64], profiles: Mapping[str, Profile]
) -> list[DeviceFacts]:
    """The facts of the `devices` in use, by their names. `arrivals`: when each point was heard last, by its id.

    A device without points, such as a gateway, is heard when one behind it is.
    """
    known = list(devices.filter(enabled=True).select_related("premises__site").order_by("name"))
    points = _points([device.pk for device in known])
    newest = runs.newest({point.pk: point for each in points.values() for point in each})
    accepted = set(Commissioning.objects.exclude(acceptance=None).values_list("device_id", flat=True))
    heard = {device.name for device in known if any(_arrival(arrivals, one) for one in points[device.pk])}
    behind = {name.rpartition(BEHIND)[0] for name in heard}
    return [
        DeviceFacts(
            device=device.pk,
            name=device.name,
            site=device.premises.site.name,
            premises=device.premises.name,
            maker=maker_of(device, profiles),
            is_heard=device.name in (heard if points[device.pk] else behind),
            is_bound=all(point.circuit_id is not None for point in points[device.pk]),
            is_tested=all(_is_done(newest.get(point.pk)) for point in points[device.pk]),
            is_accepted=device.pk in accepted,
        )
        for device in known
    ]


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


def _arrival(arrivals: NDArray[np.int64], point: Point) -> int:
    return int(arrivals[point.pk]) if point.pk < len(arrivals) else 0


def _is_done(run: TestRun | None) -> bool:
    return run is not None and run.state in DONE
