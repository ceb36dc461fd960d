"""The demo as somebody sees it who tries Flameblue for the first time: one case, from the fault to its end.

The pages are never loaded again where they should be live: a mark on `window` survives until the end.
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.live.album import Album, open_album
from tests.live.binaries import needed
from tests.live.installation import HOST, free_port, wait_for
from tests.live.looks import CHROMIUM
from tests.live.paper import sheets

pytestmark = [pytest.mark.live]

READY_MS = 20_000  # a page follows an event within a second or two; two busy cores take longer
FAULT_MS = 120_000  # the fault comes 15 s after the first connection; compiling detection may precede it
PROOF_MS = 150_000  # a proof lasts 60 s in the demo, after the load is back
PREMISES, CIRCUIT = "白桦客栈", "浴室"
SAID = {"Pull the switch": "Switch pulled: ", "Repair": "Repaired: ", "Switch on": "Switched on: "}
MARK = "window.notLoadedAgain"
SHEETS_MAX = 2  # of A4: a case with its whole story


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo and where its pages are."""

    process: subprocess.Popen[bytes]
    address: str
    log: Path
    data: Path

    def tail(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")[-3000:]


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    needed("chromium")
    port, log = free_port(), tmp_path / "log.txt"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FLAMEBLUE_")}
    arguments = (
        "flameblue",
        "demo",
        "--port",
        str(port),
        "--mqtt-port",
        str(free_port()),
        "--data",
        str(tmp_path / "valley"),
    )
    with log.open("wb") as lines:
        process = subprocess.Popen([sys.executable, "-m", *arguments], env=clean, stdout=lines, stderr=lines)
    running = Demo(process, f"http://{HOST}:{port}", log, tmp_path / "valley")
    try:
        wait_for(lambda: _answers(running.address), 120, "the board answers")
        yield running
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


@pytest.fixture
def pages(demo: Demo) -> Iterator[tuple[Page, Page, Album]]:
    """Two tabs of one browser: the board and the phones; and the album."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=needed("chromium"), args=CHROMIUM)
        context = browser.new_context(locale="en-US", viewport={"width": 1440, "height": 900})
        context.set_default_timeout(READY_MS)
        board, phones = context.new_page(), context.new_page()
        board.goto(demo.address + "/")
        phones.goto(demo.address + "/phone/")
        yield board, phones, open_album(browser)
        browser.close()


def test_a_leak_is_seen_handled_proven_and_closed_on_live_pages(
    demo: Demo, pages: tuple[Page, Page, Album]
) -> None:
    board, phones, album = pages
    album.take(demo.address + "/", "1-quiet-board")
    board.evaluate(f"{MARK} = true")
    row = board.locator("li.case", has_text=PREMISES)
    assert row.count() == 0, "the board is open before the fault"

    expect(row).to_contain_text(CIRCUIT, timeout=FAULT_MS)
    expect(row).to_contain_text("Nobody has it")
    _sms_with_its_length(phones)
    assert board.evaluate(MARK), "the case came without loading the board again"

    album.take(demo.address + "/", "2-board")
    album.take(phones.url, "3-phones")
    album.take(demo.address + (row.get_by_role("link", name=PREMISES).get_attribute("href") or ""), "4-case")
    row.get_by_role("button", name="I take it").click()
    expect(row.locator(".case-who")).to_contain_text("Taken")
    row.get_by_role("link", name=PREMISES).click()
    case = board
    case.wait_for_url("**/cases/*/")
    assert sheets(case) == 1, "a case that has just been taken"
    case.evaluate(f"{MARK} = true")
    step = case.locator(".steps .current")
    expect(step).to_have_text("Taken")

    case.get_by_text("It is repaired already").click()
    case.locator("#repair-cause").select_option("wet_cable")
    case.locator("#repair-action").fill("Cable replaced")
    _do_in_the_world(phones, "Pull the switch")
    expect(step).to_have_text("Made safe, unproven", timeout=FAULT_MS)
    _do_in_the_world(phones, "Repair")
    assert case.evaluate(MARK), "the readings alone made it safe, on the page as it was"

    album.take(case.url, "5-made-safe")
    expect(case.locator("#repair-cause")).to_have_value("wet_cable")
    expect(case.locator("#repair-action")).to_have_value(
        "Cable replaced"
    )  # typed before the page had changed
    case.get_by_role("button", name="It is repaired").click()
    expect(step).to_have_text("Repaired, unproven")
    case.evaluate(f"{MARK} = true")
    _do_in_the_world(phones, "Switch on")
    expect(case.locator(".proofs time")).to_have_text(re.compile(r"00:\d\d"), timeout=PROOF_MS)
    expect(step).to_have_text("Proven", timeout=PROOF_MS)
    assert case.evaluate(MARK), "the proof came without loading the page again"

    album.take(case.url, "6-proven")
    expect(case.locator("#close-cause")).to_have_value("wet_cable")
    expect(case.locator("#close-action")).to_have_value("Cable replaced")
    case.get_by_role("button", name="Close the case").click()
    expect(step).to_have_text("Closed")
    expect(case.locator(".summary")).to_contain_text("Cable replaced")
    expect(phones.locator(".bubble", has_text="解除").first).to_contain_text(PREMISES, timeout=READY_MS)
    album.take(case.url, "7-closed")
    assert sheets(case) <= SHEETS_MAX
    for path in ("/fleet/devices/", "/fleet/premises/", "/quarantine/", "/health/"):
        album.take(demo.address + path, f"8-{path.strip('/').replace('/', '-')}")
    assert "Traceback" not in demo.tail()


def _sms_with_its_length(phones: Page) -> None:
    """The first message tells how many UTF-16 units it has and in how many parts it is sent."""
    bubble = phones.locator(".bubble", has_text=PREMISES).filter(has_text="unit").first
    expect(bubble).to_be_visible()
    said = re.search(r"(\d+) units?, (\d+) parts?", bubble.inner_text())
    assert said is not None, bubble.inner_text()
    units, parts = int(said[1]), int(said[2])
    text = bubble.evaluate("bubble => bubble.firstChild.textContent")
    assert units == len(text.encode("utf-16-le")) // 2
    assert parts == (1 if units <= 70 else -(-units // 67))


def _do_in_the_world(phones: Page, deed: str) -> None:
    """Somebody's hand on the leaking circuit's switch."""
    phones.reload()  # the circuits to choose from are those of the moment the page was made
    choice = phones.locator("select[name=circuit]")
    label = choice.locator("option", has_text=PREMISES).filter(has_text=CIRCUIT).first.inner_text()
    choice.select_option(label=label)
    phones.get_by_role("button", name=deed).click()
    expect(phones.locator(".messages")).to_contain_text(SAID[deed])


def _answers(address: str) -> bool:
    try:
        return httpx.get(address + "/", timeout=2, follow_redirects=True).status_code == 200
    except httpx.HTTPError:
        return False
