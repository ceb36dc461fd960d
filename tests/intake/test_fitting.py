"""What an unknown device sends, and which models could be its own."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flameblue.intake import fitting, redact
from flameblue.intake.fitting import Heard, Meant, Said
from flameblue.profiles.loader import Profile, Shelf, package_folder

VECTORS = Path(__file__).parents[1] / "vectors"
OURS = "flameblue/v1/D9/readings"


@pytest.fixture(scope="module")
def profiles() -> Mapping[str, Profile]:
    return Shelf(package_folder()).current()


def best(topic: str, payload: object, profiles: Mapping[str, Profile], name: str = "D9") -> fitting.Fit:
    came = fitting.said(name, topic, json.dumps(payload).encode())
    return fitting.fits(topic, came, profiles)[0]


def test_the_model_whose_points_came_is_first_also_beside_a_key_that_it_has_not(
    profiles: Mapping[str, Profile],
) -> None:
    values = dict.fromkeys(profiles["flameblue-efm8"].points, 12.0) | {"uptime": 77}
    found = best(OURS, {"v": values}, profiles)
    assert (found.profile, found.recognised, found.came, found.unheard) == ("flameblue-efm8", 11, 12, 0)


def test_a_model_of_which_most_is_not_heard_comes_after_one_that_leaves_its_points_open(
    profiles: Mapping[str, Profile],
) -> None:
    came, fits = fitting.look("D9", [Heard(OURS, b'{"v": {"ir": 12}}')], profiles)
    assert [one.key for one in came] == ["ir"]
    assert [(one.profile, one.unheard, one.points) for one in fits[:2]] == [
        ("flameblue-generic", 0, 0),
        ("flameblue-efm8", 10, 11),
    ]


def test_what_comes_in_several_messages_is_looked_at_together_and_the_newest_value_counts(
    profiles: Mapping[str, Profile],
) -> None:
    heard = [Heard(f"shellies/D9/emeter/{n}/power", b"%d" % n, n) for n in range(3)]
    heard += [Heard("nobody/knows", b"x", 9), Heard("shellies/D9/emeter/0/power", b"7", 8)]
    came, fits = fitting.look("D9", heard, profiles)
    assert [(one.key, one.value) for one in came] == [
        ("emeter.0.power", 7),
        ("emeter.1.power", 1),
        ("emeter.2.power", 2),
    ]
    assert fits[0].recognised == 3


def test_the_components_of_a_transmitter_are_gathered_states_without_values_too(
    profiles: Mapping[str, Profile],
) -> None:
    files = ("lee_ff_elec_analog14", "lee_haiwan_residual_fire")
    kept = [
        bytes.fromhex((VECTORS / "gb26875" / f"{one}.hex").read_text(encoding="ascii")).hex(" ").encode()
        for one in files
    ]
    heard = [Heard("gb26875/3", kept[0], 1), Heard("gb26875/2", kept[1], 2)]
    came, fits = fitting.look("15270820", heard, profiles)
    assert {"129.17.15270820.130", "1.17.2db83201"} <= {one.key for one in came}
    assert fits[0].meant["1.17.2db83201"] == Meant("residual_current_ma")


def test_an_open_model_is_first_where_no_other_has_the_keys(profiles: Mapping[str, Profile]) -> None:
    found = best(OURS, {"v": {"cable_temp1": 40.1, "leak": 12, "Ua": 229, "serial": 7}}, profiles)
    assert (found.profile, found.is_open, found.recognised) == ("flameblue-generic", True, 3)
    assert found.meant == {
        "cable_temp1": Meant("temperature_c"),
        "leak": Meant("residual_current_ma"),
        "Ua": Meant("voltage_v", "A"),
        "serial": Meant(""),
    }


def test_of_a_gateways_message_only_the_childs_part_is_looked_at(profiles: Mapping[str, Profile]) -> None:
    sent = {"Room 1": [{"ts": 1, "values": {"temp": 20}}], "Room 2": [{"ts": 1, "values": {"leak": 9}}]}
    came = fitting.said("G1>Room 2", "v1/gateway/telemetry", json.dumps(sent).encode())
    assert came == [Said("leak", 9)]


def test_a_transmitters_frame_as_it_is_kept_gives_its_maker(profiles: Mapping[str, Profile]) -> None:
    kept = bytes.fromhex((VECTORS / "gb26875" / "lee_ff_elec_analog14.hex").read_text(encoding="ascii"))
    came = fitting.said("15270820", "gb26875/3", kept.hex(" ").encode())
    found = fitting.fits("gb26875/3", came, profiles)[0]
    assert (found.profile, found.is_open) == ("gb26875-four-faith", True)
    assert {one.quantity for one in found.meant.values()} >= {"residual_current_ma", "temperature_c"}


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("nobody/knows", b"{}"),
        ("/intake/v1/D9", b"{"),
        (OURS, b"{"),
        ("gb26875/3", b"40 40"),
        ("gb26875/3", b"no hex"),
    ],
)
def test_what_no_format_reads_gives_no_keys(
    topic: str, payload: bytes, profiles: Mapping[str, Profile]
) -> None:
    assert fitting.look("D9", [Heard(topic, payload)], profiles)[0] == []


@pytest.mark.parametrize(
    ("vector", "name", "keys"),
    [
        ("own_message", "CLOUD1", {"ir", "tb"}),
        ("own_several", "CLOUD1>屋1", {"ir"}),
        ("onenet_property", "CLOUD1>iot-0001", {"Power", "WF"}),
    ],
)
def test_a_pushed_message_is_read_as_the_model_has_it_that_knows_most_of_it(
    vector: str, name: str, keys: set[str], profiles: Mapping[str, Profile]
) -> None:
    sent = json.loads((VECTORS / "pushed" / f"{vector}.json").read_text(encoding="utf-8"))
    topic = f"/intake/v1/{name.partition('>')[0]}"
    came, fits = fitting.look(name, [Heard(topic, sent["body"].encode())], profiles)
    assert {one.key for one in came} == keys
    assert fits[0].profile == sent["profile"]


def test_states_are_no_numbers_and_are_not_guessed_by_their_name() -> None:
    generic = Shelf(package_folder()).current()["flameblue-generic"]
    came = fitting.said("D9", OURS, b'{"s": {"temp": ["alarm"]}}')
    assert came == [Said("temp", ["alarm"])]
    assert fitting.meaning(came[0], generic) == Meant("")


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("leakage_current", Meant("residual_current_ma")),
        ("ENERGY.ApparentPower", Meant("apparent_power_va")),
        ("cur_b", Meant("current_a", "B")),
        ("tc2", Meant("temperature_c", "C")),
        ("u_a", Meant("voltage_v", "A")),
        ("va", Meant("voltage_v", "A")),
        ("wendu1", Meant("temperature_c")),
        ("sydl", Meant("residual_current_ma")),
        ("switch:0.apower", Meant("power_w")),
        ("room_temp", Meant("ambient_temperature_c")),
        ("amb", Meant("ambient_temperature_c")),
        ("sn", Meant("")),
        ("seq", Meant("")),
    ],
)
def test_a_name_is_read_as_a_draft_reads_it_and_hints_count_too(key: str, meant: Meant) -> None:
    generic = Shelf(package_folder()).current()["flameblue-generic"]
    assert fitting.meaning(Said(key, 12.5), generic) == meant


@given(st.binary(max_size=300))
def test_bytes_that_are_kept_as_text_come_back(payload: bytes) -> None:
    if b"\\" not in payload:
        assert redact.restored(redact.sample(payload)) == payload
