"""docs/first-reading.md, as it is written: an empty folder, a browser, one copied line, and its reading on the page."""

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect

from tests.live.binaries import needed
from tests.live.browser import AXE, browser
from tests.live.installation import Installation
from tests.live.looks import DESK, FEW_LOOKS, HAND, Look
from tests.live.pictures import smaller
from tests.live.smsc import SmsCentre
from tests.live.test_demo_in_a_browser import READY_MS

__all__ = ["browser"]
pytestmark = [pytest.mark.live]
PASSWORD = "snow-on-the-roof-2026"
ONE_TIME = re.compile(r"one-time password (\S+)")
RECEIVED_MS = 10_000
KNOWN_MS = 1_500  # within a second the endpoint reads anew who may connect; nobody copies a line so fast
WALK_S = 60.0  # of a machine; the other four minutes are for reading and typing
LOOKS = (*FEW_LOOKS, Look(HAND, "en-US", "light"), Look(DESK, "zh-CN", "dark"))


@dataclass
class Walk:
    """One reader on their way. `times`: when each step was done, in seconds from the first page."""

    page: Page
    address: str
    began_s: float = field(default_factory=time.monotonic)
    times: dict[str, float] = field(default_factory=dict)

    def go(self, path: str) -> None:
        self.page.goto(self.address + path)

    def fill(self, **fields: str) -> None:
        for name, value in fields.items():
            self.page.locator(f"#{name.replace('__', '-')}").fill(value)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name).click()

    def did(self, step: str) -> None:
        """Notes the time, and takes a picture where one is wished."""
        self.times[step] = round(time.monotonic() - self.began_s, 1)
        if folder := os.environ.get("FLAMEBLUE_ALBUM"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.wait_for_timeout(300)
            picture = smaller(self.page.screenshot(full_page=True))
            (Path(folder) / f"start-{step}.png").write_bytes(picture)


@pytest.fixture
def empty(tmp_path: Path, centre: SmsCentre) -> Iterator[Installation]:
    """A running installation with an SMS gateway, in which nothing is but its first administrator."""
    it = Installation(tmp_path, centre.environment())
    it.start()
    yield it
    it.stop()


def test_from_an_empty_folder_to_the_first_reading(empty: Installation, browser: Browser) -> None:
    address = f"http://127.0.0.1:{empty.web_port}"
    context = browser.new_context(
        locale="en-US",
        viewport={"width": 1000, "height": 720},
        permissions=["clipboard-read", "clipboard-write"],
    )
    context.set_default_timeout(READY_MS)
    errors: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    walk = Walk(page, address)
    _sign_in(walk, empty)
    _a_village(walk)
    _premises(walk)
    line = _a_device(walk)
    _a_wrong_password_is_told(walk, line)
    _the_line_as_copied(walk, line)
    _a_test_message(walk)
    _without_a_script(browser, context.storage_state(), walk)
    _everybody(browser, context.storage_state(), walk)
    print(json.dumps(walk.times))
    assert errors == []
    assert walk.times["received"] < WALK_S


def _sign_in(walk: Walk, empty: Installation) -> None:
    (password,) = ONE_TIME.findall((empty.data / "log.txt").read_text(encoding="utf-8"))
    walk.go("/")
    walk.page.locator("input[name=username]").fill("admin")
    walk.page.locator("input[name=password]").fill(password)
    walk.page.locator("main button").click()
    walk.page.locator("input[name=old_password]").fill(password)
    for name in ("new_password1", "new_password2"):
        walk.page.locator(f"input[name={name}]").fill(PASSWORD)
    walk.page.locator("main button").click()
    expect(walk.page.locator(".start-note")).to_be_visible()
    walk.did("board")
    walk.page.get_by_role("link", name="Get started").click()


def _a_village(walk: Walk) -> None:
    """A pin on the map fills the two numbers."""
    page = walk.page
    walk.fill(site__site="禾木", site__station="禾木消防站")
    page.locator("[data-pin=site]").click()
    canvas = page.locator("#site .maplibregl-canvas")
    expect(canvas).to_be_visible()
    expect(page.locator("#site .pin-row [role=status]")).to_have_text(re.compile("Tap where it is"))
    canvas.click(position={"x": 300, "y": 150})
    expect(page.locator("#site-latitude")).to_have_value(re.compile(r"^4\d\.\d{5}$"))
    expect(page.locator("#site-longitude")).to_have_value(re.compile(r"^8\d\.\d{5}$"))
    expect(page.locator("#site .maplibregl-marker")).to_be_visible()
    walk.did("village")
    walk.press("Make the village")


def _premises(walk: Walk) -> None:
    expect(walk.page.locator("#site .badge")).to_contain_text("done")
    walk.fill(
        premises__name="松林客栈",
        premises__kind="客栈",
        premises__owner="Ailin",
        premises__number="13800000001",
    )
    walk.did("premises")
    walk.press("Add the premises")


def _a_device(walk: Walk) -> str:
    """The line that the page's button copies."""
    page = walk.page
    expect(page.locator("#premises .badge")).to_contain_text("done")
    page.locator("#device-profile").select_option("tasmota-energy")
    expect(page.locator(".start-points")).to_be_hidden()
    page.locator("#device-profile").select_option("flameblue-generic")
    expect(page.locator(".start-points")).to_be_visible()
    walk.fill(device__name="D0217")
    walk.did("device")
    walk.press("Make the device and its password")
    expect(page.locator("#received h2")).to_have_text(re.compile("Waiting"))
    page.get_by_role("button", name="Copy the line").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    walk.did("waiting")
    return str(page.evaluate("navigator.clipboard.readText()"))


def _a_wrong_password_is_told(walk: Walk, line: str) -> None:
    walk.page.wait_for_timeout(KNOWN_MS)
    credential = re.findall(r"-P (\S+)", line)[0]
    refused = subprocess.run(line.replace(credential, "wrong"), shell=True, capture_output=True, timeout=20)
    assert refused.returncode != 0
    expect(walk.page.locator("#received")).to_contain_text("the password is another", timeout=RECEIVED_MS)
    walk.did("refused")


def _the_line_as_copied(walk: Walk, line: str) -> None:
    needed("mosquitto_pub")
    walk.page.evaluate("window.notLoadedAgain = true")
    subprocess.run(line, shell=True, check=True, timeout=20)
    sent_s = time.monotonic()
    expect(walk.page.locator("#received .stat dd").first).to_have_text("41.2 °C", timeout=RECEIVED_MS)
    walk.times["seconds from the line to the page"] = round(time.monotonic() - sent_s, 2)
    assert walk.page.evaluate("window.notLoadedAgain")
    walk.did("received")


def _a_test_message(walk: Walk) -> None:
    walk.page.get_by_role("link", name="Next: a test SMS").click()
    walk.fill(message__name="Bolat", message__number="13900000001")
    walk.press("Send the test message")
    expect(walk.page.locator("#message .start-list li")).to_have_count(1)
    delivered = walk.page.locator("#message .start-list li strong", has_text="delivered")
    for _ in range(10):
        if delivered.count():
            break
        walk.page.wait_for_timeout(500)
        walk.page.get_by_role("link", name="Look again").click()
        walk.page.reload()
    expect(delivered).to_be_visible()
    expect(walk.page.get_by_text("All four steps are done.")).to_be_visible()
    walk.did("message")


def _without_a_script(browser: Browser, state: StorageState, walk: Walk) -> None:
    """A second device by forms alone."""
    context = browser.new_context(locale="en-US", storage_state=state, java_script_enabled=False)
    context.set_default_timeout(READY_MS)
    page = context.new_page()
    page.goto(walk.address + "/start/")
    page.locator("#device summary").click()
    page.locator("#device-name").fill("D0218")
    page.get_by_role("button", name="Make the device and its password").click()
    line = page.locator("pre code").first.inner_text()
    page.wait_for_timeout(KNOWN_MS)
    subprocess.run(line, shell=True, check=True, timeout=20)
    page.get_by_role("link", name="Look again").click()
    expect(page.locator("#received .stat dd").first).to_have_text("41.2 °C", timeout=RECEIVED_MS)
    context.close()


def _everybody(browser: Browser, state: StorageState, walk: Walk) -> None:
    """axe finds nothing, and no page is wider than its screen."""
    for size, language, scheme in LOOKS:
        context = browser.new_context(
            locale=language,
            color_scheme=scheme,
            viewport={"width": size[0], "height": size[1]},
            storage_state=state,
            bypass_csp=True,
        )
        for path in ("/start/", "/start/devices/1/"):
            page = context.new_page()
            page.goto(walk.address + path)
            page.locator("details").evaluate_all("all => all.forEach((one) => { one.open = true; })")
            page.add_script_tag(path=AXE)
            found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
            wrong = [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found["violations"]]
            assert wrong == [], (path, size, scheme)
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (path, size)
            if folder := os.environ.get("FLAMEBLUE_ALBUM"):
                name = "all" if path == "/start/" else "connect"
                page.screenshot(
                    path=Path(folder) / f"look-{name}-{language}-{scheme}-{size[0]}.png", full_page=True
                )
            page.close()
        context.close()
