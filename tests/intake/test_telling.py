"""`flameblue decode`: one JSON object a frame, whatever the protocol; what is wrong is told with its byte."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flameblue import plugins
from flameblue.cli import main
from flameblue.domain.errors import BadInput
from flameblue.domain.limits import DECODE_BYTES_MAX
from flameblue.intake import payloads, protocols, telling
from flameblue.intake.payloads.sparkplug_b import wire

VECTORS = Path(__file__).parents[1] / "vectors"
TELLERS = telling.tellers()
ACK = "404001000101233a091a090c385b01000000790300000000000003ab2323"
BIRTH = json.loads((VECTORS / "sparkplug_b/spb-birth.json").read_text(encoding="utf-8"))
TASMOTA = '{"Time":"2023-05-19T20:52:56","ENERGY":{"Total":3.1,"Voltage":229,"Current":1.2}}'


def decoded(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[Any], str]:
    """Exit status, the objects, and what people are told."""
    with pytest.raises(SystemExit) as caught:
        main(["decode", *arguments])
    out, err = capsys.readouterr()
    return int(str(caught.value)), [json.loads(line) for line in out.splitlines()], err


def test_a_folder_with_a_telling_is_named_as_people_say_it() -> None:
    folders = {path.parent.name for path in Path(protocols.__file__).parent.glob("*/telling.py")}
    assert {name.replace("-", "_") for name in TELLERS} - set(plugins.names(payloads)) == folders
    assert {"gb26875", "sparkplug_b"} <= set(TELLERS)


@pytest.mark.parametrize("name", sorted(TELLERS))
@given(data=st.binary(max_size=200))
def test_no_bytes_raise_and_whatever_is_told_is_json_with_its_place(name: str, data: bytes) -> None:
    at = 0
    for said in TELLERS[name](data):
        assert json.loads(json.dumps(said)) == said
        assert said["at"] >= at
        at = said["at"]
        if "error" in said:
            assert 0 <= said["error"]["at"] <= len(data)
            assert said["error"]["why"]


PAIRS = [ACK[place : place + 2] for place in range(0, len(ACK), 2)]


@pytest.mark.parametrize(
    "written",
    [
        ACK,
        ACK.upper(),
        "0x" + ACK,
        ", ".join(f"0x{pair}" for pair in PAIRS),
        f"{ACK[:20]}\n{ACK[20:]}\r\n",
        "-".join(PAIRS),
    ],
)
def test_hexadecimal_as_people_write_it(capsys: pytest.CaptureFixture[str], written: str) -> None:
    status, (said,), _ = decoded(capsys, "gb26875", written)
    assert status == 0
    assert said["hex"] == ACK
    assert said["command_name"] == "acknowledge"


@pytest.mark.parametrize("content", [ACK.encode(), b" " + ACK.encode() + b"\n", bytes.fromhex(ACK)])
def test_a_file_of_digits_or_of_the_bytes_themselves(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "captured").write_bytes(content * 3)
    status, said, _ = decoded(capsys, "gb26875", str(tmp_path / "captured"))
    assert status == 0
    assert [one["at"] for one in said] == [0, 30, 60]


def test_a_wrong_frame_among_right_ones_is_told_in_its_place_and_the_status_is_1(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status, said, _ = decoded(capsys, "gb26875", ACK + ACK[:-6] + "002323" + "ffff" + ACK)
    assert status == 1
    assert [(one["at"], one["kind"]) for one in said] == [
        (0, "frame"),
        (30, "no frame"),
        (60, "no frame"),
        (62, "frame"),
    ]
    assert said[1]["error"] == {"at": 57, "why": "the check sum is 00; the sum of the bytes is ab"}
    assert said[1]["check_sum"] == {"given": 0, "computed": 0xAB, "right": False}
    assert said[2]["error"] == {"at": 60, "why": "no start mark 40 40: ff ff"}


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("gb26875", "4040zz"), "its character 5 is 'z'"),
        (("gb26875", "404"), "3 hexadecimal digits make no whole bytes"),
        (("gb26875", " "), "no bytes to decode"),
        (("gb26875", "x" * 5_000), "no hexadecimal"),
        (("gb2687", "40"), "There are: dlt645, gb26875, modbus-rtu,"),
        (("mqtt:nothing", "{}"), "There are: flameblue-efm8,"),
        (("mqtt:zigbee2mqtt-plug", "{}"), "add --topic"),
    ],
)
def test_what_can_not_be_told_is_one_sentence(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, str], why: str
) -> None:
    status, said, err = decoded(capsys, *arguments)
    assert (status, said) == (1, [])
    assert why in err


def test_a_file_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.truncate(DECODE_BYTES_MAX + 1)
    with pytest.raises(BadInput, match="at most"):
        telling.given(str(tmp_path / "large"))


def test_a_message_of_a_model_is_told_with_its_readings(capsys: pytest.CaptureFixture[str]) -> None:
    status, (said,), _ = decoded(capsys, "mqtt:tasmota-energy", TASMOTA)
    assert status == 0
    assert said["topic"] == "tele/device/SENSOR"
    assert said["samples"][0]["values"]["ENERGY.Voltage"] == 229
    readings = {one["point"]: (one["value"], one["unit"]) for one in said["readings"]}
    assert readings == {
        "ENERGY.Total": (3.1, "kWh"),
        "ENERGY.Voltage": (229.0, "V"),
        "ENERGY.Current": (1.2, "A"),
    }


def test_a_message_in_hexadecimal_on_a_topic_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("mqtt:tasmota-energy", TASMOTA.encode().hex(), "--topic", "tele/shed/SENSOR")
    status, (said,), _ = decoded(capsys, *arguments)
    assert (status, said["topic"], len(said["readings"])) == (0, "tele/shed/SENSOR", 3)


@pytest.mark.parametrize(
    ("arguments", "at", "why"),
    [
        (("mqtt:flameblue-efm8", '{"v":{"ir":12.5,"zz":3}}'), 17, "no point of this key"),
        (("mqtt:flameblue-efm8", '{"v":{"ir":12.5,'), 16, "not JSON"),
        (("mqtt:flameblue-efm8", "{}", "--topic", "a/b"), 0, "no such topic"),
    ],
)
def test_what_is_wrong_with_a_message_is_told(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], at: int, why: str
) -> None:
    status, (said,), _ = decoded(capsys, *arguments)
    assert status == 1
    assert said["error"]["at"] == at
    assert why in said["error"]["why"]


def test_a_digit_alone_is_a_number_where_payloads_are_text(capsys: pytest.CaptureFixture[str]) -> None:
    _, (said,), _ = decoded(capsys, "mqtt:shelly-3em", "56")
    assert said["readings"][0]["value"] == 56.0


def test_sparkplugs_metrics_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    status, (said,), _ = decoded(capsys, "sparkplug_b", BIRTH["hex"])
    assert status == 0
    assert said["timestamp"] == BIRTH["decoded"]["timestamp"]
    listed = BIRTH["decoded"]["metrics"]
    assert [(one["name"], one["alias"], one["datatype"]) for one in said["metrics"]] == [
        (one["name"], one["alias"], one["datatype"]) for one in listed
    ]


def test_the_field_that_breaks_a_sparkplug_payload_is_told_by_its_place(
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = bytes.fromhex(BIRTH["hex"])
    assert wire.broken_at(data) == len(data)
    status, (said,), _ = decoded(capsys, "sparkplug_b", data[:20].hex())
    assert status == 1
    assert said["error"] == {"at": 7, "why": "no protobuf: it ends too soon"}
