"""Readings as a table that Excel opens: UTF-8 with its mark, times of the site, one row a reading or bucket.

A text that a spreadsheet would take for a formula is written with an apostrophe before it. Rows are made while they are
sent, a few hours of readings at a time.
"""

import csv
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from zoneinfo import ZoneInfo

from asgiref.sync import sync_to_async
from django.db import close_old_connections
from django.utils import translation
from django.utils.translation import gettext as _

from flameblue.domain.clock import to_datetime
from flameblue.domain.errors import BadInput
from flameblue.domain.limits import CHART_POINTS_MAX, CSV_RAW_DAYS_MAX, DAY_NS, SECOND_NS
from flameblue.domain.quantities import NO_VALUE, QUANTITIES
from flameblue.fleet.models import Point
from flameblue.web import readings, sentences, words
from flameblue.web.series import Question

MARK = "\ufeff"
PIECE_ROWS = 4_096
PIECE_NS = 6 * 3_600 * SECOND_NS
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")


class _Echo:
    def write(self, text: str) -> str:
        return text


def safe(text: str) -> str:
    """`text` as no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(DANGEROUS) else text


def check(asked: Question, *, raw: bool) -> None:
    """BadInput where every reading of more than CSV_RAW_DAYS_MAX days is asked for."""
    if raw and asked.to_ns - asked.from_ns > CSV_RAW_DAYS_MAX * DAY_NS:
        raise BadInput(
            f"Every reading can be had of {CSV_RAW_DAYS_MAX} days at most; ask for buckets beyond."
        )


def lines(asked: Question, zone: ZoneInfo, *, raw: bool) -> Iterator[str]:
    """The lines of the file."""
    writer = csv.writer(_Echo())
    measured = [_("Value")] if raw else [_("Lowest"), _("Highest")]
    head = [_("Time"), _("Panel"), _("Where"), _("Phase"), _("Quantity"), _("Unit"), *measured]
    yield MARK + str(writer.writerow(head))
    for at_ns, point, values in _raw(asked) if raw else _bucketed(asked):
        when = to_datetime(at_ns).astimezone(zone).isoformat(sep=" ", timespec="milliseconds")
        yield str(writer.writerow([when, *_place(point), *values]))


async def pieces(rows: Iterator[str], language: str) -> AsyncIterator[str]:
    """`rows` some thousand at a time, made in another thread while the one before is sent."""

    def piece() -> str:
        with translation.override(language):
            try:
                return "".join(islice(rows, PIECE_ROWS))
            finally:
                close_old_connections()

    make = sync_to_async(piece)
    while text := await make():
        yield text


def _place(point: Point) -> list[str]:
    panel = point.circuit.panel.name if point.circuit else ""
    where = sentences.where(point.place, point.circuit.name if point.circuit else "") or point.device.name
    unit = QUANTITIES[point.quantity].unit
    texts = (panel, where, point.phase, words.word(words.QUANTITIES, point.quantity), unit)
    return [safe(text) for text in texts]


def _raw(asked: Question) -> Iterator[tuple[int, Point, list[str]]]:
    scale = QUANTITIES[asked.quantity].steps_per_unit
    for from_ns in range(asked.from_ns, asked.to_ns + 1, PIECE_NS):
        for point, at_ns, steps in _piece(asked, from_ns):
            if steps != NO_VALUE:
                yield at_ns, point, [f"{steps / scale:g}"]


def _piece(asked: Question, from_ns: int) -> Iterator[tuple[Point, int, int]]:
    to_ns = min(from_ns + PIECE_NS - 1, asked.to_ns)
    with readings.memory() as known:
        found = known.raw([point.pk for point in asked.points], from_ns, to_ns) if known else {}
    for point in asked.points:
        at_ns, steps = found.get(point.pk, ((), ()))
        yield from ((point, int(at), int(step)) for at, step in zip(at_ns, steps, strict=True))


def _bucketed(asked: Question) -> Iterator[tuple[int, Point, list[str]]]:
    found = readings.traces(asked.points, asked.from_ns, asked.to_ns, CHART_POINTS_MAX)
    for point in asked.points:
        if point.pk in found:
            trace = found[point.pk]
            for at, low, high in zip(trace.at_ns, trace.low, trace.high, strict=True):
                yield at, point, [f"{low:g}", f"{high:g}"]
