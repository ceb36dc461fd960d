"""The board while a city's centre asks who is on duty, and what the health page says of the line."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from flameblue.uplink.models import Ask, Upload
from flameblue.web import health
from flameblue.web.now import now
from tests.cast import Cast

pytestmark = pytest.mark.django_db
UP = {"uplink_up": 1.0, "uplink_waiting": 7.0, "uplink_oldest_waiting_s": 61.5, "uplink_refused_lately": 2.0}


@pytest.fixture
def ask(cast: Cast) -> Ask:
    at = now()
    return Ask.objects.create(flag=91, serial=1, at=at, answer_by=at + timedelta(minutes=10))


def signed_in(cast: Cast) -> Client:
    client = Client()
    assert cast.bolat.user is not None
    client.force_login(cast.bolat.user)
    return client


def test_the_board_says_that_the_centre_asks_and_one_press_answers(cast: Cast, ask: Ask) -> None:
    client = signed_in(cast)
    page = client.get("/", headers={"Accept-Language": "zh-hans"}).content.decode()
    assert "消防监控中心查岗" in page
    assert f"/board/duty/{ask.pk}/" in page
    said = client.post(f"/board/duty/{ask.pk}/", follow=True).content.decode()
    assert "duty-check" not in said
    ask.refresh_from_db()
    assert ask.answered_by == cast.bolat
    again = client.post(f"/board/duty/{ask.pk}/", follow=True, headers={"Accept-Language": "en"})
    assert "It was answered before" in again.content.decode()


def test_who_is_no_person_is_told_so_before_pressing(cast: Cast, ask: Ask) -> None:
    client = Client()
    client.force_login(cast.admin)
    page = client.get("/", headers={"Accept-Language": "en"}).content.decode()
    assert "The fire centre asks who is on duty. It wants an answer by" in page
    assert "Left: <time" in page
    assert "Your user is not linked to a person" in page
    assert 'href="/start/#message"' in page
    assert f"/board/duty/{ask.pk}/" not in page
    assert (
        "not linked to a person"
        not in signed_in(cast).get("/", headers={"Accept-Language": "en"}).content.decode()
    )


def test_a_question_whose_time_is_over_is_not_on_the_board(cast: Cast, ask: Ask) -> None:
    Ask.objects.update(answer_by=now())
    assert "duty-check" not in signed_in(cast).get("/").content.decode()


def test_health_says_what_waits_and_what_the_centre_did_not_get(cast: Cast, ask: Ask) -> None:
    Upload.objects.create(
        point=cast.tb, unit=b"\x02", made_at=now(), state="denied", detail="the centre denied it"
    )
    path = settings.CONFIG.data / "health.json"
    path.write_text(json.dumps({"at_ns": 1, "stages": {}, "counters": UP}), encoding="utf-8")
    try:
        page = signed_in(cast).get("/health/", headers={"Accept-Language": "zh-hans"}).content.decode()
        told = Client().get("/healthz").json()
    finally:
        path.unlink()
    for words in (
        "不是经过认证的用户信息传输装置",
        "监控中心回了否认",
        "D0217/tb",
        "62 s",
        "查岗：谁在值班？",
    ):
        assert words in page
    assert told["uplink"] == {
        "is_up": True,
        "waiting": 7,
        "oldest_waiting_s": 61.5,
        "refused_lately": 2,
    }


def test_where_no_centre_is_told_nothing_is_said_of_one(cast: Cast, tmp_path: Path) -> None:
    assert "GB/T 26875.3" not in signed_in(cast).get("/health/").content.decode()
    assert "uplink" not in Client().get("/healthz").json()
    assert health.read(0, tmp_path / "none.json").uplink is None
