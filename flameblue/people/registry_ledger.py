"""What an import does: a line to read and an audit entry for each thing, and what is wrong."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db.models import Model

from flameblue.fleet import audit
from flameblue.fleet.audit import Deed
from flameblue.fleet.keeping import Hand
from flameblue.people.registry_reading import Trouble
from flameblue.people.registry_wishes import Key

M = TypeVar("M", bound=Model)
BATCH = 1_000


@dataclass
class Ledger:
    """Collects; writes nothing but the audit, at the end."""

    hand: Hand
    troubles: list[Trouble]
    lines: list[str] = field(default_factory=list)
    deeds: list[Deed] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._unread = {trouble.column for trouble in self.troubles}

    def wrong(self, where: tuple[int, str], why: str) -> None:
        """What the cell at `where` says can't be."""
        self.troubles.append(Trouble(*where, why))

    def missing(self, where: tuple[int, str], why: str) -> None:
        """A cell should say something; not told where cells of its column could not be read."""
        if where[1] not in self._unread:
            self.wrong(where, why)

    def added(self, thing: Model, note: str = "") -> None:
        """`thing` is new."""
        word = str(thing._meta.verbose_name)
        self.lines.append(f"{word} {thing}: new{note and ', '}{note}")
        self.deeds.append(Deed(f"added {word}", str(thing), {"reason": self.hand.reason}))

    def changed(self, thing: Model, changes: Mapping[str, tuple[Any, Any]]) -> None:
        """`thing` differs; `changes` are {field: (before, after)}."""
        word = str(thing._meta.verbose_name)
        told = {
            name: [audit.readable(name, before), audit.readable(name, after)]
            for name, (before, after) in changes.items()
        }
        texts = [f"{name} {_text(before)} → {_text(after)}" for name, (before, after) in told.items()]
        self.lines.append(f"{word} {thing}: {', '.join(texts)}")
        self.deeds.append(Deed(f"changed {word}", str(thing), {"changes": told, "reason": self.hand.reason}))

    def write(self) -> None:
        """The audit's entries."""
        audit.record_all(self.hand.by, self.deeds, self.hand.now)


@dataclass
class Settling:
    """Makes things be as they are wished: new ones in bulk, known ones where they differ."""

    ledger: Ledger
    new: list[Model] = field(default_factory=list)
    differing: list[tuple[Model, list[str]]] = field(default_factory=list)

    def add(self, thing: Model, values: Mapping[str, Any], note: str = "") -> None:
        """`thing` is new and has `values` too."""
        for name, value in values.items():
            setattr(thing, name, value)
        self.new.append(thing)
        self.ledger.added(thing, note)

    def change(self, thing: Model, values: Mapping[str, Any]) -> None:
        """`thing` is known; where it has other values than `values` it is changed."""
        changes = {
            name: (getattr(thing, name), value)
            for name, value in values.items()
            if getattr(thing, name) != value
        }
        if not changes:
            return
        for name, (_, value) in changes.items():
            setattr(thing, name, value)
        self.differing.append((thing, list(changes)))
        self.ledger.changed(thing, changes)

    def write(self) -> None:
        """Into the database."""
        if self.new:
            type(self.new[0])._default_manager.bulk_create(self.new, batch_size=BATCH)
        for thing, names in self.differing:
            thing.save(update_fields=names)


def by_key(things: Iterable[M], key: Callable[[M], Key]) -> dict[Key, M]:
    """`things` by `key`."""
    return {key(thing): thing for thing in things}


def _text(value: Any) -> str:
    return "(empty)" if value in (None, "") else str(value)
