"""The pages of commissioning: unknown devices and their place, tests, progress, sheets, scans."""

import json
import re
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from flameblue.commissioning import models, runs
from flameblue.commissioning.models import Acceptance, Scan
from flameblue.domain.clock import ManualClock, to_ns
from flameblue.domain.readings import Reading, readings_array
from flameblue.fleet import point_table, testing
from flameblue.fleet.keeping import Hand
from flameblue.fleet.models import Device, PairingWindow, Point, Premises, Site
from flameblue.fleet.shelf import profiles
from flameblue.history.board import Board
from flameblue.intake.quarantine import Quarantine, Unknown
from tests.cast import Cast
from tests.web.readers import Reader, text_of

EFM8 = (
    b'{"v": {"ir": 12.5, "ta": 41.2, "tb": 40, "tc": 40, "ia": 3.4, "ib": 3, "ic": 3,'
    b' "ua": 229, "ub": 230, "uc": 231, "amb": 18.5, "uptime": 9}}'
)


def heard(data: Path, *unknown: Unknown) -> None:
    quarantine = Quarantine(data / "quarantine.sqlite3")
    quarantine.add(unknown)
    quarantine.close()


def stranger(now: datetime, name: str = "D0999", payload: bytes = EFM8) -> Unknown:
    topic = f"flameblue/v1/{name}/readings"
    return Unknown(name, f"client-{name}", "10.0.0.9:1883", "a" * 64, topic, payload, to_ns(now))


def read(data: Path, now: datetime, *points: Point) -> None:
    board = Board(data / "board.bin", writable=True)
    rows = [Reading(point.pk, to_ns(now), 200, 0) for point in points]
    board.update(readings_array(rows), to_ns(now))
    board.close()


def taken_in() -> None:
    """The core has read the outbox."""
    for change, _ in point_table.waiting_changes():
        point_table.mark_appended(change, 1)


def drawn() -> SimpleUploadedFile:
    out = BytesIO()
    Image.new("RGBA", (300, 100), (0, 0, 0, 255)).save(out, "PNG")
    return SimpleUploadedFile("signature.png", out.getvalue(), "image/png")


