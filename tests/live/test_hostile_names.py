"""Names and notes that are programs, in a real Chromium: no page runs them, and none is wider than its screen."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Dialog

from tests.live.all_pages import LISTS, TABS, Visit
from tests.live.browser import ADMIN, Eye, browser, signed_in
from tests.live.installation import HOST, PREPARED, Installation
from tests.live.looks import HAND

__all__ = ["browser"]
pytestmark = [pytest.mark.live, pytest.mark.proof]
MARK = "window.ran"
NAMES = (
    "<img src=x onerror=window.ran=1>",
    '"><script>window.ran=2</script>',
    "javascript:window.ran=3",
    "'-window.ran=4-'${window.ran=5}",
    "</svg></title><svg onload=window.ran=6>",
    "\u202eelif.gpj\u2066🧯👩\u200d🚒",
    "宽W" * 100,
)
SHORT = ("<b onclick=ran=7>", '"><i id=ran>', "javascript:ran=8")  # for what holds 20 characters
BEYOND = """[...document.querySelectorAll("main *, header *")]
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 1 && !one.closest(".table, svg"))
  .map((one) => `${one.tagName}.${one.className}`).slice(0, 3)"""  # where to look for what is too wide
WORLD = """
from django.contrib.auth.models import User
from django.utils import timezone
from flameblue.cases import actions as cases
from flameblue.domain.clock import to_ns
from flameblue.domain.transitions import Level, Rule, Transition
from flameblue.fleet.actions import Limits, edit_limit
from flameblue.fleet.keeping import Hand, keep
from flameblue.fleet.models import Circuit, Device, Panel, Point, Premises, Site, Station
from flameblue.people.models import Contact, Person, Shift

at = timezone.now()
hand = Hand(NAMES[0], at, NAMES[1])

def made(what, **values):
    thing = what(**values)
    keep(thing, hand)
    return thing

user = User.objects.get(username="admin")
station = made(Station, name=NAMES[0], signature=SHORT[1][:12])
site = made(Site, name=NAMES[1], station=station)
me = made(Person, name=NAMES[0], phone="+8613900000001", station=station, user=user)
made(Shift, station=station, person=me, role="leader")
changed = []
for number, name in enumerate(NAMES):
    short = SHORT[number % len(SHORT)]
    place = made(Premises, site=site, name=name[:80], short_name=short, kind=name[:40], address=name[:120],
        key_holder=name[:80], latitude=48.5 + number / 1000, longitude=87.4)
    owner = made(Person, name=name[:80], phone=f"+861380000000{number}")
    made(Contact, premises=place, person=owner, order=1)
    panel = made(Panel, premises=place, name=short)
    circuit = made(Circuit, panel=panel, name=short, isolator=short, rated_current_a=16.0)
    device = made(Device, premises=place, name=name[:64], serial=name[:64], profile="flameblue-generic")
    point = made(Point, device=device, circuit=circuit, key=name[:64], quantity="temperature_c", place=short)
    edit_limit(Limits(circuit, "temperature_c", {"over_alarm": 66.0}), hand)
    rise = (Rule.OVER, Level.NORMAL, Level.ALARM, to_ns(at), to_ns(at), 820, 660, 0)
    changed.append(Transition(1, number, point.pk, *rise))
from flameblue.cases.models import Case
cases.apply(cases.Change(tuple(changed), 0, 1), lambda _points: {}, at)
for case in Case.objects.all():
    cases.take(case.pk, by=me, now=at)
    for name in NAMES:
        cases.comment(case.pk, by=me, text=name, now=at)
"""
PLACES = tuple(
    Visit(f"premises-{part}", f"/premises/{key}/{part}")
    for key in (1, 2, 7)
    for part in ("", "charts/", "energy/", "points/", "cases/", "sheet/", "check/")
)
OTHERS = (
    *(Visit(f"case-{number}", f"/cases/{number}/") for number in (4001, 4002, 4003)),
    *(Visit(f"{tab}-one", f"/fleet/{tab}/1/") for tab in TABS),
    *(Visit("limits", f"/fleet/limits/?{way}") for way in ("site=1", "premises=2", "circuit=3")),
    Visit("found", "/fleet/premises/?q=%22%3E%3Cscript%3Ewindow.ran%3D9%3C/script%3E"),
    Visit("back", "/fleet/premises/1/?next=javascript:window.ran=10"),
    Visit("start-device", "/start/devices/1/"),
)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Installation]:
    it = Installation(tmp_path)
    it.python(f"NAMES, SHORT = {NAMES!r}, {SHORT!r}\n{PREPARED}{ADMIN}{WORLD}")
    try:
        it.start()
        yield it
    finally:
        it.stop()


def test_no_page_runs_a_name(world: Installation, browser: Browser) -> None:
    address = f"http://{HOST}:{world.web_port}"
    eye = Eye(browser, address, signed_in(browser, address))
    context, said = eye.context(HAND, "zh-CN"), []
    page = context.new_page()

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error":
            said.append((page.url, message.text))

    def asked(dialog: Dialog) -> None:
        said.append((page.url, dialog.message))
        dialog.dismiss()

    page.on("console", heard)
    page.on("dialog", asked)
    page.on("pageerror", lambda error: said.append((page.url, str(error))))
    wide = []
    for visit in (*LISTS, *PLACES, *OTHERS):
        answer = page.goto(address + visit.path, wait_until="load")
        assert answer is not None
        assert answer.status == 200, visit
        assert page.evaluate(MARK) is None, visit
        assert page.locator("#ran, [href^='javascript:' i]").count() == 0, visit
        if (beyond := page.evaluate("document.documentElement.scrollWidth - innerWidth")) > 0:
            wide.append((visit.path, beyond, page.evaluate(BEYOND)))
    context.close()
    assert said == []
    assert not wide, wide
