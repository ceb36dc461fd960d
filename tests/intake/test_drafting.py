"""A model drafted from what a device sent is one that the loader takes, and its message is its first test."""

import json
import sys
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flameblue.cli import main
from flameblue.domain.errors import BadInput
from flameblue.domain.limits import DRAFTED_KEYS_MAX
from flameblue.intake import redact
from flameblue.intake.drafting import Draft, draft
from flameblue.intake.protocols.gb26875 import capture
from flameblue.intake.push import mapping
from flameblue.intake.quarantine import Quarantine, Quarantined, Unknown
from flameblue.intake.reasons import Reason
from flameblue.intake.sent_messages import Sent
from flameblue.profiles.loader import Profile, Shelf, load, package_folder
from tests.intake.payload_vectors import PATHS, read

SHELF = Shelf(package_folder()).current()
VECTORS = Path(__file__).parents[1] / "vectors"
T_NS = 1_700_000_000_000_000_000
OWN = '{"t":1700000000000,"v":{"ir":412,"ta":41.5,"ua":2314,"foo":5,"state":"ON","ts":1700000000}}'
TOPIC = "flameblue/v1/D-99/readings"


def sent(sample: str = OWN, topic: str = TOPIC, **changes: Any) -> Sent:
    return Sent("D-99", topic, sample, 1, T_NS, T_NS)._replace(**changes)


def drafted(one: Sent, folder: Path) -> tuple[Draft, Profile]:
    """The draft, and the profile that it is as it stands."""
    made = draft(one, SHELF)
    path = folder / f"{made.name}.yaml"
    path.write_text(made.text, encoding="utf-8")
    return made, load(path)


def test_what_is_sure_is_a_point_and_all_else_a_question(tmp_path: Path) -> None:
    made, profile = drafted(sent(), tmp_path)
    assert {key: point.quantity.name for key, point in profile.points.items()} == {
        "ir": "residual_current_ma",
        "ta": "temperature_c",
    }
    assert "#  ua: {quantity: voltage_v, scale: 0.1, phase: A}  # seen 2314" in made.text
    assert "#  foo: {quantity: }  # seen 5; nothing in its name" in made.text
    assert '# Not numbers, and so no points: "state" ("ON"), "ts" (a time, 1700000000)' in made.text
    assert (profile.protocol, profile.payload, profile.interval_s) == ("mqtt", "flameblue", 60)
    assert profile.caveats
    assert "D-99" in profile.source


def test_a_question_answered_is_a_point(tmp_path: Path) -> None:
    made = draft(sent(), SHELF)
    path = tmp_path / f"{made.name}.yaml"
    path.write_text(made.text.replace("#  ua:", "  ua:"), encoding="utf-8")
    assert load(path).points["ua"].scale == 0.1


def test_repeats_tell_the_interval(tmp_path: Path) -> None:
    often = sent(times=37, last_ns=T_NS + 360 * 10**9)
    assert drafted(often, tmp_path)[1].interval_s == 10


def test_a_model_that_reads_it_already_is_named() -> None:
    plug = sent(
        '{"voltage":233,"current":0.5,"power":80.5,"x":1}', "zigbee2mqtt/厨房 插座", device="zigbee2mqtt"
    )
    made = draft(plug, SHELF)
    assert "# The model zigbee2mqtt-plug reads 3 of its 4 keys already: try it first." in made.text
    assert "厨房 插座 behind the gateway zigbee2mqtt" in made.text


def test_nested_json_and_arrays_are_keys_by_their_path(tmp_path: Path) -> None:
    deep = sent('{"Time":"2024","ENERGY":{"Voltage":[229,231],"Current":[1.5,2.5]}}', "tele/D-99/SENSOR")
    profile = drafted(deep, tmp_path)[1]
    assert set(profile.points) == {
        "ENERGY.Voltage.1",
        "ENERGY.Voltage.2",
        "ENERGY.Current.1",
        "ENERGY.Current.2",
    }


def frame(name: str) -> str:
    return bytes.fromhex((VECTORS / "gb26875" / f"{name}.hex").read_text(encoding="ascii")).hex(" ")


def test_a_transmitters_own_types_are_questions_with_what_was_seen(tmp_path: Path) -> None:
    made, profile = drafted(sent(frame("lee_ff_elec_analog14"), "gb26875/3", device="T889"), tmp_path)
    assert (profile.protocol, profile.payload, profile.open_points) == ("gb26875", "gb26875_unit", True)
    assert '#   "134": {quantity: }  # the maker\'s own; seen -500 at 129.17.15270820.134' in made.text
    assert "The model gb26875-four-faith knows 5 of its 14 types" in made.text
    assert "#   129.17.15270820.130" in made.text
    assert profile.kinds == {}


PUSHED = [
    json.loads(path.read_text(encoding="utf-8")) for path in sorted((VECTORS / "pushed").glob("*.json"))
]
CLOUD = (
    '{"msgId": "1", "sign": "x", "data": [{"sn": "A7", "time": "2026-01-14 19:07:00", '
    '"items": [{"kpiKey": "ir", "kpiValue": "35.6"}]}]}'
)


