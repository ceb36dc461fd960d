"""Devices of the registry that are asked, and a whole Flameblue: pymodbus' server at one end, pages at the other."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.live.installation import Installation, installation, wait_for
from tests.live.journals import journalled
from tests.live.modbus_devices import beside, device, serving
from tests.live.modbus_lines import VECTORS, registers_of

pytestmark = [pytest.mark.live]
WITHIN_S = 30.0
METER = next(path for path in VECTORS if path.stem == "eastron-sdm630")
CABIN = {
    "site": "禾木",
    "station": "禾木消防站",
    "premises": "木屋1号",
    "owner": "户主1",
    "phone": "+8613800000001",
    "panel": "2号箱",
    "circuit": "总进线",
    "profile": "eastron-sdm630",
    "place": "配电间",
}
ON_THE_BOARD = """
import json
from django.conf import settings
from flameblue.fleet.models import Point
from flameblue.web import readings
points = {point.pk: point for point in Point.objects.select_related("device")}
newest = readings.latest(list(points)).items()
print(json.dumps({f"{points[pk].device.name}/{points[pk].key}": one.value for pk, one in newest}))
"""


def rows(*names: str) -> list[dict[str, str]]:
    """A meter a name, with the points of its model."""
    return [CABIN | {"device": name} for name in names]


def connect(it: Installation, **addresses: str) -> None:
    """Says in the registry where the devices are asked."""
    path = it.data / "addresses.csv"
    lines = [f"禾木,木屋1号,{name},{address}" for name, address in addresses.items()]
    path.write_text("村,场所,设备,通信地址\n" + "\n".join(lines) + "\n", encoding="utf-8")
    assert "knows it" in it.command("import", str(path)).stdout


@pytest.fixture(scope="module")
def it(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installation(tmp_path_factory.mktemp("asked") / "data", rows("电表1", "电表2")) as running:
        yield running


def board(it: Installation) -> dict[str, int]:
    """The newest value of each point that has one, by device and key."""
    found: dict[str, int] = json.loads(it.python(ON_THE_BOARD))
    return found


def told(it: Installation) -> dict[str, dict[str, object]]:
    """What the core says of the devices that it asks."""
    path: Path = it.data / "asking.json"
    found: dict[str, dict[str, object]] = json.loads(path.read_text(encoding="utf-8"))["devices"]
    return found


def test_a_registered_meter_is_asked_and_its_reading_is_on_the_board(it: Installation) -> None:
    expected = json.loads(METER.read_text(encoding="utf-8"))["readings"]
    with ExitStack() as stack:
        where = stack.enter_context(beside(serving([device(17, registers_of(METER))], "tcp")))
        connect(it, 电表1=f"{where}?unit=17")
        wait_for(lambda: len(journalled(it.data)) >= len(expected), WITHIN_S, "the meter's readings")
        wait_for(lambda: "电表1/ua" in board(it), WITHIN_S, "a value on the board")
        found = board(it)
        assert (found["电表1/ua"], found["电表1/ia"]) == (2302, 12500)
        assert not any(key.startswith("电表2/") for key in found)
        wait_for(lambda: bool(told(it)["电表1"].get("answered")), WITHIN_S, "what the pages show of it")
        assert told(it)["电表2"] == {"not_asked": "no_address"}
        counters = it.health()["counters"]
        assert (counters["asking_lines_open"], counters["asking_devices_not_asked"]) == (1, 1)
        assert it.is_healthy()
