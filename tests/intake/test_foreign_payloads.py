"""Traps of foreign firmware, down to the reading: what is no value becomes none, what is nobody's is passed over."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flameblue.domain.quantities import NO_VALUE, QUANTITIES, STEPS_MAX
from flameblue.domain.readings import Mark
from flameblue.intake.decode import Decoded, Draft, Known, Message, decode, decode_into, route
from flameblue.intake.directory import DeviceEntry, Directory, name_behind
from flameblue.intake.flattening import flatten
from flameblue.intake.reasons import Reason
from flameblue.profiles.loader import Profile, Shelf, package_folder
from tests.intake.payload_vectors import PATHS, content, read
from tests.intake.valley import D0217

NOW_NS = 1_768_417_620_000_000_000
PROFILES = Shelf(package_folder()).current()
VOLT, AMPERE = QUANTITIES["voltage_v"], QUANTITIES["current_a"]
WATT, DEGREE = QUANTITIES["power_w"], QUANTITIES["temperature_c"]


def taken(
    profile: str, topic: str, payload: Any, points: dict[str, Any] | None = None, **more: Any
) -> Decoded:
    """What a device with the profile's points (or `points`) gives."""
    model: Profile = PROFILES[profile]
    quantities = points or {key: point.quantity for key, point in model.points.items()}
    numbered = {key: (number, quantity) for number, (key, quantity) in enumerate(quantities.items(), 1)}
    content = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return decode(DeviceEntry("D1", profile, "", numbered), model, Message(topic, content, **more), NOW_NS)


def rows(result: Decoded) -> list[tuple[int, int, int, int]]:
    return [row.item() for row in result.readings]


def test_a_null_is_no_value_and_nothing_to_complain_of() -> None:
    points = {"em:0.a_voltage": VOLT, "em:0.n_current": AMPERE}
    sent = {"a_voltage": 230, "n_current": None}
    result = taken("shelly-pro-3em", "shellypro3em-bb/status/em:0", sent, points)
    assert [row[2] for row in rows(result)] == [2300]
    assert result.rejects == ()


def test_what_no_point_is_for_is_passed_over_but_a_word_in_a_points_place_is_told() -> None:
    sent = {"ENERGY": {"Voltage": "high", "Current": 1}, "Wifi": {"RSSI": 70}, "POWER": "ON"}
    result = taken("tasmota-energy", "tele/D1/SENSOR", sent)
    assert len(rows(result)) == 1
    assert [tuple(reject) for reject in result.rejects] == [(Reason.NOT_A_NUMBER, "ENERGY.Voltage: 'high'")]


def test_a_local_time_is_not_taken_for_utc() -> None:
    sent = {"Time": "2026-01-14T19:07:00", "ENERGY": {"Voltage": 230}}
    ((_, at_ns, _, marks),) = rows(taken("tasmota-energy", "tele/D1/SENSOR", sent))
    assert (at_ns, marks) == (NOW_NS, Mark.TIME_ASSUMED)


@pytest.mark.parametrize(
    ("time", "marks"), [("2026-01-15T03:06:50", 0), ("2018.02.04 23:17:01", Mark.TIME_REPLACED)]
)
def test_a_local_time_counts_where_the_profile_says_its_offset(time: str, marks: int) -> None:
    model = Profile(**{**vars(PROFILES["tasmota-energy"]), "utc_offset_min": 480})
    entry = DeviceEntry("D1", model.name, "", {"ENERGY.Voltage": (1, VOLT)})
    content = json.dumps({"Time": time, "ENERGY": {"Voltage": 230}}).encode()
    ((_, at_ns, _, marked),) = rows(decode(entry, model, Message("tele/D1/SENSOR", content), NOW_NS))
    assert (NOW_NS - at_ns, marked) == (0 if marks else 10 * 10**9, marks)