@pytest.mark.parametrize("body", [one["body"] for one in PUSHED])
def test_every_pushed_message_gives_a_profile_or_a_reason(body: str, tmp_path: Path) -> None:
    with suppress(BadInput):
        assert drafted(sent(body, "/intake/v1/C1"), tmp_path)[1].push is not None


@pytest.mark.parametrize(
    "name",
    ["ctwing_flat", "onenet_property", "onenet_data_point", "own_message", "own_several", "ecowitt_wh2650a"],
)
def test_a_drafts_places_are_those_of_the_model_that_knows_the_platform(name: str, tmp_path: Path) -> None:
    vector = json.loads((VECTORS / "pushed" / f"{name}.json").read_text(encoding="utf-8"))
    _, profile = drafted(sent(vector["body"], "/intake/v1/C1"), tmp_path)
    assert profile.push is not None
    known = SHELF[vector["profile"]].push
    assert known is not None
    ours, theirs = (mapping.read(one, vector["body"].encode()).samples for one in (profile.push, known))
    assert [one.values for one in ours] == [one.values for one in theirs]
    if name != "onenet_data_point":  # the message alone does not tell whose its only value is
        assert [one.device for one in ours] == [one.device for one in theirs]


def test_a_platforms_message_is_drafted_with_what_a_person_must_decide(tmp_path: Path) -> None:
    made, profile = drafted(sent(CLOUD, "/intake/v1/CLOUD1"), tmp_path)
    assert (profile.protocol, profile.payload, profile.utc_offset_min) == ("http_push", "", 480)
    assert profile.points["ir"].quantity.name == "residual_current_ma"
    assert '  device: /sn  # seen "A7"; in the registry it is SOURCE>that' in made.text
    assert '  # id: /msgId  # seen "1"; if each message has one of its own' in made.text
    assert '  # signature: or token: it has "sign"' in made.text
    assert f"# Try it: flameblue profile try {made.name}.yaml --frame {made.name}.sample" in made.text
    own = draft(sent('{"id":"1","t":1700000000000,"v":{"ir":412}}', "/intake/v1/C1"), SHELF)
    assert "# The model flameblue-push reads 1 of its 1 keys already: try it first." in own.text


