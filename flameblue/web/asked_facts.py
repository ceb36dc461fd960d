"""How the devices that are asked answer, as the core last wrote it: the pages never ask the core."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec
from django.conf import settings

from flameblue.domain.clock import to_datetime
from flameblue.domain.limits import ASKED_TOLD_EVERY_S, SECOND_NS
from flameblue.fleet import shelf
from flameblue.fleet.models import Device
from flameblue.web.now import now_ns

FILE = "asking.json"
OLD_AFTER_S = 3 * ASKED_TOLD_EVERY_S


class _Line(msgspec.Struct):
    is_open: bool = False
    since_ns: int = 0
    trouble: str = ""


class _Device(msgspec.Struct):
    not_asked: str = ""
    line: str = ""
    since_ns: int = 0
    asked: int = 0
    answered: int = 0
    p50_s: float | None = None
    p95_s: float | None = None
    last_failure: str | None = None
    last_failure_ns: int = 0
    last_trouble: str = ""


class _File(msgspec.Struct):
    at_ns: int = 0
    lines: dict[str, _Line] = {}
    devices: dict[str, _Device] = {}


@dataclass(frozen=True, slots=True)
class Asked:
    """One device. `at` None: the core has told nothing of it. `not_asked`, `failure`: keys of words; details are ours,
    in English. Counts and times are since `since`, the durations of the last answers."""

    at: datetime | None = None
    is_old: bool = False
    not_asked: str = ""
    line: str = ""
    is_open: bool = False
    line_since: datetime | None = None
    line_trouble: str = ""
    since: datetime | None = None
    asked: int = 0
    answered: int = 0
    median_ms: float | None = None
    p95_ms: float | None = None
    failure: str = ""
    failure_at: datetime | None = None
    failure_detail: str = ""


def of(device: Device, path: Path | None = None) -> Asked | None:
    """How `device` answers; None: it is none that is asked."""
    profile = shelf.profiles().get(device.profile)
    if profile is None or not profile.is_asked:
        return None
    file = _read(path or settings.CONFIG.data / FILE)
    found = file.devices.get(device.name)
    if found is None:
        return Asked()
    line = file.lines.get(found.line, _Line())
    return Asked(
        at=to_datetime(file.at_ns),
        is_old=now_ns() - file.at_ns > OLD_AFTER_S * SECOND_NS,
        not_asked=found.not_asked,
        line=found.line,
        is_open=line.is_open,
        line_since=_time(line.since_ns),
        line_trouble=line.trouble,
        since=_time(found.since_ns),
        asked=found.asked,
        answered=found.answered,
        median_ms=_ms(found.p50_s),
        p95_ms=_ms(found.p95_s),
        failure=found.last_failure or "",
        failure_at=_time(found.last_failure_ns),
        failure_detail=found.last_trouble,
    )


@dataclass(frozen=True, slots=True)
class Line:
    """A line that does not stand. `trouble`: what kept it from being opened, in English."""

    name: str
    since: datetime | None
    trouble: str
    devices: int


def lines_down(path: Path | None = None) -> tuple[int, list[Line]]:
    """How many lines there are, and those that do not stand, by name."""
    file = _read(path or settings.CONFIG.data / FILE)
    devices = Counter(one.line for one in file.devices.values())
    down = [
        Line(name, _time(line.since_ns), line.trouble, devices[name])
        for name, line in sorted(file.lines.items())
        if not line.is_open
    ]
    return len(file.lines), down


def _read(path: Path) -> _File:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_File)
    except (OSError, msgspec.DecodeError):
        return _File()


def _time(at_ns: int) -> datetime | None:
    return to_datetime(at_ns) if at_ns else None


def _ms(duration_s: float | None) -> float | None:
    return None if duration_s is None else duration_s * 1_000
