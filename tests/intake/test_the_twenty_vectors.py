"""Every message of the collected MQTT vectors gives exactly the listed values, as readings where they are readings.

The announcement of Home Assistant's discovery (ha-disc) is not a payload; its test stands with the discovery.
"""

from pathlib import Path
from typing import Any

import pytest

from flameblue.domain.quantities import NO_VALUE, QUANTITIES
from flameblue.intake.decode import Draft, Known, Message, decode_into, route
from flameblue.intake.directory import DeviceEntry, Directory, name_behind
from flameblue.intake.payloads.sparkplug_b import wire
from flameblue.intake.samples import Sample
from flameblue.profiles.loader import Shelf, package_folder
from tests.intake.payload_vectors import PATHS, content, fresh, read

IDS = [
    "tas-1",
    "tas-2ch",
    "tas-pow-old",
    "tas-teleinfo",
    "tas-ds18",
    "shelly-em-power",
    "shelly-3em-status",
    "shelly-proem",
    "shelly-proem1",
    "shelly-pro3em",
    "z2m-plug",
    "z2m-zncz04",
    "z2m-avail",
    "ha-disc",
    "tb-gw",
    "tb-dev1",
    "tb-dev2",
    "tb-connect",
    "spb-birth",
    "spb-data",
]
OF_DISCOVERY = {"ha-disc"}
VECTORS: dict[str, tuple[Path, dict[str, Any]]] = {
    vector["id"]: (path, vector) for path in PATHS if "id" in (vector := read(path))
}
NOW_NS = 1_768_417_620_000_000_000
PROFILES = Shelf(package_folder()).current()
WH = 0.001  # of a kWh

# id → its profile, and for each listed value the keys it was sent under (and what brings it to the quantity's unit)
READINGS: dict[str, tuple[str, dict[str, Any]]] = {
    "tas-1": (
        "tasmota-energy",
        {
            "U_V": "ENERGY.Voltage",
            "I_A": "ENERGY.Current",
            "P_W": "ENERGY.Power",
            "S_VA": "ENERGY.ApparentPower",
            "Q_var": "ENERGY.ReactivePower",
            "pf": "ENERGY.Factor",
            "E_kWh": "ENERGY.Total",
        },
    ),
    "tas-2ch": (
        "tasmota-energy-2",
        {"U_V": "ENERGY.Voltage", "I_A": ["ENERGY.Current.1", "ENERGY.Current.2"]},
    ),
    "tas-pow-old": (
        "tasmota-energy",
        {"U_V": "ENERGY.Voltage", "I_A": "ENERGY.Current", "E_kWh": "ENERGY.Total"},
    ),
    "tas-teleinfo": (
        "tasmota-energy",
        {"P_W": "ENERGY.Power", "I_A": "ENERGY.Current", "U_V": "ENERGY.Voltage"},
    ),
    "tas-ds18": ("tasmota-ds18b20", {"temp_C": "DS18B20.Temperature"}),
    "shelly-em-power": ("shelly-em", {"P_W": "emeter.0.power"}),
    "shelly-3em-status": (
        "shelly-3em",
        {
            "U_V": [f"emeter.{n}.voltage" for n in range(3)],
            "I_A": [f"emeter.{n}.current" for n in range(3)],
            "P_W": "total_power",
            "E_Wh": "emeter.0.total",
        },
    ),
    "shelly-proem": (
        "shelly-pro-em",
        {
            "U_V": "em1:0.voltage",
            "I_A": "em1:0.current",
            "P_W": "em1:0.act_power",
            "S_VA": "em1:0.aprt_power",
            "f_Hz": "em1:0.freq",
        },
    ),
    "shelly-proem1": (
        "shelly-pro-em",
        {
            "U_V": "em1:1.voltage",
            "I_A": "em1:1.current",
            "P_W": "em1:1.act_power",
            "S_VA": "em1:1.aprt_power",
            "pf": "em1:1.pf",
        },
    ),
    "shelly-pro3em": (
        "shelly-pro-3em",
        {
            "Ua_V": "em:0.a_voltage",
            "Ub_V": "em:0.b_voltage",
            "P_W": "em:0.total_act_power",
            "I_N": "em:0.n_current",
        },
    ),
    "z2m-plug": (
        "zigbee2mqtt-plug",
        {"U_V": "voltage", "I_A": "current", "P_W": "power", "E_kWh": "energy"},
    ),
    "z2m-zncz04": ("zigbee2mqtt-plug", {"U_V": "voltage", "E_kWh": "energy"}),
}
# what only some devices send: no profile promises it, one of one's own may
SOMETIMES = {"total_power": QUANTITIES["power_w"], "em:0.n_current": QUANTITIES["current_a"]}
# what no reading is made of: words, and the temperatures of chips and plugs
AS_SENT = {
    "tas-2ch": {"chip_temp_C": "ENERGY.BL09XX.Temperature"},
    "tas-teleinfo": {"temp_C": "ESP32.Temperature"},
    "z2m-plug": {"state": "state"},
    "z2m-zncz04": {"temp_C": "temperature", "state": "state"},
}