def sees(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status
    return text_of(answer.content.decode())


def test_who_talks_is_listed_with_what_it_sends_and_the_model_that_fits(
    cast: Cast, data: Path, admin: Client, now: datetime
) -> None:
    heard(data, stranger(now), stranger(now, "D0217"))
    page = sees(admin, "/commissioning/unknown/")
    assert "D0999" in page
    assert "flameblue-efm8 knows 11 of 12 keys" in page
    assert "ir 12.5 ta 41.2" in page
    assert "D0217" not in page, "the registry knows it"


def test_who_speaks_again_stays_where_it_is_in_the_list(
    cast: Cast, data: Path, admin: Client, now: datetime
) -> None:
    later = now + timedelta(seconds=5)
    heard(
        data,
        stranger(now, "D0901"),
        stranger(later, "D0902"),
        stranger(later + timedelta(seconds=5), "D0901"),
    )
    page = sees(admin, "/commissioning/unknown/")
    assert page.index("D0901") < page.index("D0902")


def test_three_presses_bind_it(cast: Cast, data: Path, admin: Client, now: datetime) -> None:
    heard(data, stranger(now))
    form = admin.get("/commissioning/unknown/bind/?name=D0999").content.decode()
    assert re.search(r'<option value="flameblue-efm8" selected>', form)
    assert f'value="c{cast.circuit.pk}"' in form
    asked = {"name": "D0999", "profile": "flameblue-efm8", "place": f"c{cast.circuit.pk}"}
    answer = admin.post("/commissioning/unknown/bind/", asked, follow=True)
    device = Device.objects.get(name="D0999")
    assert answer.redirect_chain == [(f"/commissioning/devices/{device.pk}/", 302)]
    assert (device.profile, device.premises, device.credential_hash) == (
        "flameblue-efm8",
        cast.premises,
        "a" * 64,
    )
    assert set(device.points.values_list("circuit", flat=True)) == {cast.circuit.pk}
    assert "Bound by root" in text_of(answer.content.decode())
    assert "Nobody unknown has spoken" in sees(admin, "/commissioning/unknown/")


def test_a_model_that_leaves_its_points_open_gets_those_of_the_form(
    cast: Cast, data: Path, admin: Client, now: datetime
) -> None:
    heard(data, stranger(now, payload=b'{"v": {"leak": 9, "Ua": 229, "serial": 7}}'))
    form = admin.get("/commissioning/unknown/bind/?name=D0999").content.decode()
    assert re.search(r'name="quantity-0".*?<option value="residual_current_ma" selected>', form, re.DOTALL)
    asked = {"name": "D0999", "profile": "flameblue-generic", "place": f"c{cast.circuit.pk}"}
    asked |= {"key-0": "leak", "quantity-0": "residual_current_ma", "phase-0": ""}
    asked |= {"key-1": "Ua", "quantity-1": "voltage_v", "phase-1": "A", "key-2": "serial", "quantity-2": ""}
    admin.post("/commissioning/unknown/bind/", asked)
    points = Device.objects.get(name="D0999").points.order_by("id")
    assert list(points.values_list("key", "quantity", "phase")) == [
        ("leak", "residual_current_ma", ""),
        ("Ua", "voltage_v", "A"),
    ]


def test_a_model_of_which_most_is_not_heard_says_so_and_is_not_chosen(
    cast: Cast, data: Path, admin: Client, now: datetime
) -> None:
    heard(data, stranger(now, payload=b'{"v": {"ir": 12.5}}'))
    form = admin.get("/commissioning/unknown/bind/?name=D0999").content.decode()
    assert '<option value="flameblue-generic" selected>' in form
    points = sees(admin, "/commissioning/unknown/points/?name=D0999&profile=flameblue-efm8")
    assert "10 of 11 points of this model were not heard." in points


def test_a_transmitter_is_bound_by_its_address_under_a_name_of_ones_choice(
    cast: Cast, data: Path, admin: Client, now: datetime
) -> None:
    vectors = Path(__file__).parents[1] / "vectors" / "gb26875" / "lee_ff_elec_analog14.hex"
    kept = bytes.fromhex(vectors.read_text(encoding="ascii")).hex(" ").encode()
    address = "062028251115"
    heard(data, Unknown(address, address, "10.0.0.8:5200", "", "gb26875/3", kept, to_ns(now)))
    assert "gb26875-four-faith" in sees(admin, "/commissioning/unknown/")
    asked = {"name": address, "called": "Transmitter 7", "profile": "gb26875-four-faith"}
    asked |= {
        "place": f"c{cast.circuit.pk}",
        "key-0": "129.17.15270820.130",
        "quantity-0": "residual_current_ma",
    }
    admin.post("/commissioning/unknown/bind/", asked)
    device = Device.objects.get(name="Transmitter 7")
    assert (device.device_address, device.points.get().quantity) == (address, "residual_current_ma")
    assert "Nobody unknown has spoken" in sees(admin, "/commissioning/unknown/")


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"place": ""}, "Choose where it hangs"),
        ({"place": "c999999"}, "This place is gone"),
        ({"place": "p999999"}, "This place is gone"),
        ({"profile": "nothing"}, "was not made"),
        ({"profile": "flameblue-generic", "key-0": "a\u200bb", "quantity-0": "power_w"}, "nobody can see"),
    ],
)
def test_what_is_wrong_is_said_on_the_form(
    cast: Cast, data: Path, admin: Client, now: datetime, more: dict[str, str], why: str
) -> None:
    heard(data, stranger(now))
    asked = {"name": "D0999", "profile": "flameblue-efm8", "place": f"c{cast.circuit.pk}", **more}
    answer = admin.post("/commissioning/unknown/bind/", asked)
    assert answer.status_code == 422
    assert why in text_of(answer.content.decode())
    assert not Device.objects.filter(name="D0999").exists()


def test_places_are_found_by_any_of_their_words_also_without_a_circuit(
    cast: Cast, data: Path, admin: Client
) -> None:
    bare = Premises.objects.create(site=cast.site, name="Bare Lodge", short_name="Bare")
    bare.panels.create(name="1号箱")
    assert "松林客栈 › 2号箱 · 203房暖气" in sees(admin, "/commissioning/unknown/places/?q=松林 203")
    assert "Nothing fits" in sees(admin, "/commissioning/unknown/places/?q=松林 nowhere")
    assert f'value="p{bare.pk}"' in admin.get("/commissioning/unknown/places/?q=bare").content.decode()


