"""What an import does: a change to read and an audit entry for each thing, and what is wrong."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from django.db.models import Model

from flameblue.fleet import audit
from flameblue.fleet.audit import Deed
from flameblue.fleet.keeping import Hand
from flameblue.fleet.models import Circuit, Device, Panel, Point, Premises, Site
from flameblue.people.models import Contact
from flameblue.people.registry_reading import Trouble
from flameblue.people.registry_wishes import Key

M = TypeVar("M", bound=Model)
BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one thing. `place`: its site and premises, or the site alone; `name`: the thing within them.

    `fields` are (field, before, after) as everybody may read them: no secret, no whole phone number.
    """

    place: Key
    thing: str
    name: str
    whole_name: str
    is_new: bool
    fields: tuple[tuple[str, Any, Any], ...] = ()
    note: str = ""

    @property
    def line(self) -> str:
        """The change in one line."""
        if self.is_new:
            return f"{self.thing} {self.whole_name}: new{self.note and ', '}{self.note}"
        texts = [f"{name} {_text(before)} → {_text(after)}" for name, before, after in self.fields]
        return f"{self.thing} {self.whole_name}: {', '.join(texts)}"


@dataclass
class Ledger:
    """Collects; writes nothing but the audit, at the end. `same` counts, by place, what is as it is wished."""

    hand: Hand
    troubles: list[Trouble]
    changes: list[Change] = field(default_factory=list)
    same: Counter[Key] = field(default_factory=Counter)
    deeds: list[tuple[Model, Deed]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._unread = {trouble.column for trouble in self.troubles}

    def wrong(self, where: tuple[int, str], why: str) -> None:
        """What the cell at `where` says can't be."""
        self.troubles.append(Trouble(*where, why))

    def missing(self, where: tuple[int, str], why: str) -> None:
        """A cell should say something; not told where cells of its column could not be read."""
        if where[1] not in self._unread:
            self.wrong(where, why)

    def added(self, thing: Model, values: Mapping[str, Any], at: Key | None, note: str = "") -> None:
        """`thing` is new, with `values`."""
        word, place = str(thing._meta.verbose_name), place_of(thing) if at is None else at
        told = [
            (name, "", audit.readable(name, value)) for name, value in values.items() if name != "premises"
        ]
        said = tuple(one for one in told if one[2] not in (None, ""))
        self.changes.append(Change(place, word, _within(thing, place), str(thing), True, said, note))
        self.deeds.append((thing, Deed(f"added {word}", str(thing), {"reason": self.hand.reason})))

    def changed(self, thing: Model, changes: Mapping[str, tuple[Any, Any]], at: Key | None) -> None:
        """`thing` differs; `changes` are {field: (before, after)}."""
        word, place = str(thing._meta.verbose_name), place_of(thing) if at is None else at
        told = {
            name: [audit.readable(name, before), audit.readable(name, after)]
            for name, (before, after) in changes.items()
        }
        said = tuple((name, before, after) for name, (before, after) in told.items())
        self.changes.append(Change(place, word, _within(thing, place), str(thing), False, said))
        deed = Deed(f"changed {word}", str(thing), {"changes": told, "reason": self.hand.reason})
        self.deeds.append((thing, deed))

    def unchanged(self, thing: Model, at: Key | None) -> None:
        """`thing` is as the file wishes it."""
        self.same[place_of(thing) if at is None else at] += 1

    def write(self) -> None:
        """The audit's entries, once what is new has its id."""
        deeds = [replace(deed, thing=audit.thing_of(thing)) for thing, deed in self.deeds]
        audit.record_all(self.hand.by, deeds, self.hand.now)


@dataclass
class Settling:
    """Makes things be as they are wished: new ones in bulk, known ones where they differ."""

    ledger: Ledger
    new: list[Model] = field(default_factory=list)
    differing: list[tuple[Model, list[str]]] = field(default_factory=list)

    def add(self, thing: Model, values: Mapping[str, Any], *, at: Key | None = None, note: str = "") -> None:
        """`thing` is new and has `values` too; it is told of at its own place where `at` names no other."""
        for name, value in values.items():
            setattr(thing, name, value)
        self.new.append(thing)
        self.ledger.added(thing, values, at, note)

    def change(self, thing: Model, values: Mapping[str, Any], *, at: Key | None = None) -> None:
        """`thing` is known; where it has other values than `values` it is changed."""
        changes = {
            name: (getattr(thing, name), value)
            for name, value in values.items()
            if getattr(thing, name) != value
        }
        if not changes:
            self.ledger.unchanged(thing, at)
            return
        for name, (_, value) in changes.items():
            setattr(thing, name, value)
        self.differing.append((thing, list(changes)))
        self.ledger.changed(thing, changes, at)

    def write(self) -> None:
        """Into the database."""
        if self.new:
            type(self.new[0])._default_manager.bulk_create(self.new, batch_size=BATCH)
        for thing, names in self.differing:
            thing.save(update_fields=names)


def by_key(things: Iterable[M], key: Callable[[M], Key]) -> dict[Key, M]:
    """`things` by `key`."""
    return {key(thing): thing for thing in things}


def place_of(thing: Model) -> Key:
    """The site and premises that `thing` belongs to, or the site alone; () for what has no place of its own."""
    match thing:
        case Site():
            return (thing.name,)
        case Premises():
            return (thing.site.name, thing.name)
        case Panel() | Device() | Contact():
            return place_of(thing.premises)
        case Circuit():
            return place_of(thing.panel)
        case Point():
            return place_of(thing.device)
    return ()


def _within(thing: Model, place: Key) -> str:
    """Its name, without the place's own."""
    if isinstance(thing, Site | Premises):
        return ""
    if isinstance(thing, Contact):
        return thing.person.name
    return str(thing).removeprefix(f"{place[-1]} ") if place else str(thing)


def _text(value: Any) -> str:
    return "(empty)" if value in (None, "") else str(value)
