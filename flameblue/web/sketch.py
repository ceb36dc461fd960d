"""The map as one small drawing: what is seen before the script has loaded, without it, and on paper.

The roads are drawn once; the sites lie over them, in a drawing of the same frame that follows what happens.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from flameblue.domain.limits import SKETCH_POINTS_MAX
from flameblue.domain.transitions import Level
from flameblue.web import roads, words
from flameblue.web.tiles import SiteTiles

WIDTH, HEIGHT, EDGE = 640, 480, 70
SHAPES = {
    Level.ALARM: "-5,-12 5,-12 12,-5 12,5 5,12 -5,12 -12,5 -12,-5",
    Level.WARNING: "0,-13 13,11 -13,11",
    Level.FAULT: "0,-13 13,0 0,13 -13,0",
}
HOURGLASS = "-9,-12 9,-12 2,0 9,12 -9,12 -2,0"  # nothing has been judged yet
NAMESPACE = "http://www.w3.org/2000/svg"
Place = tuple[str, float, float]  # name, longitude, latitude
NARROWEST = 0.02  # degrees: a lone site stands in the middle


class Spot(NamedTuple):
    """Something with a place, in degrees."""

    name: str
    longitude: float
    latitude: float


class Frame(NamedTuple):
    """Where degrees lie on the drawing."""

    west: float
    north: float
    across: float  # drawing units a degree of longitude
    down: float
    left: float
    top: float

    def xy(self, longitude: float, latitude: float) -> tuple[float, float]:
        return (
            round(self.left + (longitude - self.west) * self.across, 1),
            round(self.top + (self.north - latitude) * self.down, 1),
        )


def of_roads(places: Sequence[Place], road: Sequence[roads.Line]) -> SafeString:
    """`road` as it lies about `places`."""
    if not places:
        return SafeString("")
    frame = frame_of([Spot(*one) for one in places])
    lines = ((line,) for line in _lines(road, frame))
    paths = format_html_join("", '<polyline class="road" points="{}"/>', lines)
    return format_html(
        '<svg class="sketch" viewBox="0 0 {} {}" aria-hidden="true" xmlns="{}">{}</svg>',
        WIDTH, HEIGHT, NAMESPACE, paths,
    )  # fmt: skip


def of_sites(sites: Sequence[SiteTiles], places: Sequence[Place]) -> SafeString:
    """`sites` with the worst of their premises, at `places`."""
    if not places:
        return SafeString("")
    spots = [Spot(*one) for one in places]
    frame = frame_of(spots)
    by_name = {one.site.name: one for one in sites}
    marks = format_html_join("", "{}", ((_mark(one, by_name.get(one.name), frame),) for one in spots))
    return format_html(
        '<svg class="sketch" viewBox="0 0 {} {}" role="img" xmlns="{}" aria-label="{}">{}</svg>',
        WIDTH, HEIGHT, NAMESPACE, words.word(words.PARTS, "map"), marks,
    )  # fmt: skip


def frame_of(spots: Sequence[Spot]) -> Frame:
    """All of `spots` inside the edges, as far apart from each other as on the ground."""
    west, east = min(one.longitude for one in spots), max(one.longitude for one in spots)
    south, north = min(one.latitude for one in spots), max(one.latitude for one in spots)
    squeeze = math.cos(math.radians((south + north) / 2)) or 1.0
    wide, high = max(east - west, NARROWEST) * squeeze, max(north - south, NARROWEST)
    scale = min((WIDTH - 2 * EDGE) / wide, (HEIGHT - 2 * EDGE) / high)
    left = (WIDTH - (east - west) * squeeze * scale) / 2
    top = (HEIGHT - (north - south) * scale) / 2
    return Frame(west, north, squeeze * scale, scale, left, top)


def _mark(spot: Spot, site: SiteTiles | None, frame: Frame) -> SafeString:
    x, y = frame.xy(spot.longitude, spot.latitude)
    counts = site.counts if site else []
    worst = counts[0][0] if counts else Level.NORMAL
    is_judged = site is None or site.is_judged
    said = ", ".join(f"{_word(level, is_judged)} {count}" for level, count in counts)
    corners = SHAPES.get(worst, "" if is_judged else HOURGLASS)
    shape = (
        format_html('<polygon class="mark" points="{}"/>', corners)
        if corners
        else SafeString('<circle class="mark" r="9"/>')
    )
    return format_html(
        '<g class="spot is-{}" transform="translate({} {})">{}<text class="name" y="-20">{}</text>'
        '<text y="30">{}</text></g>',
        worst.name.lower(), x, y, shape, spot.name, said,
    )  # fmt: skip


def _word(level: Level, is_judged: bool) -> str:
    return words.word(words.LEVELS, level) if level or is_judged else gettext("not judged yet")


def _lines(road: Sequence[roads.Line], frame: Frame) -> list[str]:
    """As points of the drawing, thinned: a province's roads have more points than the drawing has room."""
    step = max(1, -(-sum(map(len, road)) // SKETCH_POINTS_MAX))
    thin = [line[::step] + line[-1:] for line in road if line][:SKETCH_POINTS_MAX]
    return [" ".join("{},{}".format(*frame.xy(x, y)) for x, y in line) for line in thin]