def test_opening_the_pairing_window_leads_back(cast: Cast, data: Path, admin: Client) -> None:
    answer = admin.post("/quarantine/pairing/", {"minutes": "5", "commissioning": "1"})
    assert answer.headers["Location"] == "/commissioning/unknown/"
    assert PairingWindow.objects.exists()


def test_a_test_on_the_page(bolat: Reader, cast: Cast, data: Path, now: datetime) -> None:
    point_table.refresh(profiles(), now)
    taken_in()
    page = f"/commissioning/devices/{cast.device.pk}/"
    assert "No test: what this device sends is real." in bolat.sees(page)
    assert "300 mA, alarm within 30 s (GB 50166-2019 4.8.4)" in bolat.sees(page)
    said = bolat.presses(f"{page}test/", minutes=10)
    assert "being switched on" in said
    assert "I apply it now" not in said
    apply = f"/commissioning/points/{cast.ir.pk}/apply/"
    assert "not in force yet" in bolat.presses(apply)
    taken_in()
    assert "Nobody is called for this device." in bolat.sees(page)
    assert "waiting for the value" in bolat.presses(apply)
    read(data, now, cast.ib)
    list(runs.settle_each(now, runs.Told(lambda _point: None, lambda *_asked: {})))
    assert "The test has ended" in bolat.presses(f"{page}test/", end=1)
    assert testing.open_now(cast.device, now) is None
    assert "broken off" in bolat.sees(page)


def test_a_point_is_waived_on_the_page(bolat: Reader, cast: Cast, data: Path) -> None:
    page = f"/commissioning/devices/{cast.device.pk}/"
    assert "Say why" in bolat.presses(f"{page}waive/", point=cast.ir.pk, reason=" ")
    assert "Choose the point" in bolat.presses(f"{page}waive/", point="x", reason="no access")
    said = bolat.presses(f"{page}waive/", point=cast.ir.pk, reason="no access to the conductor")
    assert "waived no access to the conductor" in said


def ready(cast: Cast, data: Path, now: datetime) -> None:
    for point in (cast.ir, cast.tb, cast.ib):
        runs.waive(Point.objects.select_related("device").get(pk=point.pk), Hand("bolat", now, "by hand"))
    read(data, now, cast.ir)


def test_the_progress_counts_by_site_and_maker(bolat: Reader, cast: Cast, data: Path, now: datetime) -> None:
    Device.objects.create(premises=cast.premises, name="D0300", profile="shelly-pro-3em")
    elsewhere = Site.objects.create(name="Elsewhere", station=cast.other_station)
    theirs = Premises.objects.create(site=elsewhere, name="Theirs", short_name="Theirs")
    Device.objects.create(premises=theirs, name="D0400", profile="shelly-pro-3em")
    ready(cast, data, now)
    page = bolat.sees("/commissioning/")
    assert "Expected 2 / 2 Heard 1 / 2 Bound 1 / 2 Tested 1 / 2 Accepted 0 / 2" in page
    assert "禾木 Shelly 1 0 0 0 0" in page
    assert "禾木 any 1 1 1 1 0" in page
    assert "D0400" not in page
    assert "D0217" not in bolat.sees("/commissioning/?step=expected")
    rows = bolat.client.get("/commissioning/devices.csv").getvalue().decode().splitlines()
    assert rows[1:] == ["禾木,松林客栈,D0217,any,1,1,1,1,0,0", "禾木,松林客栈,D0300,Shelly,1,0,0,0,0,0"]


def test_what_only_carries_others_says_so(bolat: Reader, cast: Cast, data: Path, now: datetime) -> None:
    gateway = Device.objects.create(premises=cast.premises, name="G1", profile="thingsboard-gateway")
    page = f"/commissioning/devices/{gateway.pk}/"
    assert "It has no points yet" in bolat.sees(page)
    Device.objects.filter(pk=cast.device.pk).update(name="G1>D0217")
    assert "It carries other devices: nothing of its own to test." in bolat.sees(page)
    assert "Begin the test" not in bolat.sees(page)
    progress = bolat.sees("/commissioning/")
    assert "Expected 1 / 1" in progress
    assert "1 device only carries others" in progress
    rows = bolat.client.get("/commissioning/devices.csv").getvalue().decode().splitlines()
    assert rows[1] == "禾木,松林客栈,G1,ThingsBoard,,,,,,"
    assert "Carry other devices: nothing of their own to test 1 G1" in bolat.sees("/commissioning/accept/")


