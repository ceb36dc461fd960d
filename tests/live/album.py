"""Pictures of the demo's steps as people see them: both languages, by day and by night, at a desk and in a hand.

Taken where FLAMEBLUE_ALBUM names a folder, to be looked at.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext

from tests.live.looks import DESK, HAND, Look, album

LOOKS = (
    Look(DESK, "en-US", "light"),
    Look(DESK, "zh-CN", "light"),
    Look(DESK, "zh-CN", "dark"),
    Look(HAND, "zh-CN", "light"),
    Look(HAND, "en-US", "dark"),
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
    folder = album()
    if folder is None:
        return Album(Path(), ())
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
