"""What the style guide shows in the parts of the pages: a cabin that is nowhere, and in no database."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from flameblue.domain.clock import to_ns
from flameblue.domain.limits import SECOND_NS
from flameblue.domain.quantities import QUANTITIES
from flameblue.domain.transitions import Level
from flameblue.fleet.coverage import Measure
from flameblue.fleet.models import Circuit, Device, Panel, Point, Premises, Site
from flameblue.fleet.periods import Period
from flameblue.inspections.models import Check
from flameblue.web import charts
from flameblue.web.coverage_facts import Number
from flameblue.web.device_facts import DAYS, Health
from flameblue.web.one_line import Board, Diagram, Feeder, Value
from flameblue.web.round_words import Stand
from flameblue.web.sheet_facts import Measured, Sheet, Watched

STEP_S, STEPS = 60, 60


def of(at: datetime) -> dict[str, Any]:
    """The values that the templates of the practice and of a premises ask for."""
    site = Site(pk=0, name="禾木")
    place = Premises(pk=0, name="松林客栈", kind="客栈", site=site)
    panel = Panel(pk=0, name="2号箱", premises=place)
    circuit = Circuit(pk=0, name="203房暖气", isolator="3号开关", rated_current_a=40.0, panel=panel)
    heat = Point(pk=0, quantity="temperature_c", phase="B", circuit=circuit)
    load = Point(pk=0, quantity="current_a", phase="B", circuit=circuit)
    feeder = Feeder(
        circuit,
        {
            "temperature_c": [_value(heat, 82.0, Level.ALARM, at)],
            "current_a": [_value(load, 24.0, Level.NORMAL, at)],
        },
    )
    watched = Watched(circuit, [Measured(heat, 43_200, 18.0, 41.5, 82.0), Measured(load, 0)])
    month = Period(at.year, at.month)
    return {
        "coverage": [Number(one, 40 - 3 * place_no, 40) for place_no, one in enumerate(Measure)],
        "premises": place,
        "diagram": Diagram([Board(panel, [feeder, Feeder(Circuit(pk=0, name="204房"))])], 0),
        "devices": _devices(place, at),
        "days": DAYS,
        "chart": charts.svg(_chart(at)),
        "day": date(at.year, at.month, 9),
        "rounds": [
            {
                "site": site,
                "stand": Stand.OPEN,
                "due": 40,
                "looked_at": 118,
                "items": 120,
                "not_ok": 2,
                "missed": 1,
            }
        ],
        "checks": [None, Check(ok=True), Check(ok=False, text="电缆破损")],
        "sheet": Sheet(place, month, at, [watched], silent_h=1.5),
    }


def _devices(place: Premises, at: datetime) -> list[Health]:
    """One that is heard, one that fell silent with a wrong clock, one that nothing was ever heard of."""
    well = Health(
        device=Device(pk=0, name="D0217", premises=place, profile="flameblue-efm8"),
        at=at,
        points=8,
        silences=0,
        clock_faults=0,
        is_silent=False,
        is_expected=False,
        has_clock_fault=False,
    )
    silent = replace(
        well,
        device=Device(pk=0, name="D0218", premises=place, profile="flameblue-efm8"),
        at=at - timedelta(hours=5),
        silences=3,
        clock_faults=1,
        is_silent=True,
        has_clock_fault=True,
        level=Level.FAULT,
    )
    new = Device(pk=0, name="D0219", premises=place, profile="flameblue-efm8")
    return [well, silent, replace(well, device=new, at=None)]


def _value(point: Point, amount: float, level: Level, at: datetime) -> Value:
    return Value(point, level, QUANTITIES[point.quantity].steps(amount), at, is_old=False)


def _chart(at: datetime) -> charts.Chart:
    """A terminal that heats slowly; in the middle nothing was measured."""
    end_ns, width_ns = to_ns(at), STEP_S * SECOND_NS
    steps = [step for step in range(STEPS) if not STEPS // 3 < step < STEPS // 2]
    at_ns = [end_ns - (STEPS - step) * width_ns for step in steps]
    low, high = [40.0 + 0.7 * step for step in steps], [42.0 + 0.7 * step for step in steps]
    return charts.Chart(
        title="203房暖气 B (°C)",
        unit="°C",
        from_ns=end_ns - STEPS * width_ns,
        to_ns=end_ns,
        trace=charts.Trace(at_ns, low, high),
        zone=ZoneInfo(settings.TIME_ZONE),
        gap_ns=2 * width_ns,
        limits=(charts.LimitLine(60.0, "warning", "60"), charts.LimitLine(70.0, "alarm", "70")),
    )
