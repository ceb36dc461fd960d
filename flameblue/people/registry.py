"""The registry as a file: what is watched and who is called, as one CSV that Excel can edit.

An import is idempotent and all or nothing; an empty cell changes nothing; a dry run tells what would change.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from flameblue.domain.errors import BadInput
from flameblue.domain.limits import IMPORT_BYTES_MAX
from flameblue.fleet import point_table, shelf
from flameblue.fleet.keeping import Hand
from flameblue.people import registry_exporting
from flameblue.people.registry_columns import called
from flameblue.people.registry_contacts import settle_contacts
from flameblue.people.registry_devices import settle_devices
from flameblue.people.registry_ledger import Change, Ledger
from flameblue.people.registry_places import settle_places
from flameblue.people.registry_reading import Trouble, read
from flameblue.people.registry_speech import ENGLISH, either
from flameblue.people.registry_wishes import Key, gather
from flameblue.people.registry_writing import csv_bytes, xlsx_bytes

WRITERS = {".csv": csv_bytes, ".xlsx": xlsx_bytes}


@dataclass(frozen=True)
class Report:
    """Each thing that changed or would change, and how many are as wished, by place; with `errors`, none was changed.

    `places` are in the order of the file; `notes` say what is to be known besides.
    """

    changes: tuple[Change, ...] = ()
    errors: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    places: tuple[Key, ...] = ()
    same: Mapping[Key, int] = field(default_factory=dict)

    @property
    def lines(self) -> tuple[str, ...]:
        """The changes, a line for each."""
        return tuple(change.line for change in self.changes)


def import_file(path: Path, now: datetime, by: str, dry_run: bool = False) -> Report:
    """Reads the registry file `path`; BadInput when it can't be opened. Errors are in the active language."""
    try:
        with path.open("rb") as file:
            data = file.read(IMPORT_BYTES_MAX + 1)
    except OSError as error:
        said = {"path": path, "why": error.strerror}
        raise BadInput(_("The file %(path)s can't be read: %(why)s.") % said) from error
    return import_bytes(data, Hand(by, now, f"import of {path.name}"), dry_run=dry_run)


def import_bytes(data: bytes, hand: Hand, *, dry_run: bool = False) -> Report:
    """Makes everything as the file wishes it, or, with any error or in a dry run, nothing."""
    reading = read(data)
    wishes = gather(reading.rows)
    ledger = Ledger(hand, [*reading.troubles, *wishes.troubles])
    with transaction.atomic():
        places = settle_places(wishes, ledger)
        settle_contacts(wishes, ledger, places.premises)
        settle_devices(wishes, ledger, places, shelf.profiles())
        if ledger.troubles or dry_run:
            transaction.set_rollback(True)
        elif ledger.changes:
            ledger.write()
            if not point_table.refresh(shelf.profiles(), hand.now):
                point_table.announce(hand.now)
    notes = tuple(reading.notes)
    if ledger.troubles:
        return Report(errors=_errors(ledger.troubles, reading.headings), notes=notes)
    named = tuple(dict.fromkeys(place for key in wishes.premises for place in (key[:1], key)))
    return Report(tuple(ledger.changes), (), notes, named, ledger.same)


def _errors(troubles: list[Trouble], headings: Mapping[str, str]) -> tuple[str, ...]:
    """In the order of the rows, each once; a column is called as the file calls it, else as its reader does."""
    ordered = sorted(troubles, key=lambda trouble: trouble.row)
    named = (replace(one, column=headings.get(one.column) or called(one.column)) for one in ordered)
    return tuple(dict.fromkeys(str(trouble) for trouble in named))


def export_file(path: Path, language: str = ENGLISH) -> list[str]:
    """Writes the registry to `path`, as its name says: .csv (UTF-8 with a byte order mark, for Excel) or .xlsx.

    Returns what the file can't hold as it is; BadInput where it can't be written.
    """
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        said = {"path": path, "endings": either(WRITERS)}
        raise BadInput(_("The file %(path)s must end in %(endings)s, which says how it is written.") % said)
    exported = registry_exporting.table(language)
    try:
        path.write_bytes(writer(exported))
    except OSError as error:
        why = {"path": path, "why": error.strerror}
        raise BadInput(_("The file %(path)s can't be written: %(why)s.") % why) from error
    return exported.notes
