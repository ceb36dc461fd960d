"""A phone notes serial numbers while nothing answers, even after its page was closed, and sends each once, later."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.live.browser import ADMIN, browser, signed_in
from tests.live.installation import HOST, PREPARED, Installation
from tests.live.looks import HAND

__all__ = ["browser"]
pytestmark = [pytest.mark.live]
WITHIN_MS = 20_000
SENT = """
from flameblue.commissioning.models import Scan
print([[one.serial, one.place, one.by] for one in Scan.objects.order_by("id")])
"""


@pytest.fixture
def quiet(tmp_path: Path) -> Iterator[Installation]:
    """An installation with its first user and nothing else."""
    it = Installation(tmp_path)
    it.python(PREPARED + ADMIN)
    try:
        it.start()
        yield it
    finally:
        it.stop()


def note(page: Page, serial: str, place: str) -> None:
    page.locator("#serial").fill(serial)
    page.locator("#place").fill(place)
    page.get_by_role("button", name="Note it").click()


def test_what_is_noted_without_signal_is_sent_once_there_is_some(
    quiet: Installation, browser: Browser
) -> None:
    address = f"http://{HOST}:{quiet.web_port}"
    context = browser.new_context(
        storage_state=signed_in(browser, address),
        locale="en-US",
        viewport={"width": HAND[0], "height": HAND[1]},
    )
    context.set_default_timeout(WITHIN_MS)
    page = context.new_page()
    page.goto(f"{address}/commissioning/scan/")
    expect(page.locator("#scan-said")).to_have_text("This page works without signal now.")
    page.reload()
    expect(page.locator("#scan-said")).to_have_text("This page works without signal now.")

    quiet.stop()
    page.close()
    page = context.new_page()
    page.goto(f"{address}/commissioning/scan/")
    note(page, "SN-1", "box 2, left")
    note(page, "SN-2", "")
    expect(page.locator("#waiting li")).to_have_count(2)
    expect(page.locator("#waiting .badge").first).to_have_text("waits")
    page.reload()
    expect(page.locator("#waiting li")).to_have_count(2)

    quiet.start()
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator("#scan-said")).to_have_text("All is sent.")
    expect(page.locator("#waiting .badge").first).to_have_text("sent")
    page.reload()
    expect(page.locator("#waiting li")).to_have_count(2)
    assert quiet.python(SENT).strip() == "[['SN-1', 'box 2, left', 'admin'], ['SN-2', '', 'admin']]"
