"""The lines beneath the map: the owner's roads; without a file the stations in their order."""

import json
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings

from flameblue.domain.limits import MAP_CELLS_MAX, MAP_LINES_BYTES_MAX
from flameblue.fleet.models import Station

T = TypeVar("T")
Line = list[tuple[float, float]]  # longitude and latitude, in degrees


def lines() -> dict[str, Any] | None:
    """GeoJSON; None where the owner's file can't be read."""
    path = settings.CONFIG.web.map_lines
    return _of_file(path, _read) if path else _of_stations()


def polylines() -> list[Line]:
    """The same as lines alone, an owner's file read once; empty where it can't be read."""
    path = settings.CONFIG.web.map_lines
    return (_of_file(path, _polylines) or []) if path else lines_of(_of_stations())


def lines_of(content: object) -> list[Line]:
    """The polylines of GeoJSON; what is none, or has no numbers, is passed over."""
    features = content.get("features") if isinstance(content, dict) else None
    found: list[Line] = []
    for feature in features if isinstance(features, list) else []:
        try:
            geometry = feature["geometry"]
            parts = {
                "LineString": [geometry["coordinates"]],
                "MultiLineString": geometry["coordinates"],
            }.get(geometry["type"], [])
            drawn = [[(float(x), float(y)) for x, y, *_ in part] for part in parts]
        except (TypeError, ValueError, KeyError, OverflowError):
            continue
        found += drawn
    return found


def _of_file(path: str, read: Callable[[str, int], T]) -> T | None:
    try:
        return read(path, Path(path).stat().st_mtime_ns)
    except OSError:
        return None


@lru_cache(maxsize=2)
def _polylines(path: str, changed_ns: int) -> list[Line]:
    return lines_of(_read(path, changed_ns))


@lru_cache(maxsize=2)
def _read(path: str, _changed_ns: int) -> dict[str, Any] | None:
    with Path(path).open("rb") as file:
        text = file.read(MAP_LINES_BYTES_MAX + 1)
    try:
        content = json.loads(text) if len(text) <= MAP_LINES_BYTES_MAX else None
        json.dumps(content, allow_nan=False)  # NaN and 1e999 are read here, but by no browser
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _of_stations() -> dict[str, Any]:
    """The stations joined as they help each other: where no roads are given, who comes from where is still seen."""
    known = {
        one.pk: one for one in Station.objects.exclude(latitude=None).exclude(longitude=None).order_by("id")
    }
    pairs = {
        tuple(sorted((one.pk, one.next_station_id)))
        for one in known.values()
        if one.next_station_id in known and one.next_station_id != one.pk
    }
    ends = [[known[a], known[b]] for a, b in sorted(pairs)[:MAP_CELLS_MAX]]
    return geojson([[(float(end.longitude or 0), float(end.latitude or 0)) for end in pair] for pair in ends])


def geojson(drawn: list[Line]) -> dict[str, Any]:
    """`drawn` as a feature collection."""
    features = [
        {"type": "Feature", "properties": {}, "geometry": {"type": "LineString", "coordinates": line}}
        for line in drawn
    ]
    return {"type": "FeatureCollection", "features": features}
