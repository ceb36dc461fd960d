"""Counts from before Flameblue, read from a CSV file: month, kind, number, source. Pure.

Invariant: a file is taken whole or not at all; every error names its row.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from flameblue.domain.errors import BadInput
from flameblue.domain.limits import OLD_COUNT_MAX, OLD_COUNTS_ROWS_MAX
from flameblue.fleet import periods
from flameblue.people.registry_speech import CHINESE, asked, listed
from flameblue.people.registry_text import why_no_csv

HEADINGS: Mapping[str, str] = {
    **dict.fromkeys(("month", "月份", "月"), "month"),
    **dict.fromkeys(("kind", "类别", "类型", "种类"), "kind"),
    **dict.fromkeys(("number", "数量", "次数", "起数"), "number"),
    **dict.fromkeys(("source", "来源", "出处"), "source"),
}
KINDS: Mapping[str, str] = {
    **dict.fromkeys(("leakage", "漏电", "剩余电流", "漏电流"), "leakage"),
    **dict.fromkeys(("heat", "over-temperature", "过热", "超温", "温度"), "heat"),
    **dict.fromkeys(("load", "overload", "过载"), "load"),
    **dict.fromkeys(("voltage", "电压"), "voltage"),
    **dict.fromkeys(("arc", "电弧", "故障电弧"), "arc"),
    **dict.fromkeys(("silence", "no data", "失联", "无数据"), "silence"),
    **dict.fromkeys(("equipment", "设备故障"), "equipment"),
}
SOURCE_CHARACTERS_MAX = 120


def _called(words: Mapping[str, str], meant: str) -> str:
    """The word for `meant` in the language of who asks: itself, or the first Chinese one of `words`."""
    said = [word for word, meaning in words.items() if meaning == meant]
    return next((word for word in said if not word.isascii()), meant) if asked() == CHINESE else meant


@dataclass(frozen=True, slots=True)
class Counted:
    """One row."""

    month: date
    kind: str
    number: int
    source: str


def read(text: str) -> list[Counted]:
    """The rows of `text`; BadInput, a sentence, for the first thing that is wrong."""
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        columns = _columns(next(rows, []))
        return list(_counted(rows, columns))
    except csv.Error as error:
        raise BadInput(
            _("Row %(row)d is not CSV: %(why)s.") % {"row": rows.line_num, "why": why_no_csv(error)}
        ) from error


def _columns(heading: list[str]) -> dict[str, int]:
    found = {
        HEADINGS[name]: at for at, cell in enumerate(heading) if (name := cell.strip().lower()) in HEADINGS
    }
    if missing := [name for name in ("month", "kind", "number", "source") if name not in found]:
        names = listed(_called(HEADINGS, name) for name in missing)
        raise BadInput(_("The heading lacks %(names)s.") % {"names": names})
    return found


def _counted(rows: Iterator[list[str]], columns: Mapping[str, int]) -> Iterator[Counted]:
    seen: dict[tuple[date, str, str], int] = {}
    for number, row in enumerate(rows, 2):
        if not any(cell.strip() for cell in row):
            continue
        if number > OLD_COUNTS_ROWS_MAX + 1:
            raise BadInput(_("There are more than %(n)d rows.") % {"n": OLD_COUNTS_ROWS_MAX})
        cells = {name: row[at].strip() if at < len(row) else "" for name, at in columns.items()}
        one = _one(cells, number)
        key = (one.month, one.kind, one.source)
        if key in seen:
            raise BadInput(
                _("Row %(row)d says again what row %(first)d says.") % {"row": number, "first": seen[key]}
            )
        seen[key] = number
        yield one


def _one(cells: Mapping[str, str], row: int) -> Counted:
    period = periods.read(cells["month"])
    if period is None or not period.month:
        raise BadInput(
            _("Row %(row)d: “%(text)s” is no month like 2025-12.") % {"row": row, "text": cells["month"]}
        )
    kind = KINDS.get(cells["kind"].lower())
    if kind is None:
        known = listed(_called(KINDS, name) for name in sorted(set(KINDS.values())))
        raise BadInput(
            _("Row %(row)d: “%(text)s” is no kind; there are %(known)s.")
            % {"row": row, "text": cells["kind"], "known": known}
        )
    count = cells["number"]
    if not (count.isascii() and count.isdigit()) or len(count) > 9 or int(count) > OLD_COUNT_MAX:
        raise BadInput(
            _("Row %(row)d: “%(text)s” is no whole number up to %(most)d.")
            % {"row": row, "text": count, "most": OLD_COUNT_MAX}
        )
    source = cells["source"]
    if not source or len(source) > SOURCE_CHARACTERS_MAX:
        raise BadInput(
            _("Row %(row)d: the source is missing, or longer than %(most)d characters.")
            % {"row": row, "most": SOURCE_CHARACTERS_MAX}
        )
    return Counted(period.first, kind, int(count), source)
