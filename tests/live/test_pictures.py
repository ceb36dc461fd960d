"""The pictures of the documents can be taken from the demo as it is, in both languages."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.live import pictures
from tests.live.browser import browser
from tests.live.test_demo_in_a_browser import Demo, demo

__all__ = ["browser", "demo"]
pytestmark = [pytest.mark.live, pytest.mark.proof]
FAULT_MS = 180_000


def test_every_picture_is_taken(demo: Demo, browser: Browser, tmp_path: Path) -> None:
    folder = Path(os.environ.get("FLAMEBLUE_ALBUM") or tmp_path / "album")
    folder.mkdir(parents=True, exist_ok=True)
    page = browser.new_page()
    page.goto(demo.address + "/")
    expect(page.locator("li.case", has_text=pictures.LEAKING)).to_be_visible(timeout=FAULT_MS)
    page.close()
    pictures.take(browser, demo.address, folder)
    taken = {path.name: path.stat().st_size for path in folder.glob("*.png")}
    assert pictures.files() <= set(taken)
    assert min(taken[name] for name in pictures.files()) > 5_000, "an empty page is no picture"
