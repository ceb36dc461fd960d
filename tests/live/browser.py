"""Real browsers for the tests of the pages: sizes, looks, and what must hold of every page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, StorageState, expect, sync_playwright

from tests.live.all_pages import Visit
from tests.live.binaries import needed
from tests.live.looks import CHROMIUM, DESK, Look, Scheme, album
from tests.live.test_demo_in_a_browser import FAULT_MS, PREMISES, READY_MS, Demo

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
PASSWORD = "a long word for a test"
ADMIN = f"""
from django.contrib.auth.models import User
from django.utils import timezone
from flameblue.people.actions import set_password
set_password(User.objects.get(username="admin"), {PASSWORD!r}, timezone.now())
"""
SHIFTS = """
window.shifts = [];
window.shifted = [];
new PerformanceObserver((list) => list.getEntries().forEach((one) => {
  window.shifts.push(one.value);
  one.sources.forEach(({ node }) => window.shifted.push((node?.parentElement ?? node)?.outerHTML.slice(0, 200)));
}))
  .observe({ type: "layout-shift", buffered: false });
"""


@dataclass(frozen=True)
class Eye:
    """Looks at pages of one server, signed in where `state` holds a session."""

    browser: Browser
    address: str
    state: StorageState | None = None

    def context(
        self, size: tuple[int, int] = DESK, language: str = "en-US", scheme: Scheme = "light", **more: Any
    ) -> BrowserContext:
        context = self.browser.new_context(
            locale=language,
            color_scheme=scheme,
            viewport={"width": size[0], "height": size[1]},
            storage_state=self.state,
            **more,
        )
        context.set_default_timeout(READY_MS)
        return context

    def suits_everybody(
        self, visits: Sequence[Visit], looks: Sequence[Look], world: str, turns: int = 1
    ) -> None:
        """Each page answers as it should; axe finds nothing in it, and it is not wider than its screen.

        `turns`: a page is seen in every so many of the looks only; the pages take turns.
        """
        for number, look in enumerate(looks):
            context = self.context(*look, bypass_csp=True)
            page = context.new_page()
            for visit in visits[number % turns :: turns]:
                answer = page.goto(self.address + visit.path, wait_until="load")
                assert answer is not None
                assert answer.status == visit.status, (visit, look.name)
                _picture(page, f"{world}-{visit.name}-{look.name}")
                found = _found_by_axe(page)
                assert found == [], (visit.path, world, look.name, found)
                wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                assert wide <= 0, (visit.path, world, look.name)
            context.close()


@dataclass(frozen=True)
class Window:
    """A browser, and the demo that it looks at."""

    browser: Browser
    demo: Demo

    @property
    def eye(self) -> Eye:
        return Eye(self.browser, self.demo.address)

    def context(
        self, size: tuple[int, int] = DESK, language: str = "en-US", scheme: Scheme = "light", **more: Any
    ) -> BrowserContext:
        return self.eye.context(size, language, scheme, **more)

    def board(self, context: BrowserContext) -> Page:
        """The board, with a case that nobody has."""
        page = context.new_page()
        page.goto(self.demo.address + "/")
        expect(page.locator("li.case", has_text=PREMISES)).to_be_visible(timeout=FAULT_MS)
        return page


@pytest.fixture
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=needed("chromium"), args=CHROMIUM)
        yield running
        running.close()


@pytest.fixture
def window(demo: Demo, browser: Browser) -> Window:
    return Window(browser, demo)


def signed_in(browser: Browser, address: str) -> StorageState:
    """The session of ADMIN, whom a wrong password has been told first."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(address + "/")
    page.locator("input[name=username]").fill("admin")
    page.locator("input[name=password]").fill("not this one")
    page.locator("input[name=password]").press("Enter")
    expect(page.get_by_role("alert").first).to_be_visible()
    page.locator("input[name=username]").fill("admin")
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url(address + "/")
    state = context.storage_state()
    context.close()
    return state


def _found_by_axe(page: Page) -> list[str]:
    page.add_script_tag(path=AXE)
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found["violations"]]


def _picture(page: Page, name: str) -> None:
    """The screen as it is seen first, and the whole page where it is longer."""
    folder = album()
    if folder is None:
        return
    page.wait_for_timeout(400)  # the map and the live line
    page.screenshot(path=folder / f"{name}.png", full_page=True)
