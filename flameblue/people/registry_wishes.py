"""The rows of a registry file add up to wishes: what each thing that they name shall be. Pure.

Many rows speak of one thing. An empty cell says nothing; two cells that say different things are a trouble.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from flameblue.people.registry_cells import STATION
from flameblue.people.registry_reading import Row, Trouble
from flameblue.people.registry_speech import asked
from flameblue.people.registry_words import said as word
from flameblue.people.registry_words import season_said

Key = tuple[str, ...]
OWNER, SECOND = "1", "2"  # the orders of contacts, as they stand in a key
PREMISES = ("short_name", "kind", "address", "latitude", "longitude", "key_holder", "season")
CIRCUIT = ("isolator", "rated_current_a")
DEVICE = ("device_serial", "device_address", "networks", "profile", "credential")
POINT = ("quantity", "phase", "place")
CONTACTS = {
    OWNER: {"owner": "name", "phone": "phone", "language": "language"},
    SECOND: {"contact2": "name", "phone2": "phone", "language2": "language"},
}


@dataclass(frozen=True, slots=True)
class Said:
    """A value, and where it stands."""

    value: Any
    row: int
    column: str


@dataclass(slots=True)
class Wish:
    """What one thing shall be; `row` is the first that names it."""

    row: int
    said: dict[str, Said] = field(default_factory=dict)

    def get(self, name: str) -> Any:
        """The value, or None where nothing was said."""
        return self.said[name].value if name in self.said else None

    def where(self, name: str, column: str) -> tuple[int, str]:
        """Where `name` stands, else where it is missed."""
        one = self.said.get(name)
        return (one.row, one.column) if one else (self.row, column)


@dataclass
class Wishes:
    """By key: site · site, premises · … panel · … circuit · device · device, point · site, premises, order.

    A device's `points` (True) means that a row stops at the device and speaks for all its points that no
    other row names; `circuit` and `place` are what it says of them.
    """

    sites: dict[Key, Wish] = field(default_factory=dict)
    premises: dict[Key, Wish] = field(default_factory=dict)
    contacts: dict[Key, Wish] = field(default_factory=dict)
    panels: dict[Key, Wish] = field(default_factory=dict)
    circuits: dict[Key, Wish] = field(default_factory=dict)
    devices: dict[Key, Wish] = field(default_factory=dict)
    points: dict[Key, Wish] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)


def gather(rows: Iterable[Row]) -> Wishes:
    """The wishes of `rows`, in the order in which they are first named."""
    wishes = Wishes()
    for row in rows:
        _places(wishes, row)
        if "device" in row.cells:
            _device(wishes, row)
    return wishes


def _places(wishes: Wishes, row: Row) -> None:
    cells = row.cells
    site, premises = (cells["site"],), (cells["site"], cells["premises"])
    _say(wishes, wishes.sites.setdefault(site, Wish(row.number)), row, {STATION: STATION})
    _say(wishes, wishes.premises.setdefault(premises, Wish(row.number)), row, _same(PREMISES))
    for order, columns in CONTACTS.items():
        if any(column in cells for column in columns):
            wish = wishes.contacts.setdefault((*premises, order), Wish(row.number))
            _say(wishes, wish, row, columns)
    if "panel" in cells:
        panel = (*premises, cells["panel"])
        wishes.panels.setdefault(panel, Wish(row.number))
        if "circuit" in cells:
            circuit = wishes.circuits.setdefault((*panel, cells["circuit"]), Wish(row.number))
            _say(wishes, circuit, row, _same(CIRCUIT))


def _device(wishes: Wishes, row: Row) -> None:
    cells = row.cells
    premises = (cells["site"], cells["premises"])
    device = wishes.devices.setdefault((cells["device"],), Wish(row.number))
    _say(wishes, device, row, _same(DEVICE))
    _put(wishes, device, "premises", Said(premises, row.number, "premises"))
    target, columns = device, _same(("place",))
    if "point" in cells:
        target = wishes.points.setdefault((cells["device"], cells["point"]), Wish(row.number))
        columns = _same(POINT)
    else:
        _put(wishes, device, "points", Said(True, row.number, "point"))
    _say(wishes, target, row, columns)
    if "circuit" in cells:
        circuit = (*premises, cells["panel"], cells["circuit"])
        _put(wishes, target, "circuit", Said(circuit, row.number, "circuit"))


def _same(columns: Iterable[str]) -> dict[str, str]:
    return {column: column for column in columns}


def _say(wishes: Wishes, wish: Wish, row: Row, columns: dict[str, str]) -> None:
    for column, name in columns.items():
        if column in row.cells:
            _put(wishes, wish, name, Said(row.cells[column], row.number, column))


def _put(wishes: Wishes, wish: Wish, name: str, said: Said) -> None:
    known = wish.said.setdefault(name, said)
    if known.value == said.value:
        return
    if name == "credential":
        why = _("row %(row)d gives the same device another credential") % {"row": known.row}
    else:
        told = {"said": shown_of(said), "row": known.row, "other": shown_of(known)}
        why = _("it says %(said)s, but row %(row)d says %(other)s of the same thing") % told
    wishes.troubles.append(Trouble(said.row, said.column, why))


def shown_of(said: Said) -> str:
    """What a cell says, in the words of whoever asks."""
    if said.column == "season":
        return season_said(said.value, asked())
    if isinstance(said.value, tuple):
        return " ".join(said.value)
    return word(said.column, str(said.value), asked())
