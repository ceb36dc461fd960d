"""A model is checked and tried by hand: what a captured frame, or a device that is asked once, would give."""

import json
from pathlib import Path
from typing import Any

import pytest

from flameblue.cli import main
from flameblue.domain.errors import BadInput
from flameblue.intake.asking import trying
from flameblue.intake.asking.addresses import Address, SerialPort, address
from flameblue.intake.asking.wire import OURS
from flameblue.intake.protocols import modbus_rtu, modbus_tcp
from flameblue.profiles.loader import Profile, Shelf, package_folder

VECTORS = sorted((Path(__file__).parents[2] / "vectors/modbus_models").glob("*.json"))
SHELF = Shelf(package_folder()).current()
ASKED = sorted(name for name, profile in SHELF.items() if profile.modbus)
LX47 = "0104100012 0029 002f 00e5 04fb 0062 0b2d 019a"


def rtu(data: str) -> str:
    sent = bytes.fromhex(data)
    return modbus_rtu.codec.encode(sent[0], sent[1:]).hex()


def tcp(data: str) -> str:
    sent = bytes.fromhex(data)
    return modbus_tcp.codec.encode(9, sent[0], sent[1:]).hex()


def tried(profile: Profile, data: str) -> dict[str, Any]:
    return trying.of_frames(profile, bytes.fromhex(data), 1_700_000_000_000_000_000)


def values(said: dict[str, Any]) -> dict[str, Any]:
    return {one["point"]: one["value"] for one in said["readings"]}


def test_every_model_that_is_asked_has_a_vector() -> None:
    assert [path.stem for path in VECTORS] == ASKED
    assert len(ASKED) >= 11


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_the_frames_of_a_model_give_the_readings_that_they_must(path: Path) -> None:
    vector = json.loads(path.read_text(encoding="utf-8"))
    said = tried(SHELF[path.stem], "".join(vector["frames"]))
    found = {
        one["point"]: [one["value"], sorted(set(one["marks"]) - {"time_assumed"})] for one in said["readings"]
    }
    expected = {key: [value, sorted(marks)] for key, (value, marks) in vector["readings"].items()}
    assert found == expected
    assert "error" not in said
    assert vector["about"]
    assert vector["source"]


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_a_frame_with_a_wrong_crc_gives_nothing(path: Path) -> None:
    vector = json.loads(path.read_text(encoding="utf-8"))
    damaged = bytearray.fromhex(vector["frames"][1])
    damaged[4] ^= 1
    with pytest.raises(BadInput, match="no Modbus frame"):
        tried(SHELF[path.stem], damaged.hex())


@pytest.mark.parametrize("frame", [rtu, tcp])
def test_an_answer_alone_is_known_by_its_length(frame: Any) -> None:
    said = tried(SHELF["lx47le-125"], frame(LX47))
    assert values(said)["ia"] == 12.75
    assert said["read"] == ["function 4, registers 0x0005 to 0x000c"]


def test_an_answer_that_fits_several_reads_wants_its_request() -> None:
    answer = rtu("010302 0024")
    with pytest.raises(BadInput, match=r"fits several reads: .*0x0000 .*0x001b.*Give the request"):
        tried(SHELF["acrel-asj10l"], answer)
    both = rtu("0103 001b 0001") + rtu("010302 0000") + rtu("0103 0000 0001") + answer
    assert values(tried(SHELF["acrel-asj10l"], both)) == {"ir": 36.0}


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (rtu("010406 0001 0002 0003"), "with 3 registers fits no read of it: function 4, registers 0x0005"),
        (rtu("010310" + "00" * 16), "An answer of function 3 with 8 registers"),
        (rtu("0104 0005 0008"), "No answer to a read"),
        (rtu("018402"), "No answer to a read"),
        (rtu(LX47) * 2, "two answers to function 4"),
        ("00" * 12, "no Modbus frame"),
    ],
)
def test_frames_that_tell_nothing_say_why(data: str, complaint: str) -> None:
    with pytest.raises(BadInput, match=complaint):
        tried(SHELF["lx47le-125"], data)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("192.0.2.7", Address("192.0.2.7", 502, "tcp")),
        ("gateway:8899", Address("gateway", 8899, "tcp")),
        ("tcp://gateway", Address("gateway", 502, "tcp")),
        ("rtu://[::1]:4196", Address("::1", 4196, "rtu")),
        ("serial:/dev/ttyUSB0", SerialPort("/dev/ttyUSB0")),
        ("serial:/dev/ttyS1?baud=19200&parity=even&stop_bits=2", SerialPort("/dev/ttyS1", 19200, "even", 2)),
    ],
)
def test_an_address_says_where_and_which_frames(said: str, expected: Address | SerialPort) -> None:
    assert address(said) == expected
    assert address(str(expected)) == expected


