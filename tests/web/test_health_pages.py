"""/healthz tells a watchdog, /metrics Prometheus, the page people: only a core whose every stage beats is alive."""

import json
from pathlib import Path

import pytest
from django.test import Client

from flameblue.domain.clock import ManualClock
from flameblue.domain.limits import SECOND_NS
from flameblue.fleet.models import Premises
from flameblue.people.actions import create_token
from flameblue.web import access
from tests.cases.bench import Bench, another_cabin
from tests.cast import Cast
from tests.web.readers import Reader, text_of

STAGES = ("intake", "asking", "journal", "detection", "cases", "planning", "delivery", "history")


@pytest.fixture
def beats(data: Path, clock: ManualClock) -> dict[str, int]:
    """Every stage beat just now; the file is written by `write`."""
    return dict.fromkeys(STAGES, clock.now_ns())


def write(data: Path, beats: dict[str, int], **more: object) -> None:
    stages = {name: {"beat_ns": at, "lag": 3} for name, at in beats.items()}
    text = json.dumps({"at_ns": 1, "stages": stages, "counters": {"pubacks": 12.0}} | more)
    (data / "health.json").write_text(text, encoding="utf-8")


def test_it_is_alive_while_every_stage_beats_within_15_s(
    db: None, data: Path, beats: dict[str, int], clock: ManualClock
) -> None:
    write(data, beats)
    clock.advance(14.9)
    answer = Client().get("/healthz")
    assert answer.status_code == 200
    assert answer.json()["stages"]["cases"] == {"alive": True, "age_s": 14.9, "lag": 3}
    clock.advance(0.1)
    assert Client().get("/healthz").status_code == 503


@pytest.mark.parametrize("dead", STAGES)
def test_one_dead_stage_is_named(
    dead: str, db: None, data: Path, beats: dict[str, int], clock: ManualClock
) -> None:
    write(data, beats | {dead: clock.now_ns() - 20 * SECOND_NS})
    answer = Client().get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["dead"] == [dead]


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b'{"stages": {}}', b'{"stages": {"cases": 1}}'])
def test_nothing_to_read_is_not_alive(content: bytes | None, db: None, data: Path) -> None:
    if content is not None:
        (data / "health.json").write_bytes(content)
    answer = Client().get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["alive"] is False


def test_a_stage_that_never_beat_is_dead(db: None, data: Path, beats: dict[str, int]) -> None:
    write(data, beats | {"delivery": 0})
    assert Client().get("/healthz").json()["dead"] == ["delivery"]


def test_the_page_shows_stages_lags_and_counters(
    data: Path, beats: dict[str, int], bolat: Reader, clock: ManualClock
) -> None:
    write(data, beats | {"planning": clock.now_ns() - 60 * SECOND_NS})
    page = bolat.sees("/health/")
    assert "Not working: Planning of notices. " in page
    banner = bolat.html("/health/").split("Not working:")[1].split("</p>")[0]
    assert "<a " not in banner, "one is there already"
    assert 'href="/health/"' in bolat.html("/").split("Not working:")[1].split("</p>")[0]
    assert "Intake works 0.0 s 3" in page
    assert "pubacks 12" in page


def test_metrics_need_a_token_and_tell_stages_counters_and_cases(
    bench: Bench, cast: Cast, data: Path, beats: dict[str, int]
) -> None:
    write(data, beats)
    bench.alarm(cast.tb)
    refused = Client().get("/metrics")
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert refused.headers["Content-Type"].startswith("text/plain")
    assert "flameblue token USER" in refused.content.decode()
    assert cast.bolat.user is not None
    secret = create_token(cast.bolat.user, "prometheus", ["read"], access.now())
    text = Client(headers={"Authorization": f"Bearer {secret}"}).get("/metrics").content.decode()
    assert 'flameblue_stage_up{stage="cases"} 1.0' in text
    assert 'flameblue_counter{name="pubacks"} 12.0' in text
    assert 'flameblue_open_cases{state="open"} 1.0' in text


def test_a_young_core_is_starting_and_an_old_one_is_not_working(
    data: Path, beats: dict[str, int], clock: ManualClock, bolat: Reader
) -> None:
    """Whoever has just started it is not frightened; a stage that never begins is told after a minute."""
    started = {"started_ns": clock.now_ns()}
    write(data, beats | {"detection": 0}, **started)
    page = bolat.sees("/")
    assert "Flameblue is starting: Detection" in page
    assert "System is starting, 60 s at most" in page
    assert "does not work" not in page
    assert "is starting, 60 s at most never" in bolat.sees("/health/")
    assert Client().get("/healthz").status_code == 503
    clock.advance(60)
    write(data, dict.fromkeys(beats, clock.now_ns()) | {"detection": 0}, **started)
    page = bolat.sees("/")
    assert "Not working: Detection" in page
    assert "System does not work" in page
    assert "starting" not in page


def test_until_detection_has_judged_anything_nothing_is_called_normal(
    data: Path, beats: dict[str, int], bolat: Reader, bench: Bench
) -> None:
    another_cabin(bench.cast, "白桦客栈")
    Premises.objects.update(latitude=48.571, longitude=87.434)
    bench.alarm(bench.cast.tb)
    lists = (
        "/fleet/premises/",
        "/fleet/circuits/",
        "/fleet/points/",
        f"/premises/{bench.cast.premises.pk}/points/",
    )
    write(data, beats | {"detection": 0})
    board = bolat.html("/")
    tiles = text_of(board[board.index('sse-swap="premises"') :])
    assert "松林客栈 Alarm · case 白桦客栈 not judged yet" in tiles
    assert "Alarm 1 not judged yet 1 · 2 of 2 equipped" in tiles
    assert "Alarm 1, not judged yet 1" in board[: board.index('id="map"')], "the drawing of the sites"
    assert sorted(place[4] for place in json.loads(bolat.html("/board/map.json"))["places"]) == [
        "alarm",
        "unjudged",
    ]
    for path in lists:
        page = bolat.html(path)
        assert ("level-normal" in page, "not judged yet" in page) == (False, True), path
    write(data, beats)
    assert "白桦客栈 Normal" in bolat.sees("/")
    assert "not judged yet" not in "".join(bolat.sees(path) for path in ("/", *lists))
    assert sorted(place[4] for place in json.loads(bolat.html("/board/map.json"))["places"]) == [
        "alarm",
        "normal",
    ]


@pytest.mark.parametrize(
    "path", ["/", "/fleet/premises/", "/premises/{premises}/", "/cases/4001/", "/rounds/"]
)
def test_every_page_says_that_the_core_is_dead(
    path: str, bolat: Reader, bench: Bench, data: Path, beats: dict[str, int], clock: ManualClock
) -> None:
    bench.alarm(bench.cast.tb)
    path = path.format(premises=bench.cast.premises.pk)
    write(data, beats)
    assert "Not working:" not in bolat.html(path)
    write(data, beats | {"detection": clock.now_ns() - 20 * SECOND_NS})
    assert bolat.html(path).count("Not working: Detection") == 1
    clock.advance(16)
    page = bolat.html(path)
    assert page.count("The core gives no sign of life") == 1, "all at once is one cause"
    assert "Not working:" not in page


def test_nobody_is_counted_as_on_line_while_the_core_is_dead(
    bolat: Reader, cast: Cast, data: Path, beats: dict[str, int], clock: ManualClock
) -> None:
    write(data, beats)
    online = '<a href="/fleet/devices/">1 / 1</a>'
    assert online in bolat.html("/")
    clock.advance(16)
    page = bolat.html("/")
    assert online not in page
    assert "unknown</a>" in page
