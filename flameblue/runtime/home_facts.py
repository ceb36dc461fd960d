"""What Home Assistant may know, read from the database: names of premises and circuits, open cases, silent points.

No person and no number: what looks like a phone number in a name is cut as in a message.
"""

from itertools import groupby

from django.utils import translation
from django.utils.translation import gettext as _

from flameblue.cases.announcing import told
from flameblue.cases.models import Alarm, Case, State
from flameblue.domain.limits import HOME_POINTS_MAX
from flameblue.domain.transitions import Level, Rule
from flameblue.fleet.models import Point
from flameblue.fleet.quantity_words import QUANTITIES
from flameblue.notices.texts.names import clean
from flameblue.runtime.home_assistant import PROBLEM, SAFETY, OpenCase, ShownPoint, ShownPremises


def words(language: str) -> dict[str, str]:
    """What the binary sensors of premises are called."""
    with translation.override(language):
        return {SAFETY: _("Electrical-fire warning"), PROBLEM: _("Detector fault")}


def premises(language: str) -> tuple[tuple[ShownPremises, ...], int]:
    """The equipped premises with their points, at most HOME_POINTS_MAX of these; how many points are left out."""
    points = (
        Point.objects.filter(retired=False, device__enabled=True)
        .select_related("device__premises__site", "circuit")
        .defer("row")
        .order_by("device__premises_id", "id")
    )
    with translation.override(language):
        found = tuple(
            ShownPremises(
                id=place.pk,
                name=clean(str(place)),
                points=tuple(ShownPoint(point.pk, _name(point), point.quantity) for point in group),
            )
            for place, group in groupby(points[:HOME_POINTS_MAX], key=lambda point: point.device.premises)
        )
    return found, max(0, points.count() - HOME_POINTS_MAX)


def _name(point: Point) -> str:
    where = clean(point.circuit.name if point.circuit is not None else point.place)
    said = str(QUANTITIES.get(point.quantity, point.quantity))
    return " ".join(filter(None, (where, point.phase, said)))


def open_cases() -> tuple[OpenCase, ...]:
    """Every open case of premises that people were told of."""
    rows = (
        Case.objects.exclude(state=State.CLOSED)
        .filter(told(), premises__isnull=False, is_test=False)
        .values_list("premises_id", "number", "family", "level", "state")
    )
    return tuple(OpenCase(*row) for row in rows)


def silent_points() -> frozenset[int]:
    """The points whose last value is no longer what is there now."""
    rows = Alarm.objects.filter(rule=Rule.SILENCE, level=Level.FAULT, point__retired=False)
    return frozenset(rows.values_list("point_id", flat=True))
