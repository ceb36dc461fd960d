"""The times of a test on the page and in its record: the device's part and ours, and what is late."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

from flameblue.commissioning import models
from flameblue.fleet import point_table
from flameblue.fleet.shelf import profiles
from flameblue.web import commissioning_words
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


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            {},
            "350 mA · the first value came after 3.0 s · alarm after 32.0 s, a reading every 10 s"
            " · beyond the clause's 30 s; 30 s of the time are our own hold",
        ),
        (
            {"seconds": 30.0, "state": "passed"},
            "350 mA · the first value came after 3.0 s · alarm after 30.0 s, a reading every 10 s",
        ),
        (
            {"value": None, "waited_s": None},
            "alarm after 32.0 s, a reading every 10 s · beyond the clause's 30 s",
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
        assert commissioning_words.measured(signed)[2].startswith("beyond the clause's 30 s")


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
    assert "alarmed; beyond the clause's time the first value came after 3.0 s" in row
    assert "30 s of the time are our own hold" in row
    assert "passed" not in said
    bolat.client.cookies["django_language"] = "zh-hans"
    said = text_of(bolat.client.get(page, headers={"accept-language": "zh-CN"}).content.decode())
    assert "报警，超出条文时限" in said
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