def samples_of(name: str) -> list[Sample]:
    path, vector = VECTORS[name]
    return fresh(path.parent.name, vector).parse(vector["topic"], content(vector))


def readings_of(name: str) -> dict[str, float]:
    """The readings in their quantities' units, by key, of a device that has every point of the profile."""
    _, vector = VECTORS[name]
    profile = PROFILES[READINGS[name][0]]
    quantities = {key: point.quantity for key, point in profile.points.items()} | SOMETIMES
    points = {key: (number, quantity) for number, (key, quantity) in enumerate(quantities.items(), 1)}
    _, speaker = route(vector["topic"])
    gateway = DeviceEntry(speaker, profile.name, "", points)
    behind = vector["samples"][0].get("device", "")
    plug = DeviceEntry(name_behind(speaker, behind), profile.name, "", points)
    draft = Draft()
    known = Known(Directory({gateway.name: gateway, plug.name: plug}), PROFILES)
    decode_into(draft, known, gateway, Message(vector["topic"], content(vector)), NOW_NS)
    assert draft.rejects() == ()
    keys = {number: (key, quantity) for key, (number, quantity) in points.items()}
    found = {}
    for point, _, steps, _ in (row.item() for row in draft.readings()):
        assert steps != NO_VALUE
        key, quantity = keys[point]
        found[key] = quantity.value(steps)
    return found


def test_none_of_the_twenty_is_missing() -> None:
    assert len(IDS) == 20
    assert set(VECTORS) | OF_DISCOVERY == set(IDS)
    assert all(vector["source"] for _, vector in VECTORS.values())
    assert {name for name in IDS if name.startswith(("tas", "shelly", "z2m"))} - {"z2m-avail"} == set(
        READINGS
    )


@pytest.mark.parametrize("name", READINGS)
def test_a_message_gives_exactly_the_listed_values(name: str) -> None:
    listed = VECTORS[name][1]["decoded"]
    keys, as_sent = READINGS[name][1], AS_SENT.get(name, {})
    assert set(listed) - {"channels"} == {*keys, *as_sent}
    readings, (sample,) = readings_of(name), samples_of(name)
    for word, key in keys.items():
        expected = listed[word] if isinstance(listed[word], list) else [listed[word]]
        for one, value in zip(key if isinstance(key, list) else [key], expected, strict=True):
            points = PROFILES[READINGS[name][0]].points
            quantity = points[one].quantity if one in points else SOMETIMES[one]
            unit = WH if word == "E_Wh" else 1
            assert sample.values.get(one) == value
            assert readings.get(one) == (
                None if value is None else quantity.value(quantity.steps(value * unit))
            )
    for word, key in as_sent.items():
        assert sample.values[key] == listed[word]
        assert key not in readings
    if "channels" in listed:
        assert sum(key.startswith("ENERGY.Current.") for key in sample.values) == listed["channels"]


