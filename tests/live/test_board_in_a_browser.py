"""The board in a real Chromium: keys, the map, the whole screen, without a network, without a script."""

import time

import pytest
from playwright.sync_api import Page, expect

from tests.live.browser import SHIFTS, Window, browser, window
from tests.live.looks import HAND
from tests.live.test_demo_in_a_browser import PREMISES, READY_MS, demo

__all__ = ["browser", "demo", "window"]
pytestmark = [pytest.mark.live, pytest.mark.proof]


def test_the_board_at_night_on_a_phone_and_on_a_wall(window: Window) -> None:
    """One demo for all: what takes long is the fault's hold."""
    errors: list[str] = []
    page = window.board(window.context())
    page.on("pageerror", lambda error: errors.append(str(error)))
    _keys(page)
    _map(page)
    _map_in_a_hand(window)
    _no_network(page)
    _nothing_moves(window)
    _without_a_script(window)
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
    expect(page.locator("#map-pane .sketch:visible")).to_have_count(0)
    expect(page.locator(".map-site").first).to_be_visible()
    colours = page.locator("#map").screenshot()
    assert len(colours) > 5_000, "a map of one colour"


def _map_in_a_hand(window: Window) -> None:
    """It has room on a phone too."""
    context = window.context(HAND)
    page = window.board(context)
    canvas = page.locator("#map canvas")
    expect(canvas).to_be_visible(timeout=READY_MS)
    box = canvas.bounding_box()
    assert box is not None
    assert box["height"] >= HAND[0] * 0.75
    context.close()


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
    assert sum(page.evaluate("window.shifts")) == 0, page.evaluate("window.shifted")
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
