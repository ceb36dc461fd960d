"""An import of 300 rows: 300 are expected, and 300 of 300 stand on the sheet at the end."""

import re
from datetime import datetime
from io import BytesIO
from pathlib import Path

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image

from flameblue.commissioning import models
from flameblue.commissioning.models import Acceptance
from flameblue.domain.clock import to_ns
from flameblue.domain.readings import Reading, readings_array
from flameblue.fleet.keeping import Hand
from flameblue.fleet.models import Point
from flameblue.history.board import Board
from flameblue.people import registry
from tests.cast import Cast
from tests.web.readers import text_of

MANY = 300
HEADING = (
    "site,premises,station,owner,phone,panel,circuit,rated_current_a,"
    "device,device_serial,profile,point,quantity\n"
)
MODELS = (("flameblue-generic", "ir"), ("thingsboard-generic", "leak"), ("gb26875-generic", "1.17.2db83201"))


def imported(now: datetime) -> None:
    rows = []
    for number in range(MANY):
        profile, key = MODELS[number % len(MODELS)]
        place = f"木屋{number:03d},禾木消防站,Owner {number},+86137{number:08d},1号箱,总,40"
        rows.append(f"禾木,{place},E{number:04d},SN{number:04d},{profile},{key},residual_current_ma\n")
    report = registry.import_bytes((HEADING + "".join(rows)).encode(), Hand("root", now, "import"))
    assert report.errors == ()


def page_of(admin: Client) -> str:
    answer = admin.get("/commissioning/")
    assert len(answer.content) < 150_000
    return text_of(answer.content.decode())


def drawn() -> SimpleUploadedFile:
    out = BytesIO()
    Image.new("RGB", (300, 100)).save(out, "PNG")
    return SimpleUploadedFile("signature.png", out.getvalue(), "image/png")


def test_from_an_import_to_the_sheet(cast: Cast, data: Path, admin: Client, now: datetime) -> None:
    cast.device.enabled = False
    cast.device.save()
    imported(now)
    assert f"Expected {MANY} / {MANY} Heard 0 / {MANY}" in page_of(admin)
    points = list(Point.objects.filter(device__enabled=True))
    assert len(points) == MANY
    board = Board(data / "board.bin", writable=True)
    board.update(readings_array([Reading(point.pk, to_ns(now), 200, 0) for point in points]), to_ns(now))
    board.close()
    assert f"Bound {MANY} / {MANY} Tested 0 / {MANY}" in page_of(admin)
    models.TestRun.objects.bulk_create(
        models.TestRun(point=point, by="bolat", began_at=now, until=now, state=models.TestRun.State.PASSED)
        for point in points
    )
    with CaptureQueriesContext(connection) as asked:
        assert f"Tested {MANY} / {MANY} Accepted 0 / {MANY}" in page_of(admin)
    assert len(asked) < 20
    sheet = admin.get("/commissioning/accept/").content.decode()
    assert len(sheet) < 150_000
    assert sheet.count("passed 1<") == MANY
    digest = re.search(r'name="digest" value="([0-9a-f]{64})"', sheet)
    assert digest
    signing = {"name": "Ainur", "role": "Owner", "digest": digest[1], "drawn": drawn()}
    assert admin.post("/commissioning/accept/", signing).status_code == 302
    assert f"Accepted {MANY} / {MANY}" in page_of(admin)
    signed = Acceptance.objects.get()
    assert admin.get(f"/commissioning/sheets/{signed.pk}.pdf").content.startswith(b"%PDF-")
    assert len(signed.content["devices"]) == MANY
