"""The times of a test on the page and in its record: the device's part and ours, and what is late."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import translation
from PIL import Image
from reportlab.platypus import Paragraph, Table

from flameblue.commissioning import models, runs
from flameblue.commissioning.models import Acceptance
from flameblue.domain.clock import to_ns
from flameblue.domain.readings import Reading, readings_array
from flameblue.fleet import point_table
from flameblue.fleet.keeping import Hand
from flameblue.fleet.models import Point
from flameblue.fleet.shelf import profiles
from flameblue.history.board import Board
from flameblue.web import acceptance_pdf, commissioning_words
from flameblue.web.views import commissioning
from tests.cast import Cast
from tests.web.readers import Reader, text_of

LATE: Mapping[str, Any] = {
    "value": 350.0,
    "unit": "mA",
    "waited_s": 3.0,
    "seconds": 32.0,
    "step_s": 10.0,
    "within_s": 30.0,
    "hold_s": 30.0,
    "state": "late",
}
UNMET = (
    "Points that alarmed later than their clause allows: 1. They have not passed; who signs takes them so."
)


def heard(data: Path, cast: Cast, now: datetime) -> None:
    """A reading of the device has arrived."""
    board = Board(data / "board.bin", writable=True)
    board.update(readings_array([Reading(cast.ir.pk, to_ns(now), 200, 0)]), to_ns(now))
    board.close()


def drawn() -> SimpleUploadedFile:
    out = BytesIO()
    Image.new("RGB", (300, 100)).save(out, "PNG")
    return SimpleUploadedFile("signature.png", out.getvalue(), "image/png")


def pdf_text(sheet: Acceptance) -> str:
    """What the paragraphs of the file say, as they are laid out; its bytes hold glyph numbers."""
    assert acceptance_pdf.of(sheet, "en").startswith(b"%PDF-")
    found: list[str] = []
    for part in acceptance_pdf._story(sheet, "sheet"):
        rows = part._cellvalues if isinstance(part, Table) else [[part]]
        found += [cell.text for row in rows for cell in row if isinstance(cell, Paragraph)]
    return " ".join(found)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            {},
            "350 mA · the first value came after 3.0 s · alarm after 32.0 s, a reading every 10 s"
            " · the clause allows 30 s; Flameblue's own hold of 30 s uses that up",
        ),
        (
            {"hold_s": 20.0, "step_s": 16.0},
            "350 mA · the first value came after 3.0 s · alarm after 32.0 s, a reading every 16 s"
            " · the clause allows 30 s; 20 s of the time are Flameblue's own hold",
        ),
        (
            {"hold_s": 60.0, "seconds": 60.0, "state": "failed"},
            "350 mA · the first value came after 3.0 s · alarm after 60.0 s, a reading every 10 s"
            " · the clause allows 30 s; Flameblue's own hold of 60 s uses that up",
        ),
        (
            {"hold_s": 60.0},  # the device's own word came before the hold was over
            "350 mA · the first value came after 3.0 s · alarm after 32.0 s, a reading every 10 s"
            " · the clause allows 30 s",
        ),
        (
            {"seconds": 30.0, "state": "passed"},
            "350 mA · the first value came after 3.0 s · alarm after 30.0 s, a reading every 10 s",
        ),
        (
            {"value": None, "waited_s": None},
            "alarm after 32.0 s, a reading every 10 s · the clause allows 30 s",
        ),
        (
            {"step_s": 0.0, "waited_s": 70.0, "seconds": 30.0, "state": "failed"},
            "350 mA · the first value came after 70.0 s · alarm after 30.0 s, a reading on change"
            " · readings more than 60 s apart show nothing of the clause's time",
        ),
        ({"seconds": None, "waited_s": 3.0, "state": "failed"}, "350 mA"),
    ],
)
def test_the_devices_part_and_ours_stand_apart(more: Mapping[str, Any], said: str) -> None:
    with translation.override("en"):
        assert " · ".join(commissioning_words.measured({**LATE, **more})) == said


def test_what_was_signed_before_the_wait_was_measured_is_still_read() -> None:
    signed = {name: value for name, value in LATE.items() if name != "waited_s"} | {"state": "passed"}
    with translation.override("en"):
        assert commissioning_words.measured(signed)[1].startswith("alarm after 32.0 s")
        assert commissioning_words.measured(signed)[2].startswith("the clause allows 30 s")
        assert commissioning_words.result(signed) == "written down as passed; the clause is not met"
        assert commissioning_words.counts([signed]) == "alarmed; the clause is not met 1"


@pytest.mark.parametrize(
    ("more", "word", "is_counted"),
    [
        ({}, "alarmed; the clause is not met", True),
        ({"seconds": 30.0, "state": "passed"}, "passed", False),
        ({"seconds": 42.0, "state": "failed"}, "failed", True),
        ({"seconds": None, "state": "failed"}, "failed", False),
        ({"seconds": None, "within_s": None, "state": "passed"}, "passed", False),
        ({"seconds": None, "state": "waived"}, "waived", False),
    ],
)
def test_no_word_says_passed_where_the_clause_is_not_met(
    more: Mapping[str, Any], word: str, is_counted: bool
) -> None:
    line = {**LATE, **more}
    with translation.override("en"):
        assert commissioning_words.result(line) == word
        said = commissioning_words.unmet({"devices": [{"points": [line]}]})
    assert said == ("" if not is_counted else UNMET)


def test_page_pdf_and_table_say_the_same_of_a_point_that_was_late(
    bolat: Reader, cast: Cast, data: Path, now: datetime
) -> None:
    point_table.refresh(profiles(), now)
    late_run(cast, now)
    for point in (cast.tb, cast.ib):
        runs.waive(Point.objects.select_related("device").get(pk=point.pk), Hand("bolat", now, "no heater"))
    heard(data, cast, now)
    assert "the clause is not met: 1" in bolat.sees("/commissioning/")
    table = bolat.client.get("/commissioning/devices.csv").getvalue().decode().splitlines()
    assert table[0].endswith(",Accepted,alarmed; the clause is not met")
    assert table[1] == "禾木,松林客栈,D0217,any,1,1,1,1,0,1"
    sheet = bolat.sees("/commissioning/accept/")
    digest = re.search(r'name="digest" value="([0-9a-f]{64})"', bolat.html("/commissioning/accept/"))
    assert digest
    form = {"name": "Ainur", "role": "Owner", "digest": digest[1], "drawn": drawn()}
    signed = bolat.presses("/commissioning/accept/", **form)
    with translation.override("en"):
        paper = pdf_text(Acceptance.objects.get())
    for text in (sheet, signed, paper):
        assert UNMET in text
        assert "the clause allows 30 s; Flameblue's own hold of 30 s uses that up" in text
        assert "alarmed; the clause is not met" in text
        assert "passed" not in text.replace(UNMET, "")


def late_run(cast: Cast, now: datetime) -> None:
    models.TestRun.objects.create(
        point=cast.ir,
        by="bolat",
        began_at=now,
        until=now,
        within_s=30.0,
        step_s=10.0,
        clause="GB 50166-2019 4.8.4",
        limit=3_000,
        hold_s=30.0,
        seen_at=now + timedelta(seconds=3),
        seen_value=3_500,
        waited_s=3.0,
        seconds=30.4,
        state=models.TestRun.State.LATE,
    )


def test_late_has_its_own_word_in_the_live_row_and_in_the_record_and_counts_as_done(
    bolat: Reader, cast: Cast, data: Path, now: datetime
) -> None:
    point_table.refresh(profiles(), now)
    late_run(cast, now)
    page = f"/commissioning/devices/{cast.device.pk}/"
    said = bolat.sees(page)
    assert "Points 1 / 3" in said
    row = said[: said.index("Record")]
    assert "alarmed; the clause is not met the first value came after 3.0 s" in row
    assert "the clause allows 30 s; Flameblue's own hold of 30 s uses that up" in row
    assert "passed" not in said
    bolat.client.cookies["django_language"] = "zh-hans"
    said = text_of(bolat.client.get(page, headers={"accept-language": "zh-CN"}).content.decode())
    assert "已报警，未满足条文时限" in said
    assert "条文允许 30 秒，火焰蓝自身的持续时间 30 秒已把它用完" in said
    assert "合格" not in said
    assert "3.0 秒后收到第一个读数" in said


def test_the_record_is_a_live_part_of_the_page(bolat: Reader, cast: Cast, data: Path, now: datetime) -> None:
    html = bolat.html(f"/commissioning/devices/{cast.device.pk}/")
    connected = html[html.index("sse-connect=") :]
    for part in commissioning.LIVE.parts:
        assert f'sse-swap="{part}"' in connected
    assert "record" in commissioning.LIVE.parts
    late_run(cast, now)
    request = bolat.client.get(f"/commissioning/devices/{cast.device.pk}/").wsgi_request
    assert len(commissioning.context(request, cast.device.pk)["record"]) == 1
