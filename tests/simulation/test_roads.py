"""The valley's road: whole, and as long as the real one."""

import json
import math
from itertools import pairwise

import pytest

from flameblue.simulation import names, roads

EARTH_RADIUS_KM = 6371.0088  # mean, IUGG


def kilometres(a: tuple[float, float], b: tuple[float, float]) -> float:
    """The great circle between two longitudes and latitudes (haversine)."""
    south, north = math.radians(a[1]), math.radians(b[1])
    across = math.radians(b[0] - a[0])
    half = math.sin((north - south) / 2) ** 2 + math.cos(south) * math.cos(north) * math.sin(across / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(half))


def test_the_road_is_123_km_long_and_joins_the_three_stations() -> None:
    drawn = [one["geometry"]["coordinates"] for one in json.loads(roads.geojson())["features"]]
    assert sum(kilometres(*pair) for line in drawn for pair in pairwise(line)) == pytest.approx(123, abs=0.5)
    ends = {tuple(end) for line in drawn for end in (line[0], line[-1])}
    assert ends == {(one.longitude, one.latitude) for one in names.STATIONS}