@given(
    content=st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=9),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["t", "v", "id", "sn", "value", "key", "time"]), inner, max_size=4
            )
            | st.dictionaries(st.text(max_size=9), inner, max_size=3)
        ),
        max_leaves=12,
    )
)
def test_no_pushed_message_makes_a_draft_that_is_no_profile(
    content: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with suppress(BadInput):
        drafted(sent(json.dumps(content), "/intake/v1/C1"), tmp_path_factory.mktemp("draft"))


def test_a_known_transmitters_unit_is_drafted_from_with_a_frame_around_it(tmp_path: Path) -> None:
    whole = bytes.fromhex(frame("lee_ff_elec_analog14"))
    unit = capture.with_unit(whole).unit
    kept = sent(redact.sample(unit), "gb26875/3", device="T889")
    made, _ = drafted(kept, tmp_path)
    of_whole = draft(sent(frame("lee_ff_elec_analog14"), "gb26875/3", device="T889"), SHELF)
    assert made.text.split("# Try it")[0] == of_whole.text.split("# Try it")[0]
    assert capture.with_unit(bytes.fromhex(made.frame)).unit == unit
    assert made.text.endswith(
        "# Only the unit of this frame was kept; its serial number, time and addresses are noughts.\n"
    )
    assert "Only the unit" not in of_whole.text


def test_a_components_state_names_its_key(tmp_path: Path) -> None:
    made, _ = drafted(sent(frame("lee_haiwan_residual_fire"), "gb26875/2"), tmp_path)
    assert "# Keys to register as points:\n#   1.17.2db83201\n" in made.text
    assert "maker's own" not in made.text


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (sent("{", TOPIC), "can't read this message"),
        (sent("{}", "acme/7/values"), r"No payload format knows the topic 'acme/7/values'.*own-plug-in"),
        (sent('{"v":{}}'), "holds no value"),
        (sent(cut_bytes=900), "900 bytes of it are missing"),
        (sent("40 40 01", "gb26875/3"), "no whole frame"),
        (sent("no hex", "gb26875/3"), "No whole frame or unit .* is kept"),
        (sent("", "/intake/v1/"), "refused before it was read"),
        (sent("hello", "/intake/v1/C1"), "neither JSON nor a form"),
        (sent("[1]", "/intake/v1/C1"), "neither an object nor an array of them"),
        (sent('{"id": "7", "time": 1}', "/intake/v1/C1"), "holds no value"),
        (sent(frame("lee_haiwan_ack"), "gb26875/"), "no whole frame"),
        (
            sent(json.dumps({"v": {f"k{n}": n for n in range(DRAFTED_KEYS_MAX + 1)}})),
            f"more than {DRAFTED_KEYS_MAX} keys",
        ),
    ],
)
def test_what_gives_no_draft_says_why(one: Sent, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        draft(one, SHELF)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_real_message_gives_a_profile_or_a_reason(path: Path, tmp_path: Path) -> None:
    vector = read(path)
    if "payload" not in vector:
        return
    with suppress(BadInput):
        drafted(sent(vector["payload"], vector["topic"], device=path.stem), tmp_path)


@given(
    values=st.dictionaries(
        st.text(min_size=1, max_size=12), st.floats() | st.integers() | st.text(max_size=9), max_size=4
    ),
    device=st.text(max_size=20),
)
def test_no_key_value_or_name_makes_a_draft_that_is_no_profile(
    values: dict[str, Any], device: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    one = sent(json.dumps(values), "zigbee2mqtt/x", device=device)
    with suppress(BadInput):
        drafted(one, tmp_path_factory.mktemp("draft"))


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One with three messages in quarantine and an unknown device."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "secret_key").write_text("x", encoding="ascii")
    monkeypatch.setenv("FLAMEBLUE_DATA", str(data))
    with closing(Quarantine(data / "quarantine.sqlite3")) as kept:
        kept.add(
            [
                Quarantined("D-99", TOPIC, Reason.UNKNOWN_KEY, "foo", OWN.encode(), T_NS),
                Quarantined("", "x/y", Reason.UNKNOWN_TOPIC, "", b"\x1b[2J", T_NS + 1),
                Quarantined("big", TOPIC, Reason.UNKNOWN_KEY, "k", b'{"v":{"k":"' + b"x" * 5_000, T_NS + 2),
                Unknown("200100", "200100", "10.0.0.1", "h", "gb26875/3", _unit(), T_NS),
            ]
        )
    return tmp_path


def _unit() -> bytes:
    return frame("lee_ff_elec_analog14").encode()


def ran(*arguments: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    return int(left.value.code or 0)


def test_quarantine_is_listed_with_the_numbers_that_a_draft_is_asked_by(
    installation: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ran("quarantine") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["3", "2", "1", "u1"]
    assert "D-99  unknown_key" in lines[2]
    assert "\x1b" not in "".join(lines)
    assert ran("quarantine", "--rows", "1") == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


LONG = "It reads " + "a reason that goes on and on, " * 5 + "and its last word is SIXTY."


def test_a_row_of_quarantine_is_whole_and_set_in_at_a_terminal(
    installation: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Quarantine(installation / "data" / "quarantine.sqlite3")) as kept:
        kept.add([Quarantined("D-1", "a/topic", Reason.MALFORMED, LONG, b"", T_NS + 9)])
    assert ran("quarantine", "--rows", "1") == 0
    assert capsys.readouterr().out.splitlines()[0].endswith(f"D-1  malformed  a/topic  {LONG}")
    monkeypatch.setenv("COLUMNS", "72")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert ran("quarantine", "--rows", "1") == 0
    first, *more = capsys.readouterr().out.splitlines()
    assert "malformed" in first
    assert max(map(len, [first, *more])) <= 72
    assert [line[:8].isspace() for line in more[:3]] == [True] * 3
    assert "SIXTY." in "".join(more)


def test_a_draft_is_checked_and_tried_with_the_message_that_it_came_from(
    installation: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = installation / "acme-1.yaml"
    assert ran("profile", "new", "--from-quarantine", "1", "--out", str(out)) == 0
    assert "is a draft" in capsys.readouterr().err
    assert ran("profile", "check", str(out)) == 0
    assert json.loads(capsys.readouterr().out)["points"] == 2
    (line,) = (line for line in out.read_text(encoding="utf-8").splitlines() if line.startswith("# Try it: "))
    assert line.endswith(f"acme-1.yaml --topic '{TOPIC}' --frame acme-1.sample")
    sample = str(out.with_suffix(".sample"))
    ran("profile", "try", str(out), "--topic", TOPIC, "--frame", sample)
    said = json.loads(capsys.readouterr().out)
    assert {one["point"]: one["value"] for one in said["readings"]} == {"ir": 412.0, "ta": 41.5}
    assert ran("profile", "new", "--from-quarantine", "1", "--out", str(out)) == 1
    assert "not written over" in capsys.readouterr().err


def test_a_transmitters_frame_is_tried_as_it_was_captured(
    installation: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = installation / "t889.yaml"
    assert ran("profile", "new", "--from-quarantine", "u1", "--out", str(out)) == 0
    capsys.readouterr()
    assert ran("profile", "try", str(out), "--frame", str(out.with_suffix(".sample"))) == 0
    values = [one["values"] for one in json.loads(capsys.readouterr().out)["samples"]]
    assert {"129.17.15270820.134": -500} in values


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("7", "There is no '7'"),
        ("u9", "There is no 'u9'"),
        ("x", "There is no 'x'"),
        ("3", "Only the beginning"),
        ("9" * 30, "There is no"),
    ],
)
def test_a_number_that_is_not_there_or_was_cut_is_told(
    installation: Path, capsys: pytest.CaptureFixture[str], number: str, why: str
) -> None:
    assert ran("profile", "new", "--from-quarantine", number) == 1
    assert why in capsys.readouterr().err
