"""What the pages of commissioning show: how far every device is, and the tests of one."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from flameblue.commissioning import accepting, progress, runs, standing
from flameblue.commissioning.models import TestRun
from flameblue.commissioning.progress import STEPS, Count, DeviceFacts, Step, step_of
from flameblue.commissioning.runs import Measure
from flameblue.domain.clock import to_datetime
from flameblue.domain.errors import BadInput
from flameblue.domain.limits import COMMISSIONED_DEVICES_MAX, PAGE_ROWS_MAX
from flameblue.fleet import testing
from flameblue.fleet.models import Device, Point, TestWindow
from flameblue.fleet.shelf import profiles
from flameblue.history.board import Latest
from flameblue.web import model_words, readings, words
from flameblue.web.series_csv import MARK, safe

RUNS_SHOWN = 50


@dataclass(frozen=True, slots=True)
class PointLine:
    """One point in the test of its device. `run`: the newest one, also where it was broken off."""

    point: Point
    measure: Measure
    reading: Latest | None
    run: TestRun | None

    @property
    def at(self) -> datetime | None:
        return to_datetime(self.reading.arrival_ns) if self.reading else None

    @property
    def is_done(self) -> bool:
        """Whether its run counts as done."""
        return standing.is_done(self.run)

    @property
    def said(self) -> dict[str, Any] | None:
        """The run as a line of a sheet."""
        return accepting.line_of(self.point, self.run) if self.run else None


@dataclass(frozen=True, slots=True)
class Trial:
    """The test of one device as it stands. `in_force`: the core marks what comes; before, a test would call people.

    `carries`: it has no points of its own, and others behind it.
    """

    window: TestWindow | None
    in_force: bool
    lines: Sequence[PointLine]
    carries: bool

    @property
    def done(self) -> int:
        return sum(line.is_done for line in self.lines)


def facts(devices: QuerySet[Device]) -> list[DeviceFacts]:
    """How far each of `devices` is. BadInput where they are too many for a page."""
    if devices.filter(enabled=True)[: COMMISSIONED_DEVICES_MAX + 1].count() > COMMISSIONED_DEVICES_MAX:
        raise BadInput("too many devices")
    return standing.of(devices, readings.arrivals(), profiles())


def step_of_one(device: Device) -> Step:
    """How far `device` is; one that is not in use is expected, no more."""
    found = facts(Device.objects.filter(pk=device.pk))
    return step_of(found[0]) if found else Step.EXPECTED


def groups(found: Sequence[DeviceFacts]) -> list[Count]:
    """The counts by site and maker."""
    return progress.by(found, lambda one: (one.site, one.maker))


def at_step(found: Iterable[DeviceFacts], step: str) -> list[tuple[DeviceFacts, Step]]:
    """The devices whose last step is `step` (none of STEPS: all), with it; one that only carries others has none."""
    with_step = [(one, step_of(one)) for one in found]
    return [one for one in with_step if step not in STEPS or (one[1] == step and not one[0].carries)]


def trial(device: Device, at: datetime) -> Trial:
    """The test of `device` at `at`."""
    points = list(
        Point.objects.filter(device=device, retired=False)
        .select_related("circuit__panel", "device")
        .order_by("id")[:PAGE_ROWS_MAX]
    )
    newest = readings.latest([point.pk for point in points])
    last = _last_runs(points)
    lines = [
        PointLine(point, runs.measure_of(point), newest.get(point.pk), last.get(point.pk)) for point in points
    ]
    carries = not lines and standing.carries(device)
    return Trial(testing.open_now(device, at), testing.is_known_to_core(), lines, carries)


def record(device: Device) -> list[dict[str, Any]]:
    """The runs of `device` that are over, the newest first, as lines of a sheet with their time."""
    over = TestRun.objects.filter(point__device=device).exclude(state=TestRun.State.UNDER_WAY)
    newest = over.select_related("point__circuit__panel").order_by("-id")[:RUNS_SHOWN]
    return [accepting.line_of(run.point, run) | {"began_at": run.began_at} for run in newest]


def table(found: Sequence[DeviceFacts]) -> Iterator[str]:
    """A row a device, as a spreadsheet opens it; one that only carries others has no marks.

    The last column counts the points that count as tested and have not met their clause.
    """
    yield MARK + _row(
        [str(words.FLEET_FIELDS[name]) for name in ("site", "premises", "device")]
        + [_("Maker"), *(str(words.COMMISSIONING_STEPS[step]) for step in STEPS)]
        + [str(words.RUN_STATES[TestRun.State.LATE])]
    )
    for one in found:
        reached = STEPS.index(step_of(one))
        marks = ["" if one.carries else "1" if n <= reached else "0" for n in range(len(STEPS))]
        texts = (one.site, one.premises, one.name, model_words.said(one.maker))
        yield _row([safe(text) for text in texts] + marks + ["" if one.carries else str(one.unmet)])


def _last_runs(points: Sequence[Point]) -> Mapping[int, TestRun]:
    found: dict[int, TestRun] = {}
    for run in TestRun.objects.filter(point__in=points).order_by("id"):
        found[run.point_id] = run
    return found


def _row(cells: Sequence[Any]) -> str:
    out = StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()
