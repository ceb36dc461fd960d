"""Stations, their people and the registry of a demo, in its database."""

from datetime import timedelta

from django.contrib.auth.models import Group, User
from django.db.models import F

from flameblue.config import Config
from flameblue.fleet.models import PointChange, Station
from flameblue.people.models import Person, Shift
from flameblue.people.registry_speech import ENGLISH
from flameblue.runtime import installation
from flameblue.runtime.valley import Valley

REGISTERED_BEFORE = timedelta(hours=3)  # the hours that the devices send at once have their limits too
STATION_FIELDS = ("signature", "phone", "latitude", "longitude")


def populate(config: Config, valley: Valley) -> None:
    """Makes the tables and fills them; with data kept from an earlier demo nothing is done twice."""
    installation.prepare(config)
    for station in valley.stations:
        Station.objects.get_or_create(
            name=station["name"], defaults={name: station[name] for name in STATION_FIELDS}
        )
    stations = {station.name: station for station in Station.objects.all()}
    for station in valley.stations:
        following = stations.get(str(station["next_station"]))
        Station.objects.filter(name=station["name"]).update(next_station=following)
    for number, person in enumerate(valley.people, 1):
        row, new = Person.objects.get_or_create(
            phone=person["phone"], defaults={"name": person["name"], "station": stations[person["station"]]}
        )
        if new:
            row.user = _user(person["role"], number)
            row.save(update_fields=["user"])
            Shift.objects.create(station=stations[person["station"]], person=row, role=person["role"])
    path = config.data / "registry.csv"
    path.write_text(valley.registry_csv, encoding="utf-8")
    report = installation.import_registry(path, ENGLISH, dry_run=False)
    assert not report.errors, report.errors
    PointChange.objects.filter(appended_offset=None).update(created_at=F("created_at") - REGISTERED_BEFORE)


def _user(role: str, number: int) -> User:
    """A user without a password for somebody of a station; the first sees the whole valley."""
    user, _ = User.objects.get_or_create(username=f"{role}-{number}")
    group = "admin" if number == 1 else "duty"
    user.groups.set([Group.objects.get(name=group)])
    return user
