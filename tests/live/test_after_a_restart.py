"""The server goes and comes again while a board is open: the page says so, and goes on without being loaded anew."""

import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from playwright.sync_api import Page, Request, expect

from tests.live.browser import Window, browser, window
from tests.live.installation import wait_for
from tests.live.test_demo_in_a_browser import FAULT_MS, MARK, PREMISES, READY_MS, Demo, demo

__all__ = ["browser", "demo", "window"]
pytestmark = [pytest.mark.live, pytest.mark.proof]


def test_a_board_goes_on_after_a_restart_and_knows_what_came_meanwhile(window: Window) -> None:
    lines: list[Request] = []
    page = window.context().new_page()
    page.on("request", lambda request: lines.append(request) if "/live/board/" in request.url else None)
    page.goto(window.demo.address + "/")
    case = page.locator("li.case", has_text=PREMISES)
    expect(page.locator("#live-state:not(.lost)")).to_have_text("Live", timeout=READY_MS)
    expect(page.locator("#live[data-server-ahead-ms]")).to_be_attached(
        timeout=READY_MS
    )  # the line has beaten
    expect(case).to_have_count(0)
    page.evaluate(f"{MARK} = true")
    with _no_pages(window.demo):
        expect(page.locator("#live-state.lost")).to_contain_text("Not live", timeout=5_000)
        wait_for(lambda: _cases(window.demo) > 0, FAULT_MS / 1000, "a case that no page has seen")
        expect(case).to_have_count(0)
    expect(case).to_be_visible(timeout=FAULT_MS)
    expect(page.locator("#live-state.lost")).to_have_count(0, timeout=READY_MS)
    assert page.evaluate(MARK)
    assert lines[-1].all_headers().get("last-event-id", "").isdigit()
    _goes_on(page)


def _goes_on(page: Page) -> None:
    """The new line is as live as the old one was, and the form's token still holds."""
    page.keyboard.press("j")
    page.keyboard.press("a")
    expect(page.locator("#toast")).to_contain_text("You have case")
    expect(page.locator("li.case .case-who").first).to_contain_text("Taken", timeout=READY_MS)
    assert page.evaluate(MARK)


@contextmanager
def _no_pages(demo: Demo) -> Iterator[None]:
    """The web process is killed, and its supervisor stands still, so that nobody starts it again; the core goes on."""
    demo.process.send_signal(signal.SIGSTOP)
    try:
        os.kill(int((demo.data / "run" / "web.pid").read_text(encoding="ascii")), signal.SIGKILL)
        yield
    finally:
        demo.process.send_signal(signal.SIGCONT)


def _cases(demo: Demo) -> int:
    """Announced cases, as the core has written them."""
    with closing(sqlite3.connect(demo.data / "flameblue.sqlite3")) as database:
        (count,) = database.execute("SELECT count(*) FROM cases_case WHERE announced").fetchone()
    return int(count)
