"""The board in a real Chromium: keys, the map, the whole screen, without a network, without a script, for everybody."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.live.binaries import needed
from tests.live.test_demo_in_a_browser import FAULT_MS, PREMISES, READY_MS, Demo, demo

__all__ = ["demo"]
pytestmark = [pytest.mark.live, pytest.mark.xdist_group("processes")]
AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = (
    "--no-sandbox",
    "--disable-background-networking",
    "--use-gl=swiftshader",  # a machine without a graphics card still draws the map
    "--enable-unsafe-swiftshader",
)
DESK, HAND, WALL = (1440, 900), (360, 740), (3840, 2160)
PAGES = (
    "/",
    "/cases/4001/",
    "/premises/2/",
    "/devices/",
    "/quarantine/",
    "/health/",
    "/cases/closed/",
    "/phone/",
    "/coverage/",
    "/handled/",
    "/sheets/",
    "/premises/2/sheet/",
    "/premises/2/check/",
    "/rounds/",
    "/rounds/day/",
    "/rounds/print/",
)
SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => list.getEntries().forEach((one) => window.shifts.push(one.value)))
  .observe({ type: "layout-shift", buffered: false });
"""

Look = tuple[tuple[int, int], str, str]  # size, language, day or night


@dataclass(frozen=True)
class Window:
    """A browser, and the demo that it looks at."""

    browser: Browser
    demo: Demo

    def context(
        self, size: tuple[int, int] = DESK, language: str = "en-US", scheme: str = "light", **more: Any
    ) -> BrowserContext:
        viewport = {"width": size[0], "height": size[1]}
        context = self.browser.new_context(locale=language, color_scheme=scheme, viewport=viewport, **more)
        context.set_default_timeout(READY_MS)
        return context

    def board(self, context: BrowserContext) -> Page:
        """The board, with a case that nobody has."""
        page = context.new_page()
        page.goto(self.demo.address + "/")
        expect(page.locator("li.case", has_text=PREMISES)).to_be_visible(timeout=FAULT_MS)
        return page

    def suits_everybody(self, paths: Iterable[str], looks: Iterable[Look], within: str) -> None:
        """axe finds nothing in `within` (an expression) of each page, and none is wider than its screen."""
        for size, language, scheme in looks:
            context = self.context(size, language, scheme, bypass_csp=True)
            for path in paths:
                page = context.new_page()
                page.goto(self.demo.address + path, wait_until="load")
                page.add_script_tag(path=AXE)
                found = page.evaluate(f"axe.run({within}, {{ resultTypes: ['violations'] }})")
                wrong = [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found["violations"]]
                assert wrong == [], (path, size, scheme)
                wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                assert wide <= 0, (path, size)
                page.close()
            context.close()


@pytest.fixture
def window(demo: Demo) -> Iterator[Window]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=needed("chromium"), args=CHROMIUM)
        yield Window(browser, demo)
        browser.close()


def test_the_board_at_night_on_a_phone_and_on_a_wall(window: Window) -> None:
    """One demo for all: what takes long is the fault's hold."""
    errors: list[str] = []
    page = window.board(window.context())
    page.on("pageerror", lambda error: errors.append(str(error)))
    _keys(page)
    _map(page)
    _no_network(page)
    _nothing_moves(window)
    _without_a_script(window)
    _everybody(window)
    assert errors == []


def _keys(page: Page) -> None:
    """j chooses, a takes and gives back, ? helps, f fills the screen."""
    row = page.locator("li.case", has_text=PREMISES)
    page.keyboard.press("j")
    expect(row).to_have_attribute("data-chosen", "")
    page.keyboard.press("a")
    expect(page.locator("#toast")).to_contain_text("You have case 4001.")
    expect(row.locator(".case-who")).to_contain_text("Taken")
    page.keyboard.press("a")
    expect(page.locator("#toast")).to_contain_text("Given back")
    expect(row.locator(".case-who")).to_contain_text("Nobody has it")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("next case")
    page.keyboard.press("Escape")
    page.keyboard.press("f")
    expect(page.locator("body.wall")).to_be_visible()
    page.keyboard.press("f")
    expect(page.locator("body.wall")).to_have_count(0)


def _map(page: Page) -> None:
    """The map has been drawn, and its mark says who it is."""
    expect(page.locator("#map canvas")).to_be_visible(timeout=READY_MS)
    expect(page.locator("#map-pane .sketch")).to_have_count(0)
    expect(page.locator(".map-site").first).to_be_visible()
    colours = page.locator("#map").screenshot()
    assert len(colours) > 5_000, "a map of one colour"


def _no_network(page: Page) -> None:
    """It says so within five seconds, and goes on by itself when the network is back."""
    page.evaluate("window.notLoadedAgain = true")
    lost = page.locator("#live-state.lost")
    page.context.set_offline(True)
    began_s = time.monotonic()
    expect(lost).to_contain_text("Not live", timeout=5_000)
    assert time.monotonic() - began_s <= 5.0
    page.context.set_offline(False)
    expect(lost).to_have_count(0, timeout=READY_MS)
    assert page.evaluate("window.notLoadedAgain")


def _nothing_moves(window: Window) -> None:
    """What the live line brings moves nothing that somebody reads."""
    context = window.context()
    page, hand = window.board(context), context.new_page()
    page.wait_for_timeout(3_000)  # the map has come
    page.evaluate(SHIFTS)
    number = page.locator("li.case", has_text=PREMISES).get_attribute("id")
    hand.goto(f"{window.demo.address}/cases/{(number or '')[5:]}/")
    hand.locator("#comment").fill("the road is open")
    hand.get_by_role("button", name="Add the comment").click()
    page.wait_for_timeout(3_000)
    assert sum(page.evaluate("window.shifts")) == 0
    context.close()


def _without_a_script(window: Window) -> None:
    """Reading and taking need none; the drawing stands for the map."""
    context = window.context(java_script_enabled=False)
    page = window.board(context)
    expect(page.locator(".sketch .is-alarm")).to_be_visible()
    page.get_by_role("button", name="I take it").click()
    expect(page.locator(".messages")).to_contain_text("You have case 4001.")
    expect(page.locator("li.case", has_text=PREMISES)).to_contain_text("Taken")
    context.close()


def _everybody(window: Window) -> None:
    """By day and by night, at a desk, in a hand and on a wall."""
    looks = ((DESK, "en-US", "light"), (HAND, "zh-CN", "dark"), (WALL, "zh-CN", "light"))
    window.suits_everybody(PAGES, looks, "document")
