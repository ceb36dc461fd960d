"""`flameblue decode http-push:PROFILE` and `flameblue profile try`: what a pushed message would give."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from flameblue.cli import main
from flameblue.profiles.loader import package_folder

VECTORS = Path(__file__).parents[1] / "vectors" / "pushed"
ECOWITT = "PASSKEY=3&dateutc=2021-12-24+11:31:57&tempf=47.8&humidity=91"


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any, str]:
    """Exit status, the one object, and what people are told."""
    with pytest.raises(SystemExit) as caught:
        main(list(arguments))
    out, err = capsys.readouterr()
    return int(str(caught.value)), json.loads(out) if out else None, err


def test_a_message_is_told_with_its_readings(capsys: pytest.CaptureFixture[str]) -> None:
    status, said, _ = told(capsys, "decode", "http-push:ecowitt-push", ECOWITT)
    assert status == 0
    assert [(one["point"], one["value"], one["unit"]) for one in said["readings"]] == [
        ("tempf", 8.8, "°C"),
        ("humidity", 91.0, "%"),
    ]
    assert said["samples"][0]["time"] == "2021-12-24 11:31:57"


@pytest.mark.parametrize("path", sorted(VECTORS.glob("*.json")), ids=lambda path: path.stem)
def test_a_published_message_in_a_file_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, path: Path
) -> None:
    vector = json.loads(path.read_text(encoding="utf-8"))
    (tmp_path / "body").write_text(vector["body"], encoding="utf-8")
    status, said, _ = told(capsys, "decode", f"http-push:{vector['profile']}", str(tmp_path / "body"))
    assert status == ("error" in vector)
    if status:
        assert vector["error"] in said["error"]["why"]
    else:
        assert said["id"] == vector["id"]
        assert [one["values"] for one in said["samples"]] == [one["values"] for one in vector["samples"]]


def test_a_model_is_tried_on_a_message(capsys: pytest.CaptureFixture[str]) -> None:
    model = str(package_folder() / "ecowitt-push.yaml")
    status, said, _ = told(capsys, "profile", "try", model, "--frame", ECOWITT)
    assert status == 0
    assert len(said["readings"]) == 2
    status, said, _ = told(capsys, "profile", "check", model)
    assert (status, said["push"], said["signed"]) == (0, "urlencoded", False)


def test_a_device_behind_the_source_has_the_models_points(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    model = tmp_path / "my-cloud.yaml"
    model.write_text(
        "name: my-cloud\nprotocol: http_push\ninterval_s: 60\n"
        "push: {device: /dev, time: /ts, unit: s, values: /d}\n"
        "points:\n  leak: {quantity: residual_current_ma, scale: 0.1}\n",
        encoding="utf-8",
    )
    body = '{"dev": "A", "ts": 1768417620, "d": {"leak": 125, "rssi": -70}}'
    status, said, _ = told(capsys, "profile", "try", str(model), "--frame", body)
    assert status == 0
    (reading,) = said["readings"]
    assert (reading["point"], reading["value"]) == ("leak", 12.5)
    status, said, _ = told(
        capsys, "profile", "try", str(model), "--frame", '{"dev": "A", "d": {"leak": "x"}}'
    )
    assert status == 1
    assert "not a number" in said["error"]["why"]


def test_values_that_the_registry_may_make_points_of_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (
        ("profile", "try", "flameblue-push", "--frame", '{"id": "1", "v": {"ir": 12.5}}'),
        ("decode", "mqtt:flameblue-generic", '{"v": {"ir": 12.5}}'),
    ):
        status, said, _ = told(capsys, *arguments)
        assert (status, said["readings"]) == (0, [])
        assert "the registry does, in its columns point and quantity" in said["note"]
        assert said["note"].endswith("These keys could be points: ir.")
    _, said, _ = told(capsys, "profile", "try", "ecowitt-push", "--frame", ECOWITT)
    assert "note" not in said


def test_each_kind_of_message_has_its_own_models(capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = told(capsys, "decode", "http-push:flameblue-generic", "{}")
    assert status == 1
    assert "There are: ctwing-push," in err
    status, _, err = told(capsys, "decode", "mqtt:flameblue-push", "{}")
    assert status == 1
    assert "flameblue-generic" in err


@pytest.mark.parametrize("page", ["own-device.md", "own-device.zh.md"])
def test_the_example_of_the_guide_is_read_as_it_says(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, page: str
) -> None:
    text = (Path(__file__).parents[2] / "docs" / page).read_text(encoding="utf-8")
    model = re.search(r"(?s)```yaml\n(name: acme-cloud.*?)```", text)
    message = re.search(r'`(\{"msgId".*?\})`', text)
    assert model is not None
    assert message is not None
    path = tmp_path / "acme-cloud.yaml"
    path.write_text(model[1], encoding="utf-8")
    status, said, _ = told(capsys, "profile", "try", str(path), "--frame", message[1])
    assert status == 0
    assert (said["id"], said["samples"][0]["device"]) == ("1", "A7")
    assert [(one["point"], one["value"]) for one in said["readings"]] == [("WD", 35.6)]
