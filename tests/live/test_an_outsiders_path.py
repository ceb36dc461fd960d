"""docs/own-device.md, as it is written: the wheel, the demo, a device model of one's own, one line, its SMS."""

import os
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.live.binaries import needed
from tests.live.installation import HOST, free_port, wait_for

pytestmark = [pytest.mark.live]

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "own-device.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"(?ms)^```\w*\n(.*?)^```$", GUIDE)
PORT = re.compile(r"MQTT\s+127\.0\.0\.1:(\d+)")
SMS = "报警:我的木屋客厅漏电412毫安,限300毫安。"
EVERY_S = 5.0
WITHIN_S = 600.0  # ten minutes, as the guide promises


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an unpacked wheel: what a user gets, and nothing of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    building = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(building, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (made,) = folder.glob("*.whl")
    with zipfile.ZipFile(made) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


@pytest.fixture
def environment(wheel: Path) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FLAMEBLUE_")}
    return {**clean, "PYTHONPATH": str(wheel)}


@pytest.fixture
def valley(tmp_path: Path, environment: dict[str, str]) -> Iterator[tuple[Path, str, int]]:
    """The folder, the pages and the MQTT port of a running demo of the wheel."""
    port, log = free_port(), tmp_path / "log.txt"
    command = [sys.executable, "-m", "flameblue", "demo", "--data", "valley", "--port", str(port)]
    with log.open("wb") as lines:
        demo = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=lines, stderr=lines)
    try:
        wait_for(lambda: _text(f"http://{HOST}:{port}/healthz") != "", 120, "the pages answer")
        (mqtt,) = PORT.findall(log.read_text(encoding="utf-8"))
        yield tmp_path / "valley", f"http://{HOST}:{port}", int(mqtt)
    finally:
        demo.send_signal(signal.SIGINT)
        try:
            demo.wait(20)
        except subprocess.TimeoutExpired:
            demo.kill()


def test_the_package_that_runs_is_the_wheel(wheel: Path, environment: dict[str, str], tmp_path: Path) -> None:
    asked = [sys.executable, "-c", "import flameblue; print(flameblue.__file__)"]
    found = subprocess.run(asked, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert Path(found.stdout.strip()).is_relative_to(wheel)


def test_a_device_of_ones_own_warns_by_sms(
    valley: tuple[Path, str, int], environment: dict[str, str], tmp_path: Path
) -> None:
    data, pages, port = valley
    model, registry, bring, send = (
        _block(start) for start in ("name: acme-rcm1", "site,", "FLAMEBLUE_DATA", "mosquitto")
    )
    (data / "profiles" / "acme-rcm1.yaml").write_text(model, encoding="utf-8")
    (tmp_path / "mine.csv").write_text(registry, encoding="utf-8")
    command = bring.replace("flameblue/bin/flameblue", f"{sys.executable} -m flameblue")
    subprocess.run(command, shell=True, cwd=tmp_path, env=environment, check=True, timeout=60)
    needed("mosquitto_pub")

    def sent_until_told() -> bool:
        subprocess.run(send.replace("-p 1883", f"-p {port}"), shell=True, check=True, timeout=20)
        assert "my-1" in _text(f"{pages}/fleet/devices/?q=my-1")
        try:
            wait_for(lambda: SMS in _text(f"{pages}/phone/"), EVERY_S, "the SMS")
        except AssertionError:
            return False
        return True

    wait_for(sent_until_told, WITHIN_S, "the owner's SMS on the phone page")


def _block(start: str) -> str:
    """The block of the guide that begins so."""
    (found,) = [block for block in BLOCKS if block.startswith(start)]
    return found


def _text(address: str) -> str:
    try:
        answer = httpx.get(address, timeout=10)
    except httpx.HTTPError:
        return ""
    return answer.text if answer.is_success else ""
