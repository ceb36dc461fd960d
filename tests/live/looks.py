"""How the pages are looked at: sizes, languages, day and night; the browser that looks; where pictures are wanted."""

import os
from pathlib import Path
from typing import Literal, NamedTuple

CHROMIUM = (
    "--no-sandbox",
    "--disable-background-networking",
    "--use-gl=swiftshader",  # a machine without a graphics card still draws the map
    "--enable-unsafe-swiftshader",
)
HAND, DESK, WALL = (360, 740), (1440, 900), (3840, 2160)
Scheme = Literal["light", "dark"]


class Look(NamedTuple):
    """One way to look at a page."""

    size: tuple[int, int]
    language: Literal["en-US", "zh-CN"]
    scheme: Scheme

    @property
    def name(self) -> str:
        where = {HAND: "hand", DESK: "desk", WALL: "wall"}[self.size]
        return f"{self.language[:2]}-{'day' if self.scheme == 'light' else 'night'}-{where}"


ALL_LOOKS = tuple(
    Look(size, language, scheme)
    for size in (HAND, DESK, WALL)
    for language in ("en-US", "zh-CN")
    for scheme in ("light", "dark")
)
# Each size, language and scheme at least once.
FEW_LOOKS = (Look(HAND, "zh-CN", "dark"), Look(DESK, "en-US", "light"), Look(WALL, "zh-CN", "light"))


def album() -> Path | None:
    """Where pictures are wanted: the folder that FLAMEBLUE_ALBUM names."""
    wanted = os.environ.get("FLAMEBLUE_ALBUM")
    if not wanted:
        return None
    folder = Path(wanted)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
