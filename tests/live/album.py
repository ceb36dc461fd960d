"""Pictures of the pages as people see them: both languages, by day and by night, at a desk and in a hand.

Taken where FLAMEBLUE_ALBUM names a folder, to be looked at, and to renew docs/images.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, BrowserContext

DESK, HAND = (1440, 900), (390, 844)


@dataclass(frozen=True, slots=True)
class Look:
    """One way to look at a page."""

    name: str
    language: str
    scheme: Literal["light", "dark"]
    size: tuple[int, int]


LOOKS = (
    Look("en-day-desk", "en-US", "light", DESK),
    Look("zh-day-desk", "zh-CN", "light", DESK),
    Look("zh-night-desk", "zh-CN", "dark", DESK),
    Look("zh-day-hand", "zh-CN", "light", HAND),
    Look("en-night-hand", "en-US", "dark", HAND),
)


@dataclass(frozen=True, slots=True)
class Album:
    """Takes the same page in every look."""

    folder: Path
    contexts: Sequence[tuple[Look, BrowserContext]]

    def take(self, address: str, name: str) -> None:
        for look, context in self.contexts:
            page = context.new_page()
            page.goto(address, wait_until="load")
            page.wait_for_timeout(300)
            page.screenshot(path=self.folder / f"{name}-{look.name}.png", full_page=True)
            page.close()


def open_album(browser: Browser) -> Album:
    """The album of this run; one without pages where nobody asked for it."""
    wanted = os.environ.get("FLAMEBLUE_ALBUM")
    if not wanted:
        return Album(Path(), ())
    folder = Path(wanted)
    folder.mkdir(parents=True, exist_ok=True)
    contexts = [
        (
            look,
            browser.new_context(
                locale=look.language,
                color_scheme=look.scheme,
                viewport={"width": look.size[0], "height": look.size[1]},
            ),
        )
        for look in LOOKS
    ]
    return Album(folder, contexts)
