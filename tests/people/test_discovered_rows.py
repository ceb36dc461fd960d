"""What is announced, beside what the registry knows; its rows import as they are."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from flameblue.fleet.keeping import Hand
from flameblue.fleet.models import Device, Point
from flameblue.fleet.shelf import profiles
from flameblue.intake.announcements import Announcements
from flameblue.intake.discovery import Announced, Trouble
from flameblue.people import registry
from flameblue.people.registry_discovered import Found, discovered, profile_for, table
from flameblue.people.registry_writing import csv_bytes
from tests.cast import Cast

PREFIX = "homeassistant"


@pytest.fixture
def heard(tmp_path: Path) -> Announcements:
    return Announcements(tmp_path, PREFIX)


def announcement(device: str, key: str, unit: str, label: str) -> bytes:
    content = {
        "dev": {"name": label, "mdl": "EFM-8"},
        "stat_t": f"flameblue/v1/{device}/readings",
        "dev_cla": "temperature" if unit == "°C" else "current",
        "unit_of_meas": unit,
        "val_tpl": f"{{{{ value_json.v['{key}'] }}}}",
    }
    return json.dumps(content).encode()


def announce(heard: Announcements, device: str, key: str, unit: str = "A") -> None:
    topic = f"{PREFIX}/sensor/{device.encode().hex()[:60]}/{key.encode().hex()}/config"
    assert heard.takes(topic, announcement(device, key, unit, "配电箱"))
    heard.write()


def found(folder: Path) -> list[Found]:
    return discovered(folder, PREFIX)[0]


def test_what_the_registry_has_is_known_and_the_rest_is_new(
    cast: Cast, heard: Announcements, tmp_path: Path
) -> None:
    announce(heard, "D0217", "ib")
    announce(heard, "D0217", "ic")
    announce(heard, "D0217", "ir", unit="mA")
    (device,) = found(tmp_path)
    assert [one.key for one in device.known] == ["ib"]
    assert [one.key for one in device.new] == ["ic"]
    assert len(device.troubled) == 1


def test_rows_with_a_place_import_as_they_are(
    cast: Cast, heard: Announcements, tmp_path: Path, now: datetime
) -> None:
    announce(heard, "电箱9", "ib")
    announce(heard, "电箱9", "tb", unit="°C")
    exported = table(found(tmp_path), "禾木", "松林客栈")
    assert exported.notes == []
    report = registry.import_bytes(csv_bytes(exported), Hand("test", now, "test"))
    assert report.errors == ()
    device = Device.objects.get(name="电箱9")
    assert (device.premises, device.profile) == (cast.premises, "flameblue-generic")
    assert dict(Point.objects.filter(device=device).values_list("key", "quantity")) == {
        "ib": "current_a",
        "tb": "temperature_c",
    }
    assert table(found(tmp_path), "禾木", "松林客栈").rows == [], "what is known now is not told again"


def test_without_a_place_the_file_says_what_is_missing(
    cast: Cast, heard: Announcements, tmp_path: Path
) -> None:
    announce(heard, "D9", "ib")
    exported = table(found(tmp_path), "", "")
    assert "site and premises" in exported.notes[0]
    assert exported.rows[0][:2] == ["", ""]


def test_chinese_headings_and_words_on_request(cast: Cast, heard: Announcements, tmp_path: Path) -> None:
    announce(heard, "D9", "ib")
    exported = table(found(tmp_path), "禾木", "松林客栈", "zh-hans")
    assert exported.headings[:2] == ["村", "场所"]
    assert "电流" in exported.rows[0]
    (note,) = table(found(tmp_path), "", "", "zh-hans").notes
    assert note == "请在每一行填写村和场所：设备不会自己说装在哪里。"


def test_a_key_that_a_spreadsheet_would_compute_is_kept_as_text(
    cast: Cast, heard: Announcements, tmp_path: Path
) -> None:
    announce(heard, "D9", "=1+1")
    assert "'=1+1" in table(found(tmp_path), "a", "b").rows[0]


def test_a_point_that_is_announced_twice_is_one_row(cast: Cast, heard: Announcements, tmp_path: Path) -> None:
    announce(heard, "D9", "ib")
    again = announcement("D9", "ib", "A", "配电箱")
    assert heard.takes(f"{PREFIX}/sensor/again/config", again)
    heard.write()
    assert len(table(found(tmp_path), "禾木", "松林客栈").rows) == 1


@pytest.mark.parametrize("name", ["box#9", "长" * 65])
def test_a_name_that_the_registry_takes_not_is_told(
    name: str, cast: Cast, heard: Announcements, tmp_path: Path
) -> None:
    announce(heard, name, "ib")
    (device,) = found(tmp_path)
    assert [one.trouble for one in device.troubled] in ([Trouble.NAME], [Trouble.NOT_TAKEN])
    assert table([device], "禾木", "松林客栈").rows == []


def sensor(key: str, quantity: str, payload: str = "flameblue") -> Announced:
    return Announced("t", "", "", "", "", "", "", key=key, quantity=quantity, payload=payload)


def test_the_profile_that_asserts_nothing_is_taken_else_the_only_one_that_fits(cast: Cast) -> None:
    known = dict(profiles())
    assert profile_for([sensor("ib", "current_a")], known) == "flameblue-generic"
    del known["flameblue-generic"]
    assert profile_for([sensor("ib", "current_a")], known) == "flameblue-efm8"
    assert profile_for([sensor("ib", "power_w")], known) == ""
    assert profile_for([sensor("ib", "current_a", payload="nobody")], known) == ""
    assert profile_for([], known) == ""
    assert profile_for([sensor("ib", "current_a"), sensor("ib", "current_a", "nobody")], known) == ""