def test_a_retained_message_with_a_local_time_is_of_unknown_age() -> None:
    sent = {"Time": "2026-01-14T19:07:00", "ENERGY": {"Voltage": 230}}
    result = taken("tasmota-energy", "tele/D1/SENSOR", sent, retained=True)
    assert (rows(result), [reject.reason for reject in result.rejects]) == ([], [Reason.UNKNOWN_AGE])


@pytest.mark.parametrize(
    "time", [7, None, "yesterday", "0001-01-01T00:00:00", "9999-12-31T23:59:59-14:00", "2026"]
)
def test_no_time_that_firmware_writes_makes_a_point_deaf(time: Any) -> None:
    assert (
        len(rows(taken("tasmota-energy", "tele/D1/SENSOR", {"Time": time, "ENERGY": {"Voltage": 230}}))) == 1
    )


def test_fahrenheit_becomes_celsius_before_anybody_is_warned() -> None:
    sent = {"DS18B20": {"Temperature": 140.0}, "TempUnit": "F"}
    assert [row[2] for row in rows(taken("tasmota-ds18b20", "tele/D1/SENSOR", sent))] == [600]


def test_a_chips_temperature_is_read_by_no_profile() -> None:
    chips = ("ESP32", "BL09XX", "temperature.tC")
    for profile in PROFILES.values():
        assert not [key for key in profile.points if any(chip in key for chip in chips)]
    assert "temperature" not in PROFILES["zigbee2mqtt-plug"].points


def test_a_meter_that_calls_itself_invalid_has_no_values() -> None:
    sent = {"emeters": [{"power": 7, "is_valid": False}, {"power": 1, "is_valid": True}], "total_power": 8}
    points = {"emeter.0.power": WATT, "emeter.1.power": WATT, "total_power": WATT}
    assert [(row[0], row[2]) for row in rows(taken("shelly-3em", "shellies/D1/info", sent, points))] == [
        (2, 10)
    ]


def test_errors_of_a_phase_are_a_fault_of_its_values_alone() -> None:
    sent = {"a_voltage": 281, "a_errors": ["out_of_range:voltage"], "b_voltage": 230, "errors": []}
    result = taken("shelly-pro-3em", "shellypro3em-bb/status/em:0", sent)
    assert [row[3] & Mark.REPORTED_FAULT for row in rows(result)] == [Mark.REPORTED_FAULT, 0]
    whole = taken("shelly-pro-3em", "shellypro3em-bb/status/em:0", sent | {"errors": ["power_meter_failure"]})
    assert all(row[3] & Mark.REPORTED_FAULT for row in rows(whole))


def test_watt_minutes_and_watt_hours_are_told_apart() -> None:
    assert [row[2] for row in rows(taken("shelly-3em", "shellies/D1/emeter/0/total", b"5300"))] == [5300]
    assert rows(taken("shelly-3em", "shellies/D1/emeter/0/energy", b"5300")) == []


def test_a_time_in_seconds_is_not_taken_for_milliseconds() -> None:
    sent = {"method": "NotifyStatus", "params": {"ts": 1_768_417_619.5, "em:0": {"a_voltage": 230}}}
    ((_, at_ns, _, marks),) = rows(taken("shelly-pro-3em", "shellypro3em-bb/events/rpc", sent))
    assert (NOW_NS - at_ns, marks) == (500_000_000, 0)


def test_bare_numbers_that_are_none_are_told() -> None:
    result = taken("shelly-em", "shellies/D1/emeter/0/power", b"NaN")
    assert [reject.reason for reject in result.rejects] == [Reason.NOT_A_NUMBER]


@pytest.mark.parametrize("topic", ["tele/D9/SENSOR", "stat/D9/STATUS8", "village/D9/tele/SENSOR"])
def test_on_our_endpoint_the_line_says_who_speaks_not_the_firmwares_own_name(topic: str) -> None:
    assert len(rows(taken("tasmota-energy", topic, {"ENERGY": {"Voltage": 230}}))) == 1


