"""The server's clock is put back by an hour, or ahead by a day: every page answers, and no time runs below nothing."""

import json
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from flameblue.cases import actions as case_actions
from flameblue.domain.clock import ManualClock, to_ns
from flameblue.domain.limits import SECOND_NS
from flameblue.domain.readings import Reading, readings_array
from flameblue.fleet.actions import open_pairing
from flameblue.fleet.keeping import Hand
from flameblue.history.board import Board
from flameblue.web import health
from tests.cases.bench import Bench
from tests.cast import Cast
from tests.web.addresses import keyed, lists
from tests.web.readers import Reader, text_of

BELOW_NOTHING = re.compile(r"(?<![\w.:/-])[-−]\d+(?::\d\d|\s?(?:s|min|h|days?|秒|分钟?|小时|天)(?![a-z]))")
UNITS = ("-3 min", "−3 s", "-1 day", "-00:03", "-5 秒", "-2 小时")


@pytest.fixture
def root(bench: Bench, cast: Cast, data: Path, now: datetime) -> Reader:
    """Chen, who may see everything: a taken case with its messages, values, an open pairing window, a shelved case."""
    made = Board(data / "board.bin", writable=True)
    rows = [Reading(point.pk, to_ns(now), 230, 0) for point in (cast.ir, cast.tb, cast.ib)]
    made.update(readings_array(rows), to_ns(now))
    beats(data, now)
    bench.alarm(cast.tb)
    case_actions.take(bench.case().pk, by=cast.chen, now=now)
    case_actions.shelve(bench.case().pk, cast.chen, "works", now + timedelta(hours=4), now)
    open_pairing(300.0, Hand("root", now))
    assert cast.chen.user is not None
    cast.chen.user.is_superuser = True
    cast.chen.user.save()
    return Reader.of(cast.chen)


@pytest.mark.parametrize(("jump_s", "alive"), [(0, True), (-5, True), (-3_600, False), (3_600, False)])
def test_a_core_that_beat_in_a_time_to_come_is_not_alive(
    jump_s: float, alive: bool, data: Path, now: datetime
) -> None:
    beats(data, now)
    found = health.read(to_ns(now) + round(jump_s * SECOND_NS))
    assert found.alive is alive
    assert found.stages[0].age_s == max(0, jump_s)


@pytest.mark.parametrize("said", UNITS)
def test_what_is_below_nothing_is_seen_as_such(said: str) -> None:
    assert BELOW_NOTHING.search(f"heard {said} ago")
    assert not BELOW_NOTHING.search("2026-01-15 03:07:00, 02:07 – 03:07, 3–5 min, D-3 s")


@pytest.mark.parametrize("hours", [-1, 24])
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_no_page_stumbles_over_a_clock_that_jumps(
    hours: int, language: str, cast: Cast, root: Reader, page_clock: ManualClock
) -> None:
    page_clock.jump(hours * 3_600.0)
    for name, addresses in (keyed(cast) | lists()).items():
        for address in addresses:
            if name.startswith("live"):
                continue
            answer = root.client.get(address, headers={"Accept-Language": language})
            assert answer.status_code < 500, address
            said = text_of(b"".join(answer).decode(errors="replace"))
            assert BELOW_NOTHING.findall(said) == [], (address, BELOW_NOTHING.search(said))


def beats(data: Path, at: datetime) -> None:
    stages = {"cases": {"beat_ns": to_ns(at), "lag": 0}}
    text = json.dumps({"at_ns": to_ns(at), "stages": stages, "counters": {}})
    (data / "health.json").write_text(text, encoding="utf-8")
