"""The board's beat from a real browser: silent until a gesture, heard after it, and missed when the tab is closed."""

import time

import httpx
import pytest
from playwright.sync_api import sync_playwright

from flameblue.domain.limits import PHONE_WITHIN_S
from tests.live.binaries import needed
from tests.live.installation import wait_for
from tests.live.looks import CHROMIUM
from tests.live.test_demo_in_a_browser import READY_MS, Demo
from tests.live.test_demo_in_a_browser import demo as demo  # the same demo

pytestmark = [pytest.mark.live, pytest.mark.proof]

READY_S = READY_MS / 1000
TOLD = "值班台没有声音"


def test_closing_the_boards_tab_sends_a_message_in_time(demo: Demo) -> None:
    def desk() -> str:
        return str(httpx.get(f"{demo.address}/healthz", timeout=5).json()["board"])

    def told() -> bool:
        return TOLD in httpx.get(f"{demo.address}/phone/bubbles/", timeout=10).text

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=needed("chromium"), args=CHROMIUM)
        page = browser.new_page()
        assert desk() == "none"
        page.goto(demo.address)
        wait_for(lambda: desk() == "silent", READY_S, "the browser lets nothing sound before a gesture")
        page.locator("#cases").click(position={"x": 2, "y": 2})
        wait_for(lambda: desk() == "sounding", READY_S, "the board is heard")
        page.wait_for_timeout(100)  # the driver learns of the worker while it waits
        beats = [worker for worker in page.workers if worker.url.endswith("/presence.js")]
        assert len(beats) == 1, "it gives the time in a hidden tab too"
        assert not told()
        page.close()
        closed_s = time.monotonic()
        wait_for(told, PHONE_WITHIN_S, "the message")
        assert desk() == "silent"
        assert time.monotonic() - closed_s <= PHONE_WITHIN_S
        browser.close()
