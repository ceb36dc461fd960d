"""What an import changes, as people read it: by premises, in the order of the file, in their language.

A line is as wide as it looks: a Chinese character takes two columns of a terminal. No secret is in what is told.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from flameblue.people import registry_words as said
from flameblue.people.registry import Report
from flameblue.people.registry_columns import COLUMNS
from flameblue.people.registry_devices import CREDENTIAL_LOST
from flameblue.people.registry_ledger import Change
from flameblue.people.registry_speech import ENGLISH
from flameblue.people.registry_wishes import Key

WIDTH = 80
ERRORS_SHOWN_MAX = 100
NEW, CHANGED, SAME = "+", "~", "="
BOLD, DIM, COLOURS, PLAIN = "\x1b[1m", "\x1b[2m", {NEW: "\x1b[32m", CHANGED: "\x1b[33m"}, "\x1b[0m"
Field = tuple[str, Any, Any]
MARKS = "  "  # before what belongs to a place; twice before its fields
THINGS: Mapping[str, Promise] = {
    "site": gettext_lazy("site"),
    "premises": gettext_lazy("premises"),
    "person": gettext_lazy("person"),
    "contact": gettext_lazy("contact"),
    "panel": gettext_lazy("panel"),
    "circuit": gettext_lazy("circuit"),
    "device": gettext_lazy("device"),
    "point": gettext_lazy("point"),
}
NOTES: Mapping[str, Promise] = {CREDENTIAL_LOST: gettext_lazy("its credential must be set anew")}
FIELDS: Mapping[str, Promise] = {
    "name": gettext_lazy("name"),
    "person": gettext_lazy("person"),
    "retired": gettext_lazy("retired"),
}
COLUMN_OF = {  # fields that a column is called otherwise than
    "serial": "device_serial",
    "credential_hash": "credential",
    "closed_until": "season",
    "key": "point",
}


@dataclass(frozen=True, slots=True)
class Look:
    """How it is shown."""

    language: str = ENGLISH
    width: int = WIDTH
    is_coloured: bool = False


def lines(report: Report, look: Look) -> Iterator[str]:
    """The report without its errors, line by line; the last line counts."""
    with translation.override(look.language):
        if not report.changes:
            yield _("Nothing to change.")
            return
        by_place: dict[Key, list[Change]] = defaultdict(list)
        for change in report.changes:
            by_place[change.place].append(change)
        for place in dict.fromkeys((*report.places, *by_place)):
            if by_place[place]:
                yield from _place(place, by_place[place], report.same.get(place, 0), look)
                yield ""
        yield _counted(report)


def errors(report: Report, look: Look) -> list[str]:
    """The first errors; a file that is wrong throughout would bury what to do first."""
    shown = list(report.errors[:ERRORS_SHOWN_MAX])
    more = len(report.errors) - len(shown)
    with translation.override(look.language):
        return [*shown, _("And %(n)s errors more.") % {"n": f"{more:,}"}] if more else shown


def of_refused(look: Look) -> str:
    """What is said below errors."""
    with translation.override(look.language):
        return _("Nothing was changed.")


def of_done(look: Look) -> str:
    """What is said once the running Flameblue has taken the changes."""
    with translation.override(look.language):
        return _("Done. The running Flameblue knows it.")


def of_dry_run(look: Look) -> str:
    """What is said below a report that was only tried."""
    with translation.override(look.language):
        return _("Nothing was changed: this was a dry run.")


def as_json(report: Report, *, is_dry_run: bool) -> dict[str, Any]:
    """The same for programs, with the names of columns; `changed`: something was written."""
    return {
        "changed": bool(report.changes) and not is_dry_run,
        "added_count": _count(report, is_new=True),
        "changed_count": _count(report, is_new=False),
        "unchanged_count": sum(report.same.values()),
        "changes": [
            {
                "place": list(change.place),
                "thing": change.thing,
                "name": change.whole_name,
                "new": change.is_new,
                "fields": {
                    COLUMN_OF.get(name, name): {"before": before, "after": after}
                    for name, before, after in change.fields
                },
                "note": change.note,
            }
            for change in report.changes
        ],
        "notes": list(report.notes),
        "errors": list(report.errors),
    }


def wide(text: str) -> int:
    """How many columns of a terminal `text` takes."""
    return sum(_cells(character) for character in text)


def _cells(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _place(place: Key, changes: Sequence[Change], same: int, look: Look) -> Iterator[str]:
    yield _painted(" · ".join(_visible(part) for part in place) or _("people"), BOLD, look)
    for _device, found in groupby(changes, _points_of):
        group = list(found)
        head, body = _alone(group[0], look) if len(group) == 1 else _together(group, look)
        mark = NEW if group[0].is_new else CHANGED
        for number, line in enumerate(_wrapped(head, MARKS * 2, look.width)):
            shown = line if number else f"{MARKS}{mark} {line.strip()}"
            yield _painted(shown, COLOURS[mark], look)
        for text in body:
            yield from _wrapped(text, MARKS * 3, look.width)
    if same:
        counted = _("%(n)d unchanged") % {"n": same}
        yield _painted(f"{MARKS}{SAME} {counted}", DIM, look)


def _points_of(change: Change) -> tuple[str, int]:
    """What is told together: the new points of one device."""
    if change.is_new and change.thing == "point":
        return change.name.rpartition("/")[0], 0
    return "", id(change)


def _alone(change: Change, look: Look) -> tuple[str, list[str]]:
    head = " ".join(part for part in (_thing(change.thing), _visible(change.name)) if part)
    fields = [_field(change, *one, look=look) for one in change.fields]
    if change.is_new:
        texts = [f"{label} {text}" for label, text in fields if text != change.name]
        return head, [
            ", ".join(texts + [_note(change.note)] * bool(change.note))
        ] if texts or change.note else []
    widest = max(wide(label) for label, _text in fields)
    return head, [f"{label}{' ' * (widest - wide(label))}  {text}" for label, text in fields]


def _together(group: Sequence[Change], look: Look) -> tuple[str, list[str]]:
    """Many new points of one device: their keys, each with what is its own, and what they have in common."""
    device = group[0].name.rpartition("/")[0]
    shared = [one for one in group[0].fields if all(one in other.fields for other in group)]
    keys = ", ".join(_point(change, shared, look) for change in group)
    head = _("%(n)d points of %(device)s: %(keys)s") % {
        "n": len(group),
        "device": _visible(device),
        "keys": keys,
    }
    texts = [" ".join(_field(group[0], *one, look=look)) for one in shared]
    return head, [", ".join(texts)] if texts else []


def _point(change: Change, shared: Sequence[Field], look: Look) -> str:
    """The key of a point, and what it does not share with the others."""
    key = change.name.rpartition("/")[2]
    own = [
        _field(change, *one, look=look)[1]
        for one in change.fields
        if one not in shared and one[0] != "key" and one[2] not in (None, "")
    ]
    if not own:
        return _visible(key)
    return _("%(key)s (%(what)s)") % {"key": _visible(key), "what": ", ".join(own)}


def _field(change: Change, name: str, before: Any, after: Any, *, look: Look) -> tuple[str, str]:
    """(label, what it says) of one field."""
    column = COLUMN_OF.get(name, name)
    label = COLUMNS[column].heading(look.language) if column in COLUMNS else str(FIELDS.get(name, name))
    was, now = (_value(column, value, change.place, look.language) for value in (before, after))
    if change.is_new:
        return label, now
    if column == "credential":
        return label, _("replaced")
    return label, f"{was} → {now}" if was != now else _("%(value)s, with other digits") % {"value": now}


def _value(column: str, value: Any, place: Key, language: str) -> str:
    if column == "season":
        return said.season_said(value, language)
    if value in (None, ""):
        return _("(empty)")
    if value is True or value is False:
        return _("yes") if value else _("no")
    text = f"{value:g}" if isinstance(value, float) and value == round(value, 4) else str(value)
    if column in ("circuit", "person", "premises") and place:
        text = text.removeprefix(f"{place[-1]} ")
    return _visible(said.said(column, text, language))


def _note(text: str) -> str:
    return str(NOTES.get(text, text))


def _thing(word: str) -> str:
    return str(THINGS.get(word, word))


def _visible(text: str) -> str:
    """Nothing that steers a terminal."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


def _wrapped(text: str, indent: str, width: int) -> Iterator[str]:
    """`text` in lines of `width`, broken at blanks, or where there is none."""
    line, room = "", width - len(indent)
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        if wide(joined) <= room:
            line = joined
            continue
        if line:
            yield indent + line
        *whole, line = _cut(word, room)
        for part in whole:
            yield indent + part
    yield indent + line


def _cut(word: str, room: int) -> list[str]:
    parts = [""]
    for character in word:
        if wide(parts[-1]) + _cells(character) > room:
            parts.append("")
        parts[-1] += character
    return parts


def _painted(text: str, colour: str, look: Look) -> str:
    return f"{colour}{text}{PLAIN}" if look.is_coloured else text


def _count(report: Report, *, is_new: bool) -> int:
    return sum(change.is_new == is_new for change in report.changes)


def _counted(report: Report) -> str:
    return _("%(added)d added, %(changed)d changed, %(same)d unchanged.") % {
        "added": _count(report, is_new=True),
        "changed": _count(report, is_new=False),
        "same": sum(report.same.values()),
    }
