"""`flameblue profile check` in words: what a model reads, by its file or its name, and what looks like a slip."""

import json
from pathlib import Path

import pytest

from flameblue.cli import main
from flameblue.intake.asking.describing import hints, sentences
from flameblue.profiles.loader import load, package_folder

RELAY = """\
name: relay
protocol: modbus
interval_s: 10
modbus: {}
points:
  leak: {quantity: residual_current_ma, scale: 0.1, register: {address: ADDRESS, function: FUNCTION}}
"""


def relay(folder: Path, address: str, function: int = 3) -> Path:
    path = folder / "relay.yaml"
    path.write_text(RELAY.replace("ADDRESS", address).replace("FUNCTION", str(function)), encoding="utf-8")
    return path


def ran(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as left:
        main(["profile", *arguments])
    out, err = capsys.readouterr()
    return int(left.value.code or 0), out, err


def test_a_model_of_the_package_is_checked_and_tried_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = ran(capsys, "check", "eastron-sdm630")
    assert (status, json.loads(out)["points"]) == (0, 12)
    assert err.startswith(
        "eastron-sdm630 can be used: 12 points.\nIt is asked over Modbus every 10 s, in 3 reads:"
    )
    assert "  ua: voltage_v in V, phase A (4:0x0000 f32)\n" in err
    status, out, _ = ran(capsys, "try", "tasmota-energy", "--frame", '{"ENERGY":{"Voltage":229}}')
    assert (status, json.loads(out)["readings"][0]["value"]) == (0, 229.0)


def test_a_model_of_the_installation_comes_before_the_packages(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLAMEBLUE_DATA", str(tmp_path))
    (tmp_path / "profiles").mkdir()
    relay(tmp_path / "profiles", "0")
    assert ran(capsys, "check", "relay")[2].startswith("relay can be used: 1 point.\n")


def test_what_is_not_there_and_what_is_wrong_are_told_by_the_files_name(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    status, out, err = ran(capsys, "check", "eastron-sdm360")
    assert (status, out) == (1, "")
    assert "There is no file eastron-sdm360, and no model of this name. There are: eastron-sdm630" in err
    assert "no file x/none.yaml, and no model" in ran(capsys, "try", "x/none.yaml", "--frame", "00")[2]
    path = relay(tmp_path, "-1")
    assert ran(capsys, "check", str(path))[2].startswith(
        f"flameblue: {path}: points/leak/register/address: -1"
    )


@pytest.mark.parametrize(
    ("address", "function", "register"),
    [("40001", 3, "0x0000"), ("0x9c41", 3, "0x0000"), ("30017", 4, "0x0010"), ("49999", 3, "0x270e")],
)
def test_a_manuals_number_in_the_place_of_an_address_is_asked_about(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, address: str, function: int, register: str
) -> None:
    path = relay(tmp_path, address, function)
    status, out, err = ran(capsys, "check", str(path))
    assert status == 0, "it may be meant"
    (hint,) = json.loads(out)["hints"]
    assert hint.endswith(f"write address: {register}.")
    assert f"Look at this: {hint}" in err


@pytest.mark.parametrize(
    ("address", "function"), [("0", 3), ("40000", 3), ("50000", 3), ("40001", 4), ("30001", 3)]
)
def test_other_addresses_are_no_manuals_numbers(tmp_path: Path, address: str, function: int) -> None:
    assert hints(load(relay(tmp_path, address, function))) == []


@pytest.mark.parametrize("path", sorted(package_folder().glob("*.yaml")), ids=lambda path: path.stem)
def test_every_model_of_the_package_is_told_without_a_hint(path: Path) -> None:
    profile = load(path)
    first, second, *rest = sentences(profile)
    assert first.startswith(f"{path.stem} can be used: ")
    assert second[-1] in ".:"
    assert sum(line.startswith("  ") for line in rest) >= len(profile.points)
    assert hints(profile) == []
