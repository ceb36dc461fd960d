"""The recordings, each with the registry it is replayed against: place, device, rating and limits."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from flameblue.fleet.actions import hashed
from flameblue.fleet.models import Circuit, Device, LimitSetting, Panel, Point, Premises, Site, Station
from flameblue.people.models import Contact, Person, Shift
from flameblue.simulation.recording import Column, Recording, Wanted, open_recording, time_of

DATA = Path(__file__).parent / "data"
PROFILES = Path(__file__).parent / "profiles"
FOLDER = "RECORDINGS"  # names the folder with the recordings that may not be kept here
CREDENTIAL = "as-it-was"


@dataclass(frozen=True)
class Place:
    """One premises with one device on one circuit. `points`: the quantity of each key."""

    premises: str
    device: str
    profile: str
    points: Mapping[str, str]
    rated_a: float | None = None
    limits: Mapping[str, Mapping[str, float]] = field(default_factory=dict)  # by quantity
    why: str = ""


@dataclass(frozen=True)
class Source:
    """A recording and what is replayed of it. `columns`: the point's key of each; `burst`: readings a message."""

    name: str
    path: Path
    columns: Mapping[str, str]
    places: tuple[Place, ...]
    interval_s: int
    begin: str = ""
    end: str = ""
    burst: int = 1

    def open(self) -> Recording:
        columns = {name: Column(key) for name, key in self.columns.items()}
        bounds = {}
        if self.begin:
            bounds = {"from_ms": time_of(self.begin), "until_ms": time_of(self.end)}
        return open_recording(self.path, Wanted(columns=columns, **bounds))


@dataclass(frozen=True)
class Window:
    """A labelled anomaly: the moment that was labelled, and the time around it that counts."""

    begin: datetime
    labelled: datetime
    end: datetime


def _window(begin: str, labelled: str, end: str) -> Window:
    return Window(*(datetime.fromisoformat(f"{at}+00:00") for at in (begin, labelled, end)))


MACHINE_WINDOWS = (
    _window("2013-12-10 06:25", "2013-12-11 06:00", "2013-12-12 05:35"),
    _window("2013-12-15 17:50", "2013-12-16 17:25", "2013-12-17 17:00"),
    _window("2014-01-27 14:20", "2014-01-28 13:55", "2014-01-29 13:30"),
    _window("2014-02-07 14:55", "2014-02-08 14:30", "2014-02-09 14:05"),
)
MACHINE = Place("机房", "M1", "recorded-machine", {"t": "temperature_c"})
EN_50160 = {
    "over_warning": 253.0, "over_alarm": 276.0, "under_warning": 207.0, "under_alarm": 184.0,
}  # fmt: skip
HOUSE = Place(
    "住宅",
    "H1",
    "recorded-household",
    {"ia": "current_a", "ua": "voltage_v"},
    rated_a=30.0,
    limits={"voltage_v": EN_50160},
    why="230 V ± 10 % and ± 20 % (EN 50160)",
)
UNTUNED = Place("未调限值住宅", "H2", "recorded-household", {"ua": "voltage_v"})
KITCHEN = Place("厨房", "K1", "flameblue-generic", {"ia": "current_a"}, rated_a=16.0)


def machine(begin: str = "", end: str = "") -> Source:
    return Source(
        "machine", DATA / "machine_temperature.parquet", {"temperature_c": "t"}, (MACHINE,), 300, begin, end
    )


def household(begin: str = "", end: str = "", places: tuple[Place, ...] = (HOUSE,)) -> Source:
    return Source(
        "household",
        DATA / "household.parquet",
        {"current_a": "ia", "voltage_v": "ua"},
        places,
        60,
        begin,
        end,
    )


def kitchen(path: Path) -> Source:
    return Source("kitchen", path, {"current_a": "ia"}, (KITCHEN,), 5, burst=2)


def settle_in(places: tuple[Place, ...]) -> None:
    """The station, its people and `places`, in the database. The site's clock is the recording's own."""
    kanas = Station.objects.create(name="喀纳斯消防站", signature="喀纳斯消防站")
    hemu = Station.objects.create(name="禾木消防站", signature="禾木消防站", next_station=kanas)
    site = Site.objects.create(name="禾木", station=hemu, time_zone="UTC")
    officers = (("Bolat", hemu, "duty"), ("Chen", hemu, "leader"), ("Sayan", kanas, "duty"))
    for number, (name, station, role) in enumerate(officers, 1):
        person = Person.objects.create(name=name, phone=f"+861390000000{number}", station=station)
        Shift.objects.create(station=station, person=person, role=role)
    for number, place in enumerate(places, 1):
        _build(site, place, number)


def _build(site: Site, place: Place, number: int) -> None:
    premises = Premises.objects.create(site=site, name=place.premises, short_name=place.premises)
    for order, name in enumerate(("owner", "second"), 1):
        person = Person.objects.create(name=name, phone=f"+8613800{number:04d}{order}")
        Contact.objects.create(premises=premises, person=person, order=order)
    device = Device.objects.create(
        premises=premises, name=place.device, profile=place.profile, credential_hash=hashed(CREDENTIAL)
    )
    panel = Panel.objects.create(premises=premises, name="1号箱")
    circuit = Circuit.objects.create(
        panel=panel, name="总回路", isolator="1号开关", rated_current_a=place.rated_a
    )
    for key, quantity in place.points.items():
        Point.objects.create(device=device, circuit=circuit, key=key, quantity=quantity, phase="A")
    for quantity, values in place.limits.items():
        LimitSetting.objects.create(
            scope=LimitSetting.Scope.PREMISES,
            premises=premises,
            quantity=quantity,
            reason=place.why,
            **values,
        )
