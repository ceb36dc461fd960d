"""The map's data: what stands where, how bad, and the lines that are drawn beneath."""

import hashlib
import json
import math
import re
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET

from flameblue.domain.clock import to_ns
from flameblue.domain.limits import MAP_PIECE_BYTES_MAX
from flameblue.domain.transitions import Level
from flameblue.web import access, health, map_places, roads
from flameblue.web.map_places import WORLD, Box
from flameblue.web.now import now

RANGE = re.compile(r"bytes=(\d{1,15})-(\d{0,15})")


@require_GET
def places(request: HttpRequest) -> HttpResponse:
    """Premises, sites and stations in the box asked for (`box=west,south,east,north`); 304 where nothing is new."""
    premises = access.premises_for(request.user)
    standing = map_places.Standing.now()
    seen = map_places.view(premises, _box(request.GET.get("box", "")), standing)
    at = now()
    sites = map_places.sites_of(access.sites_for(request.user), at)
    is_judged = health.read(to_ns(at)).has_judged
    answer: dict[str, Any] = {
        "places": [
            [one.id, one.name, one.longitude, one.latitude, _word(one.level, is_judged), one.case]
            for one in seen.places
        ],
        "cells": [[round(one.longitude, 5), round(one.latitude, 5), one.count] for one in seen.cells],
        "villages": [
            [one.id, one.name, one.longitude, one.latitude, _word(one.level, is_judged), one.case, one.count]
            for one in map_places.villages(premises, sites, standing)
        ],
        "sites": map_places.named((one.site.name, one.middle) for one in sites),
        "stations": map_places.stations(),
    }
    text = json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()
    tag = f'W/"{hashlib.blake2b(text, digest_size=12).hexdigest()}"'
    if request.headers.get("If-None-Match") == tag:
        return HttpResponse(status=304, headers={"ETag": tag})
    return HttpResponse(
        text, content_type="application/json", headers={"ETag": tag, "Cache-Control": "no-cache"}
    )


@require_GET
def lines(_request: HttpRequest) -> HttpResponse:
    """The roads; 404 where the owner's file can't be read."""
    content = roads.lines()
    if content is None:
        raise Http404
    return JsonResponse(content)


def _word(level: Level | None, is_judged: bool) -> str:
    if level is None:
        return "bare"
    return level.name.lower() if level or is_judged else "unjudged"


def _box(text: str) -> Box:
    """The box of the query; the world where it is none."""
    try:
        box = Box(*(float(part) for part in text.split(",")))
    except (TypeError, ValueError):
        return WORLD
    whole = all(math.isfinite(edge) for edge in box) and box.west < box.east and box.south < box.north
    return box if whole else WORLD


@require_GET
def tiles_file(request: HttpRequest) -> HttpResponse:
    """A piece of the owner's PMTiles file: 206 for one range of bytes, 416 for what can't be had."""
    path = Path(settings.CONFIG.web.map_tiles or "none")
    first, last = _range(request.headers.get("Range", ""))
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            file.seek(first)
            piece = file.read(max(0, min(last - first + 1, MAP_PIECE_BYTES_MAX)))
    except (OSError, ValueError) as error:
        raise Http404 from error
    if not piece:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    headers = {
        "Content-Range": f"bytes {first}-{first + len(piece) - 1}/{size}",
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, max-age=86400",
        "ETag": f'"{size}-{path.stat().st_mtime_ns}"',
    }
    return HttpResponse(piece, status=206, content_type="application/octet-stream", headers=headers)


def _range(text: str) -> tuple[int, int]:
    """The first and last byte that are asked for; without a range the file's beginning."""
    found = RANGE.fullmatch(text)
    if found is None:
        return 0, MAP_PIECE_BYTES_MAX - 1
    first = int(found[1])
    return first, int(found[2]) if found[2] else first + MAP_PIECE_BYTES_MAX - 1
