"""The valley's registry as a CSV file, its stations and its people: plain data for whoever sets up a demo."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flameblue.simulation import names, roads
from flameblue.simulation.fleet import registry_rows
from flameblue.simulation.places import Wishes
from flameblue.simulation.plan import OFFICER_PHONE, CircuitPlan, Plan, PremisesPlan, make_plan
from flameblue.simulation.world import World

PROFILE = "flameblue-efm8"
MODULE = "flameblue.simulation"  # `python -m` runs the devices
COLUMNS = (
    *("site", "premises", "short_name", "kind", "address", "latitude", "longitude", "owner", "phone"),
    *("language", "contact2", "phone2", "key_holder", "season", "panel", "isolator", "circuit"),
    *("rated_current_a", "device", "device_serial", "profile", "credential", "point", "quantity", "phase"),
    *("place", "station", "device_address"),
)


@dataclass(frozen=True, slots=True)
class Valley:
    """What a demo needs besides the devices themselves.

    A station has `name`, `signature`, `phone`, `latitude`, `longitude`, `next_station`; a person `name`,
    `phone`, `station` and `role` (duty or leader).
    """

    registry_csv: str
    stations: Sequence[Mapping[str, object]]
    people: Sequence[Mapping[str, str]]
    roads: str  # GeoJSON
    module: str


def valley(premises: int, seed: int) -> Valley:
    """Everything about the valley of that size and seed; BadInput where there is no such valley."""
    return Valley(plan_csv(make_plan(premises, seed)), stations(), people(), roads.geojson(), MODULE)


def registry_csv(world: World) -> str:
    """The import file of a world's premises."""
    return plan_csv(world.plan)


def plan_csv(plan: Plan, wishes: Wishes | None = None) -> str:
    """One row a circuit, or as many as its device has points there; one row for premises without a device."""
    devices = registry_rows(plan, wishes or Wishes())
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for place in plan.premises:
        head = _premises_cells(place)
        rows = [
            head | _circuit_cells(circuit) | cells
            for circuit in place.circuits
            for cells in devices[circuit.device]
        ]
        writer.writerows(rows or [head])
    return text.getvalue()


def stations() -> list[dict[str, object]]:
    """The three fire stations; each has a next one."""
    return [
        {
            "name": station.name,
            "signature": station.name,
            "phone": station.phone,
            "latitude": station.latitude,
            "longitude": station.longitude,
            "next_station": station.next_station,
        }
        for station in names.STATIONS
    ]


def people() -> list[dict[str, str]]:
    """A duty officer and a leader for each station."""
    found = []
    for number, station in enumerate(names.STATIONS):
        for role, name in (("duty", station.duty), ("leader", station.leader)):
            phone = OFFICER_PHONE + 2 * number + (role == "leader")
            found.append({"name": name, "phone": f"+86{phone}", "station": station.name, "role": role})
    return found


def _premises_cells(place: PremisesPlan) -> dict[str, str]:
    station = names.STATIONS[place.site]
    return {
        "site": station.site,
        "premises": place.name,
        "short_name": place.name,
        "kind": place.kind,
        "address": place.address,
        "latitude": str(place.latitude),
        "longitude": str(place.longitude),
        "owner": place.owner,
        "phone": place.phone,
        "language": place.language,
        "contact2": place.contact2,
        "phone2": place.phone2,
        "key_holder": place.contact2,
        "station": station.name,
    }


def _circuit_cells(circuit: CircuitPlan) -> dict[str, str]:
    return {
        "panel": circuit.panel,
        "isolator": circuit.isolator,
        "circuit": circuit.name,
        "rated_current_a": f"{circuit.rated_current_a:g}",
        "place": circuit.place,
    }
