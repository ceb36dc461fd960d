"""A whole Flameblue between a Mosquitto and Home Assistant: announced, imported, measured, shown, gone, back."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.installation import Installation, installation, wait_for
from tests.live.spine import leak
from tests.live.test_home_assistant import STATUS, Listener
from tests.live.test_intake_broker import Mosquitto, mosquitto

__all__ = ["mosquitto"]
pytestmark = [pytest.mark.live]
WITHIN_S = 30.0
DEVICE = "电箱203"
STATE = f"flameblue/v1/{DEVICE}/readings"
HOLDER = {"site": "禾木", "premises": "松林客栈", "short_name": "松林客栈", "station": "禾木消防站"}


def announcement(device_class: str, unit: str, template: str) -> str:
    about = {"identifiers": ["x"], "name": "203配电箱", "manufacturer": "某厂", "model": "EFM-8"}
    content = {
        "dev": about,
        "stat_t": STATE,
        "dev_cla": device_class,
        "unit_of_meas": unit,
        "val_tpl": template,
    }
    return json.dumps(content, ensure_ascii=False)


ANNOUNCED = {
    "tb": announcement("temperature", "°C", "{{ value_json.v.tb }}"),
    "ib": announcement("current", "A", "{{ value_json['v']['ib'] }}"),
    "ir": announcement("current", "mA", "{{ value_json.v.ir }}"),
    "kw": announcement("power", "W", "{{ value_json.v.kw * 1000 }}"),
    "bad": "[" * 100,
}


@pytest.fixture
def it(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Installation]:
    for name, payload in ANNOUNCED.items():
        assert mosquitto.publish(f"homeassistant/sensor/efm/{name}/config", payload, "-r") == 0
    settings = {
        "FLAMEBLUE_BROKER_URL": mosquitto.url,
        "FLAMEBLUE_BROKER_DISCOVERY_PREFIX": "homeassistant",
        "FLAMEBLUE_HOME_ASSISTANT_URL": mosquitto.url,
        "FLAMEBLUE_HOME_ASSISTANT_EVERY_S": "1",
    }
    with installation(tmp_path / "data", [HOLDER], settings) as running:
        yield running


def test_what_is_announced_is_imported_measured_and_shown(it: Installation, mosquitto: Mosquitto) -> None:
    wait_for(lambda: "not read" in it.command("discovered").stdout, WITHIN_S, "announcements are there")
    told = it.command("discovered").stdout
    assert "203配电箱 (某厂 EFM-8)" in told
    assert f"+ {DEVICE}  tb  temperature_c  °C  from {STATE}" in told
    assert "mA may be a load or a residual current" in told
    assert "is not evaluated" in told
    assert "point_" not in told, "what we show to Home Assistant is no device of ours"

    place = ("--site", "禾木", "--premises", "松林客栈")
    rows = it.command("discovered", "--format", "csv", *place).stdout.lstrip("\ufeff").splitlines()
    assert rows[1:] == [
        f"禾木,松林客栈,,,{DEVICE},flameblue-generic,ib,current_a,,",
        f"禾木,松林客栈,,,{DEVICE},,tb,temperature_c,,",
    ]
    rows.append(f"禾木,松林客栈,,,{DEVICE},,ir,residual_current_ma,,")  # whose mA it is, the installer knows
    path = it.data / "announced.csv"
    path.write_text("\n".join(rows), encoding="utf-8")
    assert "The running Flameblue knows it." in it.command("import", str(path)).stdout
    assert f"= {DEVICE}  tb" in it.command("discovered").stdout

    home = Listener(mosquitto.port)
    try:
        for payload in leak():
            assert mosquitto.publish(STATE, payload) == 0
        wait_for(lambda: "ON" in states(home, "safety"), 60, "the open case is shown")
        wait_for(lambda: "382.0" in states(home, "point"), WITHIN_S, "the leak is shown")
        assert home.seen[STATUS] == "online"
        it.kill("core")
        wait_for(lambda: home.seen[STATUS] == "offline", WITHIN_S, "the will")
        wait_for(lambda: home.seen[STATUS] == "online", 60, "it is back")
    finally:
        home.close()


def states(home: Listener, word: str) -> set[str]:
    return {payload for topic, payload in home.seen.items() if topic.endswith("/state") and word in topic}
