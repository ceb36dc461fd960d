"""One board in a real Chromium, and when what changes on it has been painted."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from playwright.async_api import Page, async_playwright

from tests.live.binaries import needed
from tests.live.installation import HOST
from tests.live.looks import CHROMIUM, DESK

PAINTS = """
(words) => {
  const cases = document.getElementById("cases");
  const says = () => cases.textContent.includes(words);
  let said = says();
  window.painted = [];
  new MutationObserver(() => {
    if (says() === said) return;
    said = !said;
    const afterTheFrame = () => setTimeout(() => window.painted.push(performance.timeOrigin + performance.now()));
    requestAnimationFrame(() => requestAnimationFrame(afterTheFrame));
  }).observe(cases, { childList: true, subtree: true, characterData: true });
}
"""  # the second frame begins when the first has been drawn with the change in it


@dataclass(frozen=True)
class Screen:
    """A board that is open."""

    page: Page

    async def painted_ns(self) -> list[int]:
        """When the words came or went, each time after a frame that shows it."""
        return [round(at_ms * 1e6) for at_ms in await self.page.evaluate("window.painted")]


@asynccontextmanager
async def screen(port: int, session: str, words: str) -> AsyncIterator[Screen]:
    """The board of who has `session`, at a desk; `words` are waited for among the cases."""
    async with async_playwright() as driver:
        chromium = await driver.chromium.launch(executable_path=needed("chromium"), args=CHROMIUM)
        context = await chromium.new_context(viewport={"width": DESK[0], "height": DESK[1]})
        cookie = {"name": "sessionid", "value": session, "domain": HOST, "path": "/"}
        await context.add_cookies([cookie])
        page = await context.new_page()
        await page.goto(f"http://{HOST}:{port}/")
        await page.evaluate(PAINTS, words)
        try:
            yield Screen(page)
        finally:
            await chromium.close()
