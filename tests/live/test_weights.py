"""What a page weighs in a real Chromium that has nothing of it yet: bytes over the wire, and how many are asked for.

The live line is left out: it never ends. What the map needs is counted by itself, with all that it loads.
"""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from tests.live.all_pages import LISTS, OF_THE_DEMO
from tests.live.browser import Window, browser, window
from tests.live.looks import DESK
from tests.live.test_demo_in_a_browser import READY_MS, demo

__all__ = ["browser", "demo", "window"]
pytestmark = [pytest.mark.live, pytest.mark.proof]
BOARD_BYTES_MAX, PAGE_BYTES_MAX, REQUESTS_MAX = 300_000, 150_000, 15
MAP_FILES = ("maplibre", "/web/map.js", "/board/map.json", "/board/lines.json", "pmtiles")


@dataclass
class Weight:
    """The bytes of each address that a page has asked for, with their headers."""

    asked: dict[str, str] = field(default_factory=dict)
    bytes: dict[str, int] = field(default_factory=dict)

    def of(self, *, map_too: bool) -> tuple[int, int]:
        """(bytes, requests)"""
        counted = [name for name in self.asked if map_too or not _is_map(self.asked[name])]
        counted = [name for name in counted if not urlsplit(self.asked[name]).path.startswith("/live/")]
        return sum(self.bytes.get(name, 0) for name in counted), len(counted)


def _is_map(address: str) -> bool:
    return any(part in address for part in MAP_FILES)


def weigh(browser: Browser, address: str) -> Weight:
    """A context of its own for each page: nothing is in its cache."""
    context = browser.new_context(locale="zh-CN", viewport={"width": DESK[0], "height": DESK[1]})
    page, weight = context.new_page(), Weight()
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")

    def asked(event: dict[str, Any]) -> None:
        if event["request"]["url"].startswith("http"):
            weight.asked[event["requestId"]] = event["request"]["url"]

    def kept(event: dict[str, Any]) -> None:
        weight.asked.pop(event["requestId"], None)  # a second look at what has just come

    wire.on("Network.requestWillBeSent", asked)
    wire.on("Network.requestServedFromCache", kept)
    wire.on(
        "Network.responseReceived",
        lambda event: kept(event) if event["response"].get("fromDiskCache") else None,
    )
    wire.on(
        "Network.loadingFinished",
        lambda event: weight.bytes.update({event["requestId"]: round(event["encodedDataLength"])}),
    )
    answer = page.goto(address, wait_until="load")
    assert answer is not None
    assert answer.ok, address
    if page.locator("#map").count():
        expect(page.locator("#map canvas")).to_be_visible(timeout=READY_MS)
    page.wait_for_timeout(500)  # what scripts ask for when they stand
    context.close()
    return weight


@pytest.fixture
def weights(window: Window) -> dict[str, Weight]:
    context = window.context()
    window.board(context)  # there is a case
    context.close()
    paths = dict.fromkeys(one.path for one in (*LISTS, *OF_THE_DEMO))
    return {path: weigh(window.browser, window.demo.address + path) for path in paths}


def test_every_page_is_light(weights: dict[str, Weight]) -> None:
    heavy, found = [], []
    for path, weight in weights.items():
        size, requests = weight.of(map_too=False)
        most = BOARD_BYTES_MAX if path == "/" else PAGE_BYTES_MAX
        found.append(f"{size / 1000:6.1f} kB {requests:3} requests  {path}")
        if not 0 < size <= most or requests > REQUESTS_MAX:
            heavy.append(found[-1])
    size, requests = weights["/"].of(map_too=True)
    found.append(f"{size / 1000:6.1f} kB {requests:3} requests  / with its map")
    print("\n" + "\n".join(found))
    assert heavy == []
