"""Every page with data, empty and in error, by day and by night, in both languages, in a hand, at a desk, on a wall.

axe finds nothing, nothing is wider than its screen. The normal tier takes the pages with data, each in one of three
looks (each size, language and scheme) in turn; the proof takes all. FLAMEBLUE_ALBUM names a folder for pictures.
"""

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.live.all_pages import LISTS, OF_THE_DEMO, Visit
from tests.live.browser import ADMIN, Eye, Window, browser, signed_in, window
from tests.live.installation import HOST, PREPARED, Installation
from tests.live.looks import ALL_LOOKS, FEW_LOOKS, Look
from tests.live.test_demo_in_a_browser import Demo, demo

__all__ = ["browser", "demo", "window"]
pytestmark = [pytest.mark.live]

ASTRAY = (
    Visit("no-case", "/cases/9999/", 404),
    Visit("no-premises", "/premises/9999/", 404),
    Visit("no-page", "/nothing/", 404),
    Visit("nothing-found", "/fleet/premises/?q=%E2%98%83"),
    Visit("no-cursor", "/fleet/points/?after=garbage"),
    Visit("no-limits", "/fleet/limits/?quantity=none&site=9999", 404),
)
OF_A_SITE = ("round", "round-print")  # which there is none of yet
EMPTY = tuple(one._replace(status=404) if one.name in OF_A_SITE else one for one in LISTS)
SIGN_IN = (Visit("sign-in", "/sign-in/"),)
TROUBLE_MS = 90_000  # a sign of life counts for some seconds; then the board says so by itself


@pytest.fixture
def nothing_yet(tmp_path: Path) -> Iterator[Installation]:
    """A Flameblue that knows nothing but its first user."""
    it = Installation(tmp_path)
    it.python(PREPARED + ADMIN)
    try:
        it.start()
        yield it
    finally:
        it.stop()


def with_data(window: Window, looks: Sequence[Look], turns: int) -> None:
    context = window.context()
    window.board(context)
    context.close()
    window.eye.suits_everybody((*LISTS, *OF_THE_DEMO), looks, "data", turns)


def in_error(window: Window, looks: Sequence[Look], turns: int) -> None:
    """The core hangs, what it had written is spoilt, and people ask for what is not there."""
    with _broken(window.demo):
        page = window.context().new_page()
        page.goto(window.demo.address + "/")
        expect(page.locator("#status .trouble")).to_be_visible(timeout=TROUBLE_MS)
        page.context.close()
        window.eye.suits_everybody((*LISTS, *OF_THE_DEMO, *ASTRAY), looks, "error", turns)


def with_nothing(it: Installation, browser: Browser, looks: Sequence[Look], turns: int) -> None:
    address = f"http://{HOST}:{it.web_port}"
    Eye(browser, address).suits_everybody(SIGN_IN, looks, "empty")
    Eye(browser, address, signed_in(browser, address)).suits_everybody(EMPTY, looks, "empty", turns)


def test_every_page_with_data(window: Window) -> None:
    with_data(window, FEW_LOOKS, turns=3)


@pytest.mark.proof
def test_every_page_in_every_look(window: Window, nothing_yet: Installation) -> None:
    with_nothing(nothing_yet, window.browser, ALL_LOOKS, turns=1)
    with_data(window, ALL_LOOKS, turns=1)
    in_error(window, ALL_LOOKS, turns=1)


@contextmanager
def _broken(demo: Demo) -> Iterator[None]:
    """Stopped, not killed: whoever is killed is started again."""
    run = demo.data / "run"
    pids = [demo.process.pid, *(int((run / f"{name}.pid").read_text()) for name in ("core", "simulation"))]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    for file in (demo.data / "history").rglob("*.parquet"):
        file.write_bytes(b"spoilt")
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