def test_a_missing_value_is_none_and_never_zero() -> None:
    assert "em:0.n_current" not in readings_of("shelly-pro3em")
    assert "ENERGY.Voltage" not in readings_of("tas-teleinfo")
    assert readings_of("z2m-plug")["current"] == 0


def test_a_plug_is_online() -> None:
    (sample,) = samples_of("z2m-avail")
    assert sample.online is VECTORS["z2m-avail"][1]["decoded"]["online"]


def test_a_gateway_names_its_devices_and_its_times_are_milliseconds() -> None:
    samples = samples_of("tb-gw")
    listed = VECTORS["tb-gw"][1]["decoded"]
    assert list(dict.fromkeys(sample.device for sample in samples)) == listed["devices"]
    assert listed["ts_unit"] == "ms"
    assert [sample.t_ms for sample in samples] == [1_483_228_800_000, 1_483_228_801_000, 1_483_228_800_000]
    assert [dict(sample.values) for sample in samples] == [
        {"temperature": 42, "humidity": 80},
        {"temperature": 43, "humidity": 82},
        {"temperature": 42, "humidity": 80},
    ]


def test_a_device_of_the_thingsboard_api_has_the_servers_time_or_its_own() -> None:
    (untimed,), (timed,) = samples_of("tb-dev1"), samples_of("tb-dev2")
    assert VECTORS["tb-dev1"][1]["decoded"] == {"ts": "server time"}
    assert (untimed.t_ms, dict(untimed.values)) == (None, {"temperature": 42.2, "humidity": 70})
    assert timed.t_ms == VECTORS["tb-dev2"][1]["decoded"]["ts_ms"]


def test_a_gateway_says_who_is_there() -> None:
    (sample,) = samples_of("tb-connect")
    assert (sample.device, sample.online) == (VECTORS["tb-connect"][1]["decoded"]["device"], True)


@pytest.mark.parametrize("name", ["spb-birth", "spb-data"])
def test_sparkplug_metrics_are_those_listed(name: str) -> None:
    vector = VECTORS[name][1]
    listed = vector["decoded"]
    sent = wire.decode(content(vector))
    assert sent.t_ms == listed["timestamp"]
    assert f"seq {sent.seq}" in listed["what"]
    (sample,) = samples_of(name)
    assert sample.t_ms == listed["timestamp"]
    assert len(sent.metrics) == len(listed["metrics"]) == len(sample.values)
    for metric, expected in zip(sent.metrics, listed["metrics"], strict=True):
        value = expected.get("float_value", expected.get("boolean_value"))
        assert (metric.alias, metric.datatype, metric.value) == (
            expected["alias"],
            expected["datatype"],
            value,
        )
        assert metric.name == (expected["name"] if name == "spb-birth" else "")
        assert sample.values[expected["name"]] == value


def test_a_sparkplug_device_behind_its_node_gives_readings() -> None:
    vector = VECTORS["spb-birth"][1]
    quantities = {"Residual/mA": QUANTITIES["residual_current_ma"], "Temp/T1": QUANTITIES["temperature_c"]}
    points = {key: (number, quantity) for number, (key, quantity) in enumerate(quantities.items(), 1)}
    node = DeviceEntry("valley:node1", "sparkplug-node", "", {})
    device = DeviceEntry("valley:node1>D0217", "sparkplug-device", "", points)
    draft = Draft()
    known = Known(Directory({node.name: node, device.name: device}), PROFILES)
    decode_into(draft, known, node, Message(vector["topic"], content(vector)), 1_700_000_000_000_000_000)
    assert [row.item() for row in draft.readings()] == [
        (1, 1_700_000_000_000_000_000, 3125, 0),
        (2, 1_700_000_000_000_000_000, 715, 0),
    ]
