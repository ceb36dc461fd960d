"""What the registry names: models of devices that are not here, stations where nobody can be called."""

from collections.abc import Iterator
from datetime import datetime

from django.db import DatabaseError

from flameblue.config import Config
from flameblue.fleet.models import Station
from flameblue.fleet.shelf import in_use
from flameblue.notices.facts import duty_of
from flameblue.profiles.loader import Shelf, package_folder
from flameblue.runtime.set_up.findings import Finding, fine, wrong


def look_at_missing_models(config: Config, *, installed: bool) -> Iterator[Finding]:
    """Whether devices have a model that is not here."""
    if not installed:
        return
    folder = config.data / "profiles"
    known = Shelf(package_folder(), folder).current()
    try:
        missing = [(name, count) for name, count in in_use().items() if name not in known]
    except DatabaseError:
        return  # told with the database
    for name, count in missing:
        yield wrong(
            "profiles",
            f"Devices of the model {name}: {count}, and it is not here: from the next start on nothing they send is "
            f"taken. Put {name}.yaml back into {folder}, or give them another model.",
        )


def look_at_stations(now: datetime, *, installed: bool) -> Iterator[Finding]:
    """Whether each station that has sites has somebody with a number, on duty or not."""
    if not installed:
        return
    try:
        stations = list(Station.objects.filter(sites__isnull=False).distinct().order_by("name"))
        deserted = [station.name for station in stations if not duty_of(station, now)]
    except DatabaseError:
        return  # told with the database
    for name in deserted:
        yield wrong(
            "stations",
            f"{name}: nobody there can be called, so an alarm reaches only the owners. Give it a person with a number "
            "and a shift (/admin/, Persons and Shifts).",
        )
    if stations and not deserted:
        yield fine("stations", f"{len(stations)} stations have somebody who can be called.")
