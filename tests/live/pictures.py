"""The pictures of the documents, docs/images/NAME.png, and NAME-zh.png of the same page in Chinese.

test_pictures takes them where FLAMEBLUE_ALBUM names a folder: `FLAMEBLUE_ALBUM=docs/images make proof
ARGS="tests/live/test_pictures.py"`. `python -m tests.live.pictures http://127.0.0.1:8000 docs/images` takes them from a
demo that runs already, whose leak has become a case; further names take only those.
"""

import io
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.live.binaries import needed
from tests.live.looks import CHROMIUM, DESK, HAND, Scheme

LANGUAGES = (("", "en-US"), ("-zh", "zh-CN"))
COLOURS = 128  # of a picture: the pages are grey, and a picture in a repository is to be small
BYTES_MAX = 200_000
LEAKING = "白桦客栈"


@dataclass(frozen=True, slots=True)
class Picture:
    """One page, as the documents show it. In `path`, CASE and PREMISES are those of the leak."""

    name: str
    path: str
    size: tuple[int, int] = DESK
    scheme: Scheme = "light"


PICTURES = (
    Picture("board", "/"),
    Picture("board-night", "/", scheme="dark"),
    Picture("board-phone", "/", size=HAND),
    Picture("case", "CASE"),
    Picture("case-phone", "CASE", HAND),
    Picture("premises", "PREMISES"),
    Picture("charts", "PREMISEScharts/"),
    Picture("coverage", "/coverage/"),
    Picture("sheet", "PREMISESsheet/"),
    Picture("limits", "/fleet/limits/?site=1"),
    Picture("fleet", "/fleet/premises/"),
    Picture("phones", "/phone/"),
)


WALKED = frozenset(
    f"start-{step}.png" for step in ("board", "village", "device", "refused", "received")
)  # taken by test_first_reading on its way, which no second one can go again in another language


def files() -> set[str]:
    """What docs/images holds once all are taken."""
    return {f"{picture.name}{suffix}.png" for picture in PICTURES for suffix, _language in LANGUAGES}


def take(browser: Browser, address: str, folder: Path, pictures: tuple[Picture, ...] = PICTURES) -> None:
    """Takes `pictures` of the demo at `address` in both languages."""
    for picture in pictures:
        for suffix, page in _pages(browser, picture):
            page.goto(address + _path(page, address, picture), wait_until="load")
            page.wait_for_timeout(3000)  # the map and the charts draw themselves
            data = smaller(page.screenshot())
            assert len(data) <= BYTES_MAX, f"{picture.name}{suffix} has {len(data)} bytes"
            (folder / f"{picture.name}{suffix}.png").write_bytes(data)


def _pages(browser: Browser, picture: Picture) -> Iterator[tuple[str, Page]]:
    width, height = picture.size
    for suffix, language in LANGUAGES:
        context = browser.new_context(
            locale=language,
            color_scheme=picture.scheme,
            viewport={"width": width, "height": height},
        )
        yield suffix, context.new_page()
        context.close()


def _path(page: Page, address: str, picture: Picture) -> str:
    if not picture.path.startswith(("CASE", "PREMISES")):
        return picture.path
    page.goto(address + "/", wait_until="load")
    case = page.locator("li.case", has_text=LEAKING).get_by_role("link", name=LEAKING).first
    path = case.get_attribute("href") or ""
    if picture.path == "CASE":
        return path
    page.goto(address + path, wait_until="load")
    found = re.search(r'href="(/premises/\d+/)"', page.content())
    assert found is not None, f"the case of {LEAKING} leads to no premises"
    return picture.path.replace("PREMISES", found[1])


def smaller(png: bytes) -> bytes:
    """The same picture in few colours."""
    kept = io.BytesIO()
    picture = Image.open(io.BytesIO(png)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    picture.save(kept, "PNG", optimize=True)
    return kept.getvalue()


if __name__ == "__main__":
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=needed("chromium"), args=CHROMIUM)
        wanted = tuple(one for one in PICTURES if not sys.argv[3:] or one.name in sys.argv[3:])
        take(chromium, sys.argv[1].rstrip("/"), Path(sys.argv[2]), wanted)
        chromium.close()
