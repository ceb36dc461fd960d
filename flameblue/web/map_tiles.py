"""Where the map's background comes from: nowhere, a PMTiles file on this machine, or a server of tiles."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from flameblue.config import Web

VECTOR = (".pbf", ".mvt")


@dataclass(frozen=True, slots=True)
class Background:
    """`kind`: none, pmtiles (on this machine or elsewhere), raster or vector."""

    kind: str
    address: str
    attribution: str


def of_settings(web: Web, own_file: str) -> Background:
    """What the owner has set."""
    return background(web.map_tiles, web.map_attribution, own_file)


def background(tiles: str, attribution: str, own_file: str) -> Background:
    """As the page's script wants it; `own_file` is the address at which a file of this machine is served."""
    if not tiles:
        return Background("none", "", "")
    if not hosts_of(tiles):
        return Background("pmtiles", own_file, attribution)
    path = urlsplit(tiles).path
    if path.endswith(".pmtiles"):
        return Background("pmtiles", tiles, attribution)
    return Background("vector" if path.endswith(VECTOR) else "raster", tiles, attribution)


def hosts_of(tiles: str) -> str:
    """What a content security policy must allow beside ourselves: " https://tiles.example.org", or nothing."""
    parts = urlsplit(tiles)
    return f" {parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") and parts.netloc else ""
