"""The stations: whether somebody there can be called."""

from collections.abc import Iterator
from datetime import datetime

from django.db import DatabaseError

from flameblue.fleet.models import Station
from flameblue.notices.facts import duty_of
from flameblue.runtime.set_up.findings import Finding, fine, wrong


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
