"""Pages of a long list, by the row at which they begin: the last page costs what the first does.

Invariant: the fields of the order are never null and together name one row; an index holds them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Model, Q, QuerySet

from flameblue.domain.limits import COUNTED_MAX, FLEET_ROWS

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Place:
    """Where in the list: after the row with this id, or before it; neither: at the beginning."""

    after: int | None = None
    before: int | None = None


@dataclass(frozen=True)
class Page(Generic[M]):
    """`before` and `after` are the ids that the neighbouring pages are asked for by; None: there is none."""

    rows: list[M]
    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class Bounded:
    """How many there are; `is_more`: at least so many."""

    n: int
    is_more: bool


def page(found: QuerySet[M], order: Sequence[str], place: Place, size: int = FLEET_ROWS) -> Page[M]:
    """The rows of `found` at `place` in the order of the fields `order`."""
    backwards = place.before is not None
    start = _values(found, order, place.before if backwards else place.after)
    names = [f"-{name}" for name in order] if backwards else list(order)
    asked = found if start is None else found.filter(beyond(order, start, "lt" if backwards else "gt"))
    rows = list(asked.order_by(*names)[: size + 1])
    is_more, rows = len(rows) > size, rows[:size]
    if backwards:
        rows.reverse()
    has_before = is_more if backwards else start is not None
    has_after = backwards or is_more
    return Page(
        rows=rows,
        before=rows[0].pk if rows and has_before else None,
        after=rows[-1].pk if rows and has_after else None,
    )


def beyond(order: Sequence[str], values: Sequence[Any], way: str) -> Q:
    """What stands behind `values`; its first condition alone bounds an index."""
    name, value = order[0], values[0]
    further = Q(**{f"{name}__{way}": value})
    if len(order) == 1:
        return further
    return Q(**{f"{name}__{way}e": value}) & (further | beyond(order[1:], values[1:], way))


def count(found: QuerySet[M], most: int = COUNTED_MAX) -> Bounded:
    """How many rows, counted up to `most`."""
    n = found.order_by()[: most + 1].count()
    return Bounded(min(n, most), n > most)


def _values(found: QuerySet[M], order: Sequence[str], row: int | None) -> tuple[Any, ...] | None:
    if row is None:
        return None
    return found.model._default_manager.filter(pk=row).values_list(*order).first()
