"""The registry as a table that imports as it is, changing nothing.

What belongs to premises, a circuit or a device stands in the first row that names it, so that it is edited in one
place. Retired points are left out. The column `station` is there where there is more than one station.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Prefetch
from django.utils.translation import gettext as _

from flameblue.fleet.models import Circuit, Device, Panel, Point, Premises, Station
from flameblue.people.models import Contact, Person
from flameblue.people.registry_cells import COLUMNS, READERS, STATION, written
from flameblue.people.registry_columns import COLUMNS as TOLD
from flameblue.people.registry_columns import called
from flameblue.people.registry_speech import ENGLISH
from flameblue.people.registry_words import OPEN, SAID, SET, said, season_said

Cells = dict[str, Any]
PLAIN = frozenset({"phone", "phone2"})  # a leading + is part of them
NO_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # no file format takes them


@dataclass
class Exported:
    """Columns, and row by row the text of each cell. `notes`: what a file can't hold as it is."""

    language: str
    columns: list[str]
    rows: list[list[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def headings(self) -> list[str]:
        return [TOLD[name].heading(self.language) for name in self.columns]


def table(language: str = ENGLISH) -> Exported:
    """The whole registry, with headings and words of closed sets in `language`."""
    columns = [*COLUMNS, STATION] if Station.objects.count() > 1 else list(COLUMNS)
    found = Exported(language, columns)
    named: set[int] = set()
    for premises in _premises():
        for cells in _rows(premises):
            if premises.site_id not in named:
                cells[STATION] = premises.site.station.name
                named.add(premises.site_id)
            texts = {name: _text(name, cells.get(name), language) for name in columns}
            found.rows.append(list(texts.values()))
            found.notes.extend(_spoilt(str(premises), texts, cells))
    return found


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
        cells |= {
            "contact2": people[2].name,
            "phone2": people[2].phone,
            "language2": people[2].language,
        }
    return cells


def _inside(premises: Premises) -> Iterator[Cells]:
    """A row a point; then what has no point: devices, circuits, panels."""
    told: set[int] = set()
    for device in premises.devices.all():
        about: Cells = {
            "device_serial": device.serial,
            "device_address": device.device_address,
            "networks": device.networks,
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


def _text(name: str, value: Any, language: str) -> str:
    """What the cell says; empty where nothing is known."""
    if name == "season" and value is not None:
        return season_said(None if value == OPEN else value, language)
    if value in (None, ""):
        return ""
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    if name in SAID:
        return said(name, value, language)
    plain = NO_TEXT.sub("\ufffd", str(value))
    return plain if name in PLAIN else written(plain)


def _spoilt(premises: str, texts: dict[str, str], cells: Cells) -> Iterator[str]:
    """What would not be read as it is: such a value came from elsewhere than a file."""
    for name, text in texts.items():
        if not text:
            continue
        try:
            stripped = text.strip()
            same = bool(stripped) and READERS[name](stripped) == _meant(name, cells[name])
            why = _("a file can't hold it as it is")
        except ValueError as error:
            same, why = False, str(error)
        if not same:
            told = {"premises": premises, "column": called(name), "why": why}
            yield (
                _(
                    "%(premises)s, %(column)s: %(why)s. Change it on the admin page; an import would not take it."
                )
                % told
            )


def _meant(name: str, value: Any) -> Any:
    return None if name == "season" and value == OPEN else value
