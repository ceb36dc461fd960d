"""A DL/T 645 model is checked and tried by hand: what captured frames, or a meter that is asked once, would give."""

import json
from pathlib import Path
from typing import Any

import pytest

from flameblue.cli import main
from flameblue.domain.errors import BadInput
from flameblue.intake.asking import trying
from flameblue.profiles.loader import Shelf, package_folder
from tests.intake.asking.meters import framed, voltage

VECTORS = sorted((Path(__file__).parents[2] / "vectors/dlt645_models").glob("*.json"))
SHELF = Shelf(package_folder()).current()
ASKED = sorted(name for name, profile in SHELF.items() if profile.dlt645)
METER = "000000000161"
VOLTAGE = bytes.fromhex("00010102")
ANSWER = framed(METER, 0x91, VOLTAGE + voltage(231.5))


def tried(name: str, data: bytes) -> dict[str, Any]:
    return trying.of_meter_frames(SHELF[name], data, 1_700_000_000_000_000_000)


def values(said: dict[str, Any]) -> dict[str, Any]:
    return {one["point"]: one["value"] for one in said["readings"]}


def test_every_model_that_is_asked_has_a_vector() -> None:
    assert [path.stem for path in VECTORS] == ASKED
    assert len(ASKED) >= 3


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_the_frames_of_a_model_give_the_readings_that_they_must(path: Path) -> None:
    vector = json.loads(path.read_text(encoding="utf-8"))
    said = tried(path.stem, bytes.fromhex("".join(vector["frames"])))
    found = {
        one["point"]: [one["value"], sorted(set(one["marks"]) - {"time_assumed"})] for one in said["readings"]
    }
    assert found == vector["readings"]
    assert set(found) == set(SHELF[path.stem].points), "a vector has every point of its model"
    assert "error" not in said
    assert vector["about"]
    assert vector["source"]


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_a_frame_with_a_wrong_check_sum_gives_nothing(path: Path) -> None:
    damaged = bytearray.fromhex(json.loads(path.read_text(encoding="utf-8"))["frames"][1])
    damaged[-3] ^= 1
    with pytest.raises(BadInput, match="no DL/T 645 frame with a right check sum"):
        tried(path.stem, bytes(damaged))


def test_an_answer_needs_no_request_and_may_come_in_parts() -> None:
    said = tried("dlt645-single-phase", b"\x00\xfe" + ANSWER)
    assert (values(said), said["read"]) == ({"ua": 231.5}, ["identifier 02010100"])
    block = bytes.fromhex("00ff0102")
    parts = framed(METER, 0xB1, block + voltage(231.5)) + framed(
        METER, 0x92, block + voltage(230) * 2 + b"\x01"
    )
    assert values(tried("dlt645-three-phase", parts)) == {"ua": 231.5, "ub": 230.0, "uc": 230.0}


def test_a_refusal_is_told_with_the_question_before_it() -> None:
    refusal = framed(METER, 0x11, VOLTAGE) + framed(METER, 0xD1, b"\x02")
    said = tried("dlt645-single-phase", refusal)
    assert said["error"] == {"why": "identifier 02010100: error word 02H, no such data"}
    assert said["readings"] == []
    said = tried("dlt645-single-phase", framed(METER, 0xD1, b"\x02") + ANSWER)
    assert said["error"] == {"why": "identifier not known: error word 02H, no such data"}
    assert values(said) == {"ua": 231.5}


def test_an_answer_of_another_length_is_told() -> None:
    """A wrong model reads wrong numbers: that its answers are longer, or shorter, is the sign."""
    said = tried("dlt645-single-phase", framed(METER, 0x91, VOLTAGE + voltage(231.5) * 3))
    assert said["error"] == {"why": "identifier 02010100 has 6 bytes, and the model reads 2"}
    said = tried("dlt645-three-phase", framed(METER, 0x91, bytes.fromhex("00ff0102") + voltage(231.5)))
    assert values(said) == {"ua": 231.5}
    assert "ub: 'the answer has 2 bytes, not 4'" in said["error"]["why"]
    said = tried("dlt645-single-phase", framed(METER, 0x91, VOLTAGE + b"\x1a\x22"))
    assert "ua: '1AH is not BCD'" in said["error"]["why"]


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (
            framed(METER, 0x11, VOLTAGE),
            "No answer to a read is among these frames. The model reads 00010000, 0201",
        ),
        (framed(METER, 0x91, bytes.fromhex("00019002") + b"\x35\x00"), "these frames have 02900100"),
        (ANSWER * 2, "two answers to identifier 02010100"),
        (ANSWER + framed("000000000162", 0x91, VOLTAGE), "Two devices answer, 000000000161 and 000000000162"),
        (
            bytes.fromhex("6803000000000068810444e93334ec16"),
            "DL/T 645-1997: such meters are recognised and not asked",
        ),
        (framed(METER, 0x91, b"\x00\x01"), "The data of the frame at byte 0: data_identifier does not fit"),
        (framed(METER, 0x94, b""), "No answer to a read"),
        (bytes(20), "no DL/T 645 frame"),
    ],
)
def test_frames_that_tell_nothing_say_why(data: bytes, complaint: str) -> None:
    with pytest.raises(BadInput, match=complaint):
        tried("dlt645-single-phase", data)


def test_the_command_checks_a_model(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["profile", "check", str(package_folder() / "dlt645-residual-breaker.yaml")])
    said = json.loads(capsys.readouterr().out)
    assert left.value.code == 0
    assert said["reads"] == [f"identifier {one}" for one in ("0201FF00", "0202FF00", "02900100", "04000501")]
    assert said["items"][:2] == ["02900100+0 2 bcd", "04000501+0 1 bin"]


def test_the_command_tries_a_frame(capsys: pytest.CaptureFixture[str]) -> None:
    file = str(package_folder() / "dlt645-single-phase.yaml")
    with pytest.raises(SystemExit) as left:
        main(["profile", "try", file, "--frame", "68 61 01 00 00 00 00 68 91 06 33 34 34 35 34 43 10 16"])
    assert left.value.code == 0
    assert values(json.loads(capsys.readouterr().out)) == {"ua": 100.1}


def test_the_number_of_a_meter_stands_in_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    file = str(package_folder() / "dlt645-single-phase.yaml")
    with pytest.raises(SystemExit) as left:
        main(["profile", "try", file, "--tcp", "192.0.2.7:8899", "--unit", "161"])
    assert left.value.code == 1
    assert "add ?meter=" in capsys.readouterr().err


def test_a_reason_of_several_questions_is_said_once() -> None:
    same = "no answer within 2 s"
    assert trying.each_once([same, "refused", same, same]) == f"{same} (3 questions); refused"
