"""A premises page in a real Chromium: values that follow a leak, a chart that zooms, files."""

import pytest
from playwright.sync_api import Page, expect

from tests.live.browser import SHIFTS, Window, browser, window
from tests.live.looks import HAND
from tests.live.test_demo_in_a_browser import FAULT_MS, READY_MS, demo

__all__ = ["browser", "demo", "window"]
pytestmark = [pytest.mark.live, pytest.mark.proof]
PREMISES = "/premises/2/"


def test_premises_while_a_circuit_leaks(window: Window) -> None:
    """One demo for all: what takes long is the fault."""
    errors: list[str] = []
    page = window.context(accept_downloads=True).new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    _a_leak_comes(page, window.demo.address)
    _a_chart_zooms(page, window.demo.address)
    _without_a_network(page)
    assert [error for error in errors if "ERR_INTERNET_DISCONNECTED" not in error] == []
    _without_a_script(window)


def _a_leak_comes(page: Page, address: str) -> None:
    """The circuit turns red by itself, on the page that was opened before; values that change move nothing."""
    page.goto(address + PREMISES)
    page.evaluate("window.notLoadedAgain = true")
    expect(page.locator(".feeder.is-alarm .level-alarm").first).to_be_visible(timeout=FAULT_MS)
    expect(page.locator("#open-cases .level-alarm")).to_be_visible(timeout=READY_MS)
    page.evaluate(SHIFTS)
    before = page.locator("#diagram").inner_text()
    expect(page.locator("#diagram")).not_to_have_text(before, timeout=FAULT_MS)
    assert sum(page.evaluate("window.shifts")) < 0.01
    assert page.evaluate("window.notLoadedAgain")


def _a_chart_zooms(page: Page, address: str) -> None:
    """What zooms is fetched when somebody asks for it, and each zoom brings finer readings."""
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    page.goto(address + PREMISES + "charts/?span=1h")
    expect(page.locator(".drawn-wide svg.chart")).to_be_visible()
    assert not [one for one in fetched if "charts.mjs" in one or "/series/" in one]
    page.locator("#zoom").click()
    chart = page.locator("#chart canvas").first
    expect(chart).to_be_visible(timeout=READY_MS)
    expect(page.locator(".drawn")).to_be_hidden()
    expect(page.locator("#chart[data-drawn='1']")).to_be_attached(timeout=READY_MS)
    asked = len([one for one in fetched if "/series/" in one])
    chart.hover()
    page.keyboard.down("Control")
    page.mouse.wheel(0, -400)
    page.keyboard.up("Control")
    expect(page.locator("#chart[data-drawn='2']")).to_be_attached(timeout=READY_MS)
    assert len([one for one in fetched if "/series/" in one]) > asked
    with page.expect_download() as png:
        page.locator("#png").click()
    assert png.value.path().read_bytes().startswith(b"\x89PNG")
    with page.expect_download() as csv:
        page.locator("#csv").click()
    assert csv.value.path().read_bytes().startswith(b"\xef\xbb\xbf")


def _without_a_network(page: Page) -> None:
    """It is said, and what is seen stays."""
    page.context.set_offline(True)
    page.locator("#whole").click()
    expect(page.locator("#chart-said")).to_contain_text("connection is lost", timeout=READY_MS)
    expect(page.locator("#chart canvas").first).to_be_visible()
    page.context.set_offline(False)


def _without_a_script(window: Window) -> None:
    """The drawing, the table and the comparison need none."""
    context = window.context(HAND, java_script_enabled=False)
    page = context.new_page()
    page.goto(window.demo.address + PREMISES + "charts/?span=1h")
    expect(page.locator(".drawn-narrow svg.chart")).to_be_visible()
    expect(page.locator("#zoom")).to_be_hidden()
    page.locator("#quantity").select_option("temperature_c")
    page.get_by_role("button", name="Look").click()
    expect(page.locator("figcaption")).to_have_text("Temperature")
    context.close()
