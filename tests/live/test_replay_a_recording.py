"""`flameblue replay`: a recorded file through the endpoint of a whole installation, up to the SMS it causes."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.installation import HOST, Installation, installation, wait_for
from tests.live.smsc import SmsCentre

pytestmark = [pytest.mark.live]
OWNER = "+8613800010001"
ROW = {
    "site": "禾木", "station": "禾木消防站", "premises": "松林客栈", "owner": "Ailin", "phone": OWNER,
    "panel": "2号箱", "isolator": "3号开关", "circuit": "暖气", "rated_current_a": "40", "device": "D1",
    "profile": "flameblue-generic", "credential": "secret-1", "point": "tb", "quantity": "temperature_c",
    "phase": "B", "place": "203房",
}  # fmt: skip


@pytest.fixture(scope="module")
def village(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Installation, SmsCentre]]:
    folder, smsc = tmp_path_factory.mktemp("replay"), SmsCentre()
    smsc.start()
    try:
        with installation(folder / "data", [ROW], smsc.environment()) as it:
            smsc.wait_until_bound()
            yield it, smsc
    finally:
        smsc.stop()


def url(it: Installation, credential: str = "secret-1") -> str:
    return f"mqtt://D1:{credential}@{HOST}:{it.mqtt_port}"


def heating_up(path: Path, minutes: int) -> Path:
    """A reading each ten seconds: 45 °C, and 85 °C in the last five minutes."""
    rows = minutes * 6
    lines = [f"{1_700_000_000 + 10 * row},{85 if row >= rows - 30 else 45}\n" for row in range(rows)]
    path.write_text("time,t_head\n" + "".join(lines), encoding="utf-8")
    return path


def acknowledged(it: Installation) -> int:
    return int(it.health()["counters"].get("readings", 0))


def test_a_recording_warns_the_owner_and_every_reading_is_acknowledged(
    village: tuple[Installation, SmsCentre], tmp_path: Path
) -> None:
    it, smsc = village
    before = acknowledged(it)
    file = heating_up(tmp_path / "head.csv", minutes=60)
    done = it.command("replay", str(file), "--to", url(it), "--speed", "600", "--columns", "t_head=tb")
    assert done.stdout.startswith("360 messages of D1 were acknowledged, recorded 2023-11-14 22:13:20 to ")
    assert "360/360" in done.stderr
    wait_for(lambda: acknowledged(it) == before + 360, 20, "all readings are in the journal")
    sms = smsc.wait_for(lambda message: message.to == OWNER, 20, "the owner's SMS")
    assert "松林客栈203房" in sms.text
    assert "85度" in sms.text


def test_a_wrong_credential_is_told_in_words(village: tuple[Installation, SmsCentre], tmp_path: Path) -> None:
    it, _ = village
    done = it.tries("replay", str(heating_up(tmp_path / "h.csv", 6)), "--to", url(it, "wrong"))
    assert done.returncode == 1
    assert "The endpoint refuses us" in done.stderr
    assert "Traceback" not in done.stderr


def test_nobody_there_is_told_in_words(village: tuple[Installation, SmsCentre], tmp_path: Path) -> None:
    it, _ = village
    done = it.tries("replay", str(heating_up(tmp_path / "h.csv", 6)), "--to", "mqtt://D1:x@127.0.0.1:1")
    assert done.returncode == 1
    assert "There is no endpoint at 127.0.0.1:1" in done.stderr


def test_a_core_that_is_killed_under_it_loses_nothing(
    village: tuple[Installation, SmsCentre], tmp_path: Path
) -> None:
    it, _ = village
    before = acknowledged(it)
    file = heating_up(tmp_path / "long.csv", minutes=600)
    arguments = ("replay", str(file), "--to", url(it), "--speed", "3600", "--columns", "t_head=tb")
    replay = subprocess.Popen(
        [sys.executable, "-m", "flameblue", *arguments],
        env=it.variables(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        wait_for(lambda: acknowledged(it) > before, 60, "the first readings are in the journal")
        it.kill("core")
        out, err = replay.communicate(timeout=120)
    finally:
        replay.kill()
    assert replay.returncode == 0, err
    assert out.startswith("3600 messages of D1 were acknowledged")
    it.wait_until_healthy()
