"""A fleet as large as a province: 100 sites, 200,000 premises, as many devices and owners, a million points."""

import random
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import TypeVar

from django.db.models import Model

from flameblue.cases.models import Alarm
from flameblue.domain.transitions import Level, Rule
from flameblue.fleet.models import Circuit, Device, Panel, Point, Premises, Site, Station
from flameblue.people.models import Contact, Person

M = TypeVar("M", bound=Model)
PREMISES = 200_000
SITES = 100
BATCH = 5_000
KEYS = (
    ("ir", "residual_current_ma"),
    ("ta", "temperature_c"),
    ("tb", "temperature_c"),
    ("ia", "current_a"),
    ("ua", "voltage_v"),
)
SILENT_EVERY = 400  # 500 silent devices
FIRST, SECOND = "松柏云雪金银白黑青红长河山林", "林桦山岭泉石河湖月星风花木草"
KINDS = ("客栈", "商店", "餐馆", "民居")


def fill(premises: int = PREMISES, *, now: datetime) -> None:
    """Writes the fleet into the database, the same one each time."""
    dice, numbers = random.Random(7), range(1, premises + 1)
    _write_premises(dice, numbers)
    _write_equipment(numbers)
    _write_people(dice, numbers)
    silent = range(SILENT_EVERY, premises + 1, SILENT_EVERY)
    _write(Alarm, (_silent(5 * n - 4, now) for n in silent))


def _write_premises(dice: random.Random, numbers: range) -> None:
    stations = [
        Station.objects.create(name=f"第{n}消防站", signature=f"第{n}消防站")
        for n in range(1, SITES // 10 + 1)
    ]
    sites = [
        Site.objects.create(
            name=f"{dice.choice(FIRST)}{dice.choice(SECOND)}{n}村", station=stations[n % len(stations)]
        )
        for n in range(SITES)
    ]
    _write(
        Premises,
        (
            Premises(
                id=n,
                site=sites[n % SITES],
                name=(name := f"{dice.choice(FIRST)}{dice.choice(SECOND)}{dice.choice(FIRST)}{n}号木屋"),
                short_name=name[:12],
                kind=KINDS[n % len(KINDS)],
                address=f"{n % 40}区{n % 97}号",
                key_holder=f"钥匙{n % 1000}",
                latitude=48.0 + n % SITES // 10 / 5 + n % 97 / 5_000,
                longitude=86.0 + n % SITES % 10 / 3 + n % 89 / 4_000,
            )
            for n in numbers
        ),
    )


def _write_equipment(numbers: range) -> None:
    _write(Panel, (Panel(id=n, premises_id=n, name="1号箱") for n in numbers))
    circuits = ((n, k) for n in numbers for k in (1, 2))
    _write(
        Circuit,
        (
            Circuit(
                id=2 * n + k - 2,
                panel_id=n,
                name=f"{k}0{n % 9}房",
                isolator=f"{k}号开关",
                rated_current_a=32.0,
            )
            for n, k in circuits
        ),
    )
    _write(
        Device,
        (
            Device(
                id=n,
                premises_id=n,
                name=f"D{n:06d}",
                serial=f"SN-{n * 7919 % 1_000_000:06d}",
                profile="flameblue-generic",
            )
            for n in numbers
        ),
    )
    _write(
        Point,
        (
            Point(
                id=5 * n + k - 4,
                device_id=n,
                circuit_id=2 * n + k % 2 - 1,
                key=key,
                quantity=quantity,
                phase="" if key == "ir" else "A",
                place=f"{k}0{n % 9}房",
                row=bytes(120),
            )
            for n in numbers
            for k, (key, quantity) in enumerate(KEYS)
        ),
    )


def _write_people(dice: random.Random, numbers: range) -> None:
    _write(
        Person,
        (
            Person(id=n, name=f"{dice.choice(FIRST)}{dice.choice(SECOND)}{n}", phone=f"+86139{n:08d}")
            for n in numbers
        ),
    )
    _write(Contact, (Contact(premises_id=n, person_id=n, order=1) for n in numbers))


def _silent(point: int, now: datetime) -> Alarm:
    return Alarm(
        point_id=point,
        rule=Rule.SILENCE,
        level=Level.FAULT,
        worst_level=Level.FAULT,
        isa=Alarm.Isa.UNACKNOWLEDGED,
        since=now,
        value=0,
        worst_value=0,
        limit=0,
    )


def _write(kind: type[M], things: Iterator[M]) -> None:
    while batch := list(islice(things, BATCH)):
        kind._default_manager.bulk_create(batch)