@pytest.mark.parametrize("wrong", ["baud=fast", "baud=0", "parity=E", "stop_bits=3", "bits=7", "baud"])
def test_a_serial_port_with_wrong_settings_is_refused(wrong: str) -> None:
    with pytest.raises(BadInput, match="should look like serial:"):
        address(f"serial:/dev/ttyUSB0?{wrong}")


def test_the_silence_between_frames_is_that_of_the_line() -> None:
    assert SerialPort("/dev/ttyS1", 1200).silence_s == pytest.approx(0.0321, abs=0.0001)
    assert SerialPort("/dev/ttyS1", 115200).silence_s == 0.00175
    assert Address("host", 502, "tcp").silence_s == 0


@pytest.mark.parametrize(
    "said", ["", "ascii://host", "host:x", "tcp://", "tcp://host/path", "tcp://host:70000"]
)
def test_an_address_that_is_none_is_refused(said: str) -> None:
    with pytest.raises(BadInput, match="HOST:PORT"):
        address(said)


def test_pymodbus_waits_longer_than_any_model_may_ask_for() -> None:
    """Where it gave up first, a silent device would count as one that sends rubbish."""
    schema = json.loads((package_folder().parent / "schema.json").read_text(encoding="utf-8"))
    longest_ms = schema["properties"]["modbus"]["properties"]["timeout_ms"]["maximum"]
    assert OURS["timeout"] > longest_ms / 1000


def command(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any, str]:
    """Exit status, the object, and what people are told."""
    with pytest.raises(SystemExit) as caught:
        main(["profile", *arguments])
    out, err = capsys.readouterr()
    return int(str(caught.value)), json.loads(out) if out else None, err


@pytest.mark.parametrize("name", sorted(SHELF))
def test_every_model_of_the_package_passes_its_check(capsys: pytest.CaptureFixture[str], name: str) -> None:
    status, said, _ = command(capsys, "check", str(package_folder() / f"{name}.yaml"))
    assert (status, said["profile"], said["points"]) == (0, name, len(SHELF[name].points))


def test_a_check_says_what_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    _, said, _ = command(capsys, "check", str(package_folder() / "acrel-aim-r100.yaml"))
    assert said["reads"] == [
        "function 3, registers 0x000b to 0x000c",
        "function 3, registers 0x004a to 0x0055",
    ]
    assert said["registers_read"] == 14


def test_a_check_says_what_is_wrong(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    text = (package_folder() / "lx47le-125.yaml").read_text(encoding="utf-8")
    path = tmp_path / "lx47le-125.yaml"
    path.write_text(text.replace("address: 5", "address: five"), encoding="utf-8")
    assert command(capsys, "check", str(path))[0] == 1
    status, _, err = command(capsys, "check", str(path))
    assert (status, "points/ir/register/address: 'five'" in err) == (1, True)
    path.write_text("name: lx47le-125\nprotocol: mqtt\npayload: smoke\ninterval_s: 5\nopen_points: true\n")
    assert "payload: there is no 'smoke'" in command(capsys, "check", str(path))[2]


def test_a_frame_is_tried(capsys: pytest.CaptureFixture[str]) -> None:
    path = str(package_folder() / "lx47le-125.yaml")
    status, said, _ = command(capsys, "try", path, "--frame", rtu(LX47))
    assert (status, values(said)["ir"]) == (0, 18.0)
    status, _, err = command(capsys, "try", path, "--frame", "12 34")
    assert (status, "no Modbus frame" in err) == (1, True)


def test_a_message_is_tried_on_a_model_that_speaks(capsys: pytest.CaptureFixture[str]) -> None:
    path = str(package_folder() / "tasmota-energy.yaml")
    status, said, _ = command(capsys, "try", path, "--frame", '{"ENERGY":{"Voltage":229}}')
    assert (status, values(said)) == (0, {"ENERGY.Voltage": 229.0})


def test_a_device_that_is_not_there_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    speaking, asked = (str(package_folder() / f"{name}.yaml") for name in ("tasmota-energy", "lx47le-125"))
    assert "is not asked over Modbus" in command(capsys, "try", speaking, "--tcp", "127.0.0.1")[2]
    assert "add --unit N" in command(capsys, "try", asked, "--tcp", "127.0.0.1")[2]
    assert "HOST:PORT" in command(capsys, "try", asked, "--tcp", "x://y", "--unit", "1")[2]


def test_what_is_asked_sends_no_messages(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["decode", "mqtt:lx47le-125", "{}"])
    assert "flameblue profile try" in capsys.readouterr().err