def test_under_another_devices_name_nobody_is_heard() -> None:
    other = DeviceEntry("D9", "tasmota-energy", "", {"ENERGY.Voltage": (9, VOLT)})
    me = DeviceEntry("D1", "tasmota-energy", "", {"ENERGY.Voltage": (1, VOLT)})
    draft = Draft()
    message = Message("tele/D9/SENSOR", b'{"ENERGY":{"Voltage":0}}')
    decode_into(draft, Known(Directory({"D1": me, "D9": other}), PROFILES), me, message, NOW_NS)
    assert (len(draft.readings()), [reject.reason for reject in draft.rejects()]) == (
        0,
        [Reason.FOREIGN_TOPIC],
    )


def test_our_own_format_stays_strict() -> None:
    result = decode(
        D0217,
        PROFILES["flameblue-generic"],
        Message("flameblue/v1/D0217/readings", b'{"v":{"ir":null,"x":1}}'),
        NOW_NS,
    )
    assert {reject.reason for reject in result.rejects} == {Reason.NOT_A_NUMBER, Reason.UNKNOWN_KEY}


def test_a_probe_that_is_not_there_is_open_and_no_temperature() -> None:
    ((_, _, value, marks),) = rows(
        taken("tasmota-ds18b20", "tele/D1/SENSOR", {"DS18B20": {"Temperature": -127.0}})
    )
    assert (value, Mark(marks) & Mark.SENSOR_OPEN) == (NO_VALUE, Mark.SENSOR_OPEN)


def test_a_path_too_long_to_be_a_key_costs_nothing() -> None:
    assert flatten({"a" * 60: {"bcd": 1, "bcde": 2}, "b" * 100_000: {"c": 1}}) == {"a" * 60 + ".bcd": 1}


def test_a_nest_too_deep_is_malformed() -> None:
    deep: Any = 1
    for _ in range(9):
        deep = {"a": deep}
    result = taken("tasmota-energy", "tele/D1/SENSOR", deep)
    assert [reject.reason for reject in result.rejects] == [Reason.MALFORMED]


@given(
    st.sampled_from([path for path in PATHS if "samples" in read(path)]),
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=6),
    st.integers(0, 60),
    st.booleans(),
)
def test_no_damage_to_any_real_message_makes_decoding_raise(
    path: Path, changes: list[tuple[int, int]], cut: int, retained: bool
) -> None:
    """Whatever is sent: readings of the speaker's and its own devices' points only, in range, and short complaints."""
    vector = read(path)
    damaged = bytearray(content(vector))
    for at, byte in changes:
        damaged[at % len(damaged)] = byte
    keys = {key for sample in vector["samples"] for key in sample["values"]}
    points = {key: (number, DEGREE) for number, key in enumerate(sorted(keys), 1)}
    speaker = DeviceEntry(route(vector["topic"])[1] or "D1", "tasmota-generic", "", points)
    names = {sample.get("device", "") for sample in vector["samples"]}
    behind = {
        name_behind(speaker.name, name): {key: (n + 1000, q) for key, (n, q) in points.items()}
        for name in names
    }
    devices = {name: DeviceEntry(name, "tasmota-generic", "", own) for name, own in behind.items()}
    stranger = DeviceEntry(
        "D9", "tasmota-generic", "", {key: (n + 5000, q) for key, (n, q) in points.items()}
    )
    draft = Draft()
    known = Known(Directory({**devices, speaker.name: speaker, "D9": stranger}), PROFILES)
    message = Message(vector["topic"], bytes(damaged[: len(damaged) - cut]), retained)
    decode_into(draft, known, speaker, message, NOW_NS)
    for point, _, value, marks in (row.item() for row in draft.readings()):
        assert point < 5000
        assert abs(value) <= STEPS_MAX or value == NO_VALUE
        assert bool(marks & Mark.RETAINED) == retained
    assert all(len(reject.detail) < 300 for reject in draft.rejects())
