"""Frames that others sent: each is told as its vector lists it, and written back to the same bytes."""

import json
from pathlib import Path
from typing import Any

import pytest

from flameblue.intake.protocols.gb26875 import codec, objects
from flameblue.intake.protocols.gb26875.codec import Frame, Heartbeat, Refused
from flameblue.intake.protocols.gb26875.telling import told

PATHS = sorted((Path(__file__).parents[1] / "vectors/gb26875").glob("*.json"))
NAMES = {  # of the vectors' fields, what we call them
    "sys": "system_type", "sys_addr": "system_address", "comp": "component_type",
    "comp_addr_hex": "component_address_hex", "comp_addr_le": "component_address", "status": "state",
    "op": "operation", "ana_type": "analogue_type", "reply_timeout_min": "reply_within_min",
}  # fmt: skip
PRINTED = {
    "sys": "system_type", "sys_addr": "system_address", "event": "event", "device_text": "device_text",
    "place_text": "place_text", "event_text": "event_text", "time": "time",
}  # fmt: skip
UNNAMED = {None: ("预留", "用户自行定义"), "user-defined": ("用户自行定义",)}


def read(path: Path) -> tuple[bytes, dict[str, Any]]:
    vector: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return bytes.fromhex(path.with_suffix(".hex").read_text(encoding="ascii")), vector


def items_of(*pieces: bytes) -> list[codec.Item]:
    session = codec.Session()
    return [*(item for piece in pieces for item in session.feed(piece)), *session.give_up()]


def assert_object(said: dict[str, Any], listed: dict[str, Any]) -> None:
    for name, value in listed.items():
        if name in ("sys_name", "comp_name"):
            word = said["system_name_zh" if name == "sys_name" else "component_name_zh"]
            assert word in UNNAMED.get(value, (value,))
        elif name == "bits":
            assert said["states_zh" if "states_zh" in said else "operations_zh"] == value
        else:
            assert said[NAMES.get(name, name)] == value, name


def assert_head(said: dict[str, Any], listed: dict[str, Any]) -> None:
    assert said["serial_number"] == listed["serial"]
    assert said["protocol_version"] == listed["version"]
    assert said["time"] == listed["time"]
    assert (said["source_address"], said["source_address_hex"]) == (listed["src"], listed["src_hex"])
    assert (said["destination_address"], said["destination_address_hex"]) == (
        listed["dst"],
        listed["dst_hex"],
    )
    assert said["application_unit_bytes"] == listed["app_len"]
    assert said["command"] == listed["cmd"]
    assert (said.get("type_flag"), said.get("object_count")) == (listed.get("type"), listed.get("count"))
    if listed["app_len_ok"]:
        sums = {"given": listed["checksum_given"], "computed": listed["checksum_calc"]}
        assert said["check_sum"] == {**sums, "right": listed["checksum_ok"]}


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_frame_is_told_as_it_is_listed(path: Path) -> None:
    data, vector = read(path)
    listed = vector["decoded"]
    (found,) = told(data)
    said: dict[str, Any] = dict(found)
    assert (said["at"], said["hex"], said["bytes"]) == (0, data.hex(), listed["len_bytes"])
    if "middle" in listed:
        assert said["id_hex"] + said["rest_hex"] == listed["middle"]
        return
    assert_head(said, listed)
    for one, other in zip(said.get("objects", []), listed.get("objs", []), strict=True):
        assert_object(one, other)
    if "objs" not in listed and "body_hex" in listed:
        by_its_length = listed["body_hex"][: 2 * (listed["app_len"] - 2)]  # listed up to the end mark
        assert said["objects_hex"] == by_its_length
    if line := listed.get("type9"):
        for name, ours in PRINTED.items():
            assert said["four_faith"]["printer_line"][ours] == line[name]
    is_right = listed["checksum_ok"] and listed["start_ok"] and listed["end_ok"]
    assert ("error" in said) is not is_right
    assert vector.get("expect", "accept").startswith("accept") is is_right


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_it_is_written_back_to_the_same_bytes(path: Path) -> None:
    data, _ = read(path)
    (item,) = items_of(data)
    if isinstance(item, Heartbeat):
        assert codec.encode_heartbeat(item) == data
    elif isinstance(item, Frame):
        unit = objects.read(item.unit)
        assert codec.encode(item._replace(unit=objects.written(unit))) == data
    else:
        assert item.data == data


def test_every_recorded_frame_is_found_in_one_stream_whatever_stands_between() -> None:
    frames = [data for data, vector in map(read, PATHS) if "expect" not in vector]
    between = [b"", b"@", b"\0\xff", b"@@", b"##", b"@@\1\0\1\1", b"GET / HTTP/1.1\r\n\r\n"]
    stream = b"".join(between[n % len(between)] + data for n, data in enumerate(frames))
    found = [item for item in items_of(stream) if not isinstance(item, Refused)]
    assert len(found) == len(frames)


@pytest.mark.parametrize(
    ("name", "why", "at"),
    [
        ("garbled_check_sum", "the check sum is 43; the sum of the bytes is 53", 75),
        ("garbled_end", "after a unit of 48 bytes the frame ends with 23 13 instead of 23 23", 76),
        ("garbled_lee_38", "the check sum is 60; the sum of the bytes is 04", 89),
        ("garbled_lee_88", "after a unit of 52 bytes the frame ends with 19 23 instead of 23 23", 80),
        ("truncated", "the frame breaks off: a unit of 48 bytes makes 78, 53 are there", 53),
    ],
)
def test_what_is_wrong_is_told_with_its_byte(name: str, why: str, at: int) -> None:
    data, _ = read(PATHS[0].with_name(f"{name}.json"))
    (said,) = told(data)
    assert said["error"] == {"at": at, "why": why}


def test_one_with_a_wrong_check_sum_can_be_denied() -> None:
    data, _ = read(PATHS[0].with_name("garbled_check_sum.json"))
    (item,) = codec.Session().feed(data)
    assert isinstance(item, Refused)
    assert item.frame is not None
    assert (item.frame.serial, item.frame.source) == (0, bytes(6))


def test_four_faiths_missing_sensor_is_no_temperature() -> None:
    data, _ = read(PATHS[0].with_name("lee_ff_elec_analog14.json"))
    said: Any = next(told(data))
    first, second = said["objects"][:2]
    assert first["four_faith"]["value"] == 0
    assert first["four_faith"]["unit"] == "mA"
    assert (second["raw"], second["four_faith"]["value"], second["four_faith"]["sensor"]) == (
        -500,
        None,
        "none",
    )
    assert second["value"] is None
