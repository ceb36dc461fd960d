"""Which circuit has a device of which kind, and what the registry says of it."""

import csv
import io
import json
from collections import Counter
from pathlib import Path

import pytest

from flameblue.domain.errors import BadInput
from flameblue.intake.protocols.gb26875.fields import spelled_address
from flameblue.profiles.loader import Shelf, package_folder
from flameblue.simulation import fleet, registry
from flameblue.simulation.__main__ import main
from flameblue.simulation.device import Surroundings
from flameblue.simulation.fleet import ports_of, turns_of
from flameblue.simulation.kinds import KINDS
from flameblue.simulation.places import UNITS_MAX, Wishes
from flameblue.simulation.plan import make_plan, with_devices
from flameblue.simulation.told import Record

EVERY = Wishes("192.0.2.7", {"modbus": 2502}, tuple((kind, "") for kind in KINDS))
SHELF = Shelf(package_folder()).current()


def rows(premises: int = 50, wishes: Wishes = EVERY) -> list[dict[str, str]]:
    text = registry.plan_csv(make_plan(premises, 1), wishes)
    return [row for row in csv.DictReader(io.StringIO(text)) if row["device"]]


def test_the_kinds_take_turns_and_every_circuit_has_one_device() -> None:
    plan = make_plan(50, 1)
    found = fleet.fleet(plan, EVERY, Surroundings())
    assert [device.name for device in found.devices] == [circuit.device for _, circuit in plan.circuits()]
    counts = Counter(kind.name for kind, _ in fleet.places(plan, EVERY))
    assert counts.keys() == KINDS.keys()
    assert max(counts.values()) - min(counts.values()) <= 1


def test_devices_that_are_asked_share_a_port_as_far_as_there_are_addresses() -> None:
    found = fleet.places(make_plan(500, 1), Wishes(turns=(("modbus", ""),)))
    places = [place for _, place in found]
    assert len(places) > 2 * UNITS_MAX
    assert len({(place.here, place.unit) for place in places}) == len(places)
    assert {place.here.port for place in places} == {1502, 1503, 1504}
    assert {place.unit for place in places} == set(range(1, UNITS_MAX + 1))


def test_every_device_has_an_address_of_its_own() -> None:
    addresses = {row["device"]: row["device_address"] for row in rows() if row["device_address"]}
    assert len(set(addresses.values())) == len(addresses)
    of = {SHELF[row["profile"]].protocol: row for row in rows() if row["profile"] in SHELF}
    assert spelled_address(of["gb26875"]["device_address"])
    assert of["modbus"]["device_address"].startswith(("tcp://192.0.2.7:2502?unit=", "dtu:8600000"))


def test_a_dtu_s_imei_has_fifteen_digits_and_the_right_check_digit() -> None:
    found = [place.imei for _, place in fleet.places(make_plan(50, 1), Wishes(turns=(("dtu", ""),)))]
    assert len(set(found)) == len(found)
    for imei in [*found, "490154203237518"]:  # the example that is printed everywhere
        doubled = [sum(divmod(2 * int(one), 10)) for one in imei[1::2]]
        assert len(imei) == 15
        assert (sum(doubled) + sum(map(int, imei[::2]))) % 10 == 0, imei


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_kind_has_either_an_address_or_a_credential(kind: str) -> None:
    for row in rows(10, Wishes(turns=((kind, ""),))):
        assert bool(row["device_address"]) != bool(row["credential"])


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_points_of_a_device_are_there_once(kind: str) -> None:
    found = [(row["device"], row["point"]) for row in rows(10, Wishes(turns=((kind, ""),)))]
    assert len(set(found)) == len(found)


def test_of_a_model_with_many_inputs_only_those_that_measure_are_registered() -> None:
    found = rows(10, Wishes(turns=turns_of("modbus:acrel-aim-r100")))
    assert {(row["point"], row["quantity"]) for row in found} == {("ir1", "residual_current_ma")}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("mqtt,telex", "no kind 'telex'"),
        ("modbus:flameblue-efm8", "no model"),
        ("gb26875:lx47le-125", "no model"),
    ],
)
def test_a_kind_or_a_model_that_is_none_is_told(text: str, told: str) -> None:
    with pytest.raises(BadInput, match=told):
        turns_of(text)


@pytest.mark.parametrize("text", ["gb26875", "gb26875=0", "gb26875=x", "telex=5"])
def test_a_port_that_is_none_is_told(text: str) -> None:
    with pytest.raises(BadInput):
        ports_of([text])


def test_what_was_acknowledged_is_a_line_each(tmp_path: Path) -> None:
    with Record(tmp_path / "told") as record:
        record("D1", 5, {"ir": 1.5}, 2)
        lines = (tmp_path / "told").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [{"device": "D1", "t": 5, "v": {"ir": 1.5}, "times": 2}]


def test_only_as_many_circuits_as_are_wished_have_a_device() -> None:
    plan = make_plan(10, 1)
    fewer = with_devices(plan, 4)
    assert [one for _, one in fewer.circuits()] == [one for _, one in plan.circuits()[:4]]
    assert [place.name for place in fewer.premises] == [place.name for place in plan.premises]
    with pytest.raises(BadInput, match="99 devices"):
        with_devices(plan, 99)


def test_the_command_line_writes_the_registry_of_the_same_valley(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "valley.csv"
    words = f"simulation --premises 10 --seed 3 --devices 6 --kinds gb26875,dtu --registry {path}"
    monkeypatch.setattr("sys.argv", words.split())
    assert main() == 0
    wishes = Wishes(turns=(("gb26875", ""), ("dtu", "")))
    assert path.read_text(encoding="utf-8") == registry.plan_csv(with_devices(make_plan(10, 3), 6), wishes)


def test_the_command_line_says_in_a_sentence_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["simulation", "--kinds", "telex"])
    assert main() == 1
    assert "There is no kind 'telex' of device" in capsys.readouterr().err
