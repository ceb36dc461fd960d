"""The registry as the text of a file that imports as it is, changing nothing.

What belongs to premises, a circuit or a device stands in the first row that names it, so that it is edited in
one place. Retired points are left out. The column `station` is there where there is more than one station.
"""

import csv
import io
from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db.models import Prefetch

from flameblue.fleet.models import Circuit, Device, Panel, Point, Premises, Station
from flameblue.people.models import Contact, Person
from flameblue.people.registry_cells import CLOSED_UNTIL, COLUMNS, OPEN, SET, STATION, written

Cells = dict[str, Any]
PLAIN = frozenset({"phone", "phone2"})  # a leading + is part of them


def text() -> str:
    """Heading and rows, with the line ends of RFC 4180."""
    columns = [*COLUMNS, STATION] if Station.objects.count() > 1 else list(COLUMNS)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    named: set[int] = set()
    for premises in _premises():
        for cells in _rows(premises):
            if premises.site_id not in named:
                cells[STATION] = premises.site.station.name
                named.add(premises.site_id)
            writer.writerow([_cell(name, cells.get(name)) for name in columns])
    return out.getvalue()


def _premises() -> Iterator[Premises]:
    points = Point.objects.filter(retired=False).order_by("id").select_related("circuit__panel")
    found = Premises.objects.order_by("site_id", "id").select_related("site__station")
    return found.prefetch_related(
        Prefetch("contacts", Contact.objects.select_related("person")),
        Prefetch("panels", Panel.objects.order_by("id")),
        Prefetch("panels__circuits", Circuit.objects.order_by("id")),
        Prefetch("devices", Device.objects.order_by("id")),
        Prefetch("devices__points", points),
    ).iterator(chunk_size=500)


def _rows(premises: Premises) -> Iterator[Cells]:
    head = {"site": premises.site.name, "premises": premises.name}
    first = _about_premises(premises)
    for cells in _inside(premises):
        yield head | first | cells
        first = {}
    if first:
        yield head | first


def _about_premises(premises: Premises) -> Cells:
    closed = premises.closed_until
    cells: Cells = {
        "short_name": premises.short_name,
        "kind": premises.kind,
        "address": premises.address,
        "latitude": premises.latitude,
        "longitude": premises.longitude,
        "key_holder": premises.key_holder,
        "season": OPEN if closed is None else closed,
    }
    people: dict[int, Person] = {contact.order: contact.person for contact in premises.contacts.all()}
    if 1 in people:
        cells |= {"owner": people[1].name, "phone": people[1].phone, "language": people[1].language}
    if 2 in people:
        cells |= {"contact2": people[2].name, "phone2": people[2].phone}
    return cells


def _inside(premises: Premises) -> Iterator[Cells]:
    """A row a point; then what has no point: devices, circuits, panels."""
    told: set[int] = set()
    for device in premises.devices.all():
        about: Cells = {
            "device_serial": device.serial,
            "profile": device.profile,
            "credential": SET if device.credential_hash else "",
        }
        for point in device.points.all():
            yield {"device": device.name} | about | _about_point(point, premises, told)
            about = {}
        if about:
            yield {"device": device.name} | about
    for panel in premises.panels.all():
        circuits = list(panel.circuits.all())
        for circuit in circuits:
            if circuit.pk not in told:
                yield {"panel": panel.name} | _about_circuit(circuit)
        if not circuits:
            yield {"panel": panel.name}


def _about_point(point: Point, premises: Premises, told: set[int]) -> Cells:
    cells: Cells = {
        "point": point.key,
        "quantity": point.quantity,
        "phase": point.phase,
        "place": point.place,
    }
    circuit = point.circuit
    if circuit is None or circuit.panel.premises_id != premises.pk:
        return cells
    about = {"circuit": circuit.name} if circuit.pk in told else _about_circuit(circuit)
    told.add(circuit.pk)
    return cells | {"panel": circuit.panel.name} | about


def _about_circuit(circuit: Circuit) -> Cells:
    return {
        "circuit": circuit.name,
        "isolator": circuit.isolator,
        "rated_current_a": circuit.rated_current_a,
    }


def _cell(name: str, value: Any) -> str:
    match value:
        case None:
            return ""
        case date():
            return f"{CLOSED_UNTIL}{value.isoformat()}"
        case float():
            return repr(value).removesuffix(".0")
    return str(value) if name in PLAIN else written(str(value))