def test_a_sheet_is_signed_read_and_taken_home(bolat: Reader, cast: Cast, data: Path, now: datetime) -> None:
    ready(cast, data, now)
    page = bolat.html("/commissioning/accept/")
    digest = re.search(r'name="digest" value="([0-9a-f]{64})"', page)
    assert digest
    said = bolat.presses(
        "/commissioning/accept/", name="Ainur", role="Owner", digest=digest[1], drawn=drawn()
    )
    assert "Devices accepted by this sheet: 1; before: 0; of 1 in all." in said
    assert "unchanged since it was signed" in said
    assert "· flameblue-generic" in said
    assert "flameblue-generic · any" not in said, "a model of any maker has none to be named"
    sheet = Acceptance.objects.get()
    pdf = bolat.client.get(f"/commissioning/sheets/{sheet.pk}.pdf")
    assert pdf.content.startswith(b"%PDF-")
    assert bolat.client.get(f"/commissioning/sheets/{sheet.pk}/signature/").content.startswith(b"RIFF")
    assert "Accepted 1 / 1" in bolat.sees("/commissioning/")
    again = bolat.client.post("/commissioning/accept/", {"name": "A", "role": "B", "digest": "0" * 64})
    assert again.status_code == 422
    Acceptance.objects.update(content=sheet.content | {"total": 7})
    assert "the content is not what was signed" in bolat.sees(f"/commissioning/sheets/{sheet.pk}/")


def test_a_signed_sheet_is_its_stations_own(dana: Reader, cast: Cast, data: Path, now: datetime) -> None:
    content = {"site": "禾木", "devices": []}
    sheet = Acceptance.objects.create(
        site=cast.site, name="A", role="B", by="C", at=now, signature=b"", content=content, digest=""
    )
    for path in (f"{sheet.pk}/", f"{sheet.pk}.pdf", f"{sheet.pk}/signature/"):
        assert dana.client.get(f"/commissioning/sheets/{path}").status_code == 404


def test_a_phone_sends_what_it_has_noted_twice_and_it_is_kept_once(
    bolat: Reader, cast: Cast, data: Path, clock: ManualClock, now: datetime
) -> None:
    one = {"id": "0123456789abcdef", "serial": "SN-7", "place": "box 2", "at": now.isoformat()}
    for new in (1, 0):
        answer = bolat.client.post("/commissioning/scan/send/", json.dumps([one]), "application/json")
        assert answer.json() == {"new": new}
    assert Scan.objects.get().place == "box 2"
    assert "SN-7 box 2 bolat" in bolat.sees("/commissioning/scans/")
    for wrong in (
        "",
        "{}",
        "[1]",
        json.dumps([one | {"at": "2026-01-01"}]),
        json.dumps([one | {"serial": ""}]),
    ):
        answer = bolat.client.post("/commissioning/scan/send/", wrong, "application/json")
        assert answer.status_code == 422, wrong
    later = one | {"id": "0123456789abcdee", "at": (now + timedelta(days=400)).isoformat()}
    bolat.client.post("/commissioning/scan/send/", json.dumps([later]), "application/json")
    assert Scan.objects.order_by("-id")[0].scanned_at == now


def test_the_scanning_page_alone_may_use_the_camera(bolat: Reader, cast: Cast, data: Path) -> None:
    scan = bolat.client.get("/commissioning/scan/")
    assert "camera=(self)" in scan.headers["Permissions-Policy"]
    assert "camera=()" in bolat.client.get("/commissioning/scans/").headers["Permissions-Policy"]
    worker = bolat.client.get("/commissioning/scan/worker.js")
    assert worker.headers["Content-Type"].startswith("text/javascript")
    assert b"addEventListener" in worker.content


def test_a_picture_of_the_device_is_kept_with_it(bolat: Reader, cast: Cast, data: Path) -> None:
    change = f"/pictures/device/{cast.device.pk}/change/"
    answer = bolat.client.post(change, {"picture": drawn()})
    assert answer.headers["Location"] == f"/commissioning/devices/{cast.device.pk}/"
    assert f"/pictures/device/{cast.device.pk}/" in bolat.html(answer.headers["Location"])
    assert not models.TestRun.objects.exists()
