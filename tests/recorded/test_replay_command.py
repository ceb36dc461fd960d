"""`flameblue replay` brings a recorded evening to a whole installation: the same alarm, up to the owner's SMS."""

import json
import shutil
from collections.abc import Iterator

import pytest

from flameblue.domain.transitions import Level
from tests.live.installation import HOST, Installation, installation, wait_for
from tests.live.smsc import SmsCentre
from tests.recorded.recordings import DATA, PROFILES

pytestmark = [pytest.mark.live]
OWNER = "+8613800010001"
ROW = {
    "site": "禾木", "station": "禾木消防站", "premises": "住宅", "owner": "Ailin", "phone": OWNER, "panel": "1号箱",
    "isolator": "1号开关", "circuit": "总回路", "rated_current_a": "30", "device": "H1",
    "profile": "recorded-household", "credential": "as-it-was", "point": "ia", "quantity": "current_a", "phase": "A",
}  # fmt: skip
EVENING = ("--from", "2006-12-28T20:00:00", "--until", "2006-12-28T22:00:00")
ALARM_AT_S, BACK_AT_S = -58 * 60, -36 * 60  # 21:02 and 21:24, of an evening whose last reading is of 22:00
TRANSITIONS = """
import json
from flameblue.cases.models import AppliedTransition
print(json.dumps([(t.at.timestamp(), t.level) for t in AppliedTransition.objects.order_by("pk")]))
"""
NEWEST = """
from django.conf import settings
from flameblue.history.board import Board
from flameblue.fleet.models import Point
print(Board(settings.CONFIG.data / "board.bin", writable=False).latest(Point.objects.get().pk).at_ns / 1e9)
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Installation, SmsCentre]]:
    data, smsc = tmp_path_factory.mktemp("house") / "data", SmsCentre()
    shutil.copytree(PROFILES, data / "profiles")
    smsc.start()
    try:
        with installation(data, [ROW], smsc.environment()) as it:
            smsc.wait_until_bound()
            yield it, smsc
    finally:
        smsc.stop()


def test_a_recorded_evening_alarms_when_it_did(house: tuple[Installation, SmsCentre]) -> None:
    it, smsc = house
    to = f"mqtt://H1:as-it-was@{HOST}:{it.mqtt_port}"
    columns = ("--columns", "current_a=ia", "--speed", "3600")
    done = it.command("replay", str(DATA / "household.parquet"), "--to", to, *columns, *EVENING)
    assert done.stdout.startswith("121 messages of H1 were acknowledged")
    sms = smsc.wait_for(lambda message: message.to == OWNER, 20, "the owner's SMS")
    assert "住宅" in sms.text
    wait_for(lambda: set(it.lags().values()) == {0}, 20, "every reading judged")
    last_s = float(it.python(NEWEST))
    levels = [(round(at - last_s), level) for at, level in json.loads(it.python(TRANSITIONS))]
    assert levels == [(ALARM_AT_S, Level.ALARM), (BACK_AT_S, Level.NORMAL)]
