"""The valley: who is there, what is watched, and the registry that says so."""

import csv
import io
import re

import pytest

from flameblue.domain.errors import BadInput
from flameblue.people import registry_reading
from flameblue.profiles.loader import Shelf, package_folder
from flameblue.simulation import names, registry
from flameblue.simulation.appliances import APPLIANCES
from flameblue.simulation.plan import make_plan
from flameblue.simulation.world import World
from tests.simulation.valley import WINTER_NIGHT_S


def rows(premises: int = 50, seed: int = 1) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(registry.valley(premises, seed).registry_csv)))


def test_37_of_50_premises_are_equipped_and_all_are_listed() -> None:
    found = rows()
    assert len({row["premises"] for row in found}) == 50
    assert len({row["premises"] for row in found if row["device"]}) == 37


@pytest.mark.parametrize("premises", [3, 4, 10, 49, 51, 200])
def test_every_size_of_valley_is_74_percent_equipped(premises: int) -> None:
    plan = make_plan(premises, 1)
    equipped = sum(bool(place.circuits) for place in plan.premises)
    assert 0 <= equipped - 0.74 * premises < 1


def test_names_phones_and_devices_are_there_once() -> None:
    plan = make_plan(200, 1)
    for name in ("name", "phone", "phone2", "address"):
        values = [getattr(place, name) for place in plan.premises]
        assert len(set(values)) == len(values), name
    devices = [circuit.device for _, circuit in plan.circuits()]
    assert len(set(devices)) == len(devices)
    officers = {person["phone"] for person in registry.people()}
    owners = {place.phone for place in plan.premises} | {place.phone2 for place in plan.premises}
    assert len(officers) == 6
    assert not officers & owners


def test_phones_are_those_of_the_false_valley() -> None:
    plan = make_plan(50, 1)
    assert plan.premises[0].phone == "+8613800000001"
    assert all(re.fullmatch(r"\+8613800\d{6}", place.phone) for place in plan.premises)


def test_every_person_has_a_name_in_chinese_and_contacts_of_one_cabin_differ() -> None:
    for place in make_plan(50, 1).premises:
        assert re.fullmatch(r"[一-鿿]{2,4}", place.owner)
        assert place.owner != place.contact2


def test_the_registry_is_read_without_a_complaint() -> None:
    valley = registry.valley(50, 1)
    found = registry_reading.read(valley.registry_csv.encode())
    assert (found.troubles, found.notes) == ([], [])
    assert len(found.rows) == len(rows())


def test_the_detectors_are_of_a_profile_that_exists_and_the_units_agree_with_it() -> None:
    profile = Shelf(package_folder()).current()[registry.PROFILE]
    assert {row["profile"] for row in rows() if row["device"]} == {profile.name}
    assert profile.interval_s == 10.0


def test_the_registry_of_a_world_is_that_of_its_plan() -> None:
    world = World(make_plan(10, 3), WINTER_NIGHT_S)
    assert registry.registry_csv(world) == registry.valley(10, 3).registry_csv


def test_the_same_seed_gives_the_same_registry_and_another_one_other_credentials() -> None:
    assert rows(10, 5) == rows(10, 5)
    one, other = ({row["credential"] for row in rows(10, seed) if row["device"]} for seed in (5, 6))
    assert not one & other


def test_each_station_has_a_next_one_and_two_people() -> None:
    stations = registry.stations()
    known = {station["name"] for station in stations}
    assert len(known) == 3
    assert all(station["next_station"] in known - {station["name"]} for station in stations)
    roles = sorted((person["station"], person["role"]) for person in registry.people())
    assert roles == sorted((name, role) for name in known for role in ("duty", "leader"))
    assert {row["station"] for row in rows()} == known


def test_a_signature_fits_its_place_at_the_head_of_a_message() -> None:
    assert all(len(str(station["signature"])) <= 12 for station in registry.stations())


def test_every_breaker_can_carry_all_that_hangs_on_it() -> None:
    for _, circuit in make_plan(200, 2).circuits():
        assert circuit.appliances.phase_w_max() / 220 < 0.8 * circuit.rated_current_a


def test_every_kind_of_circuit_is_used_somewhere() -> None:
    used = {circuit.name for _, circuit in make_plan(50, 1).circuits()}
    assert {"照明插座", "浴室", "厨房", "大厅暖气", "店面", "总路", "桑拿房"} <= used
    assert any(name.endswith("房暖气") for name in used)
    assert len(APPLIANCES) == 7


@pytest.mark.parametrize("premises", [0, 2, 1_001])
def test_a_valley_that_is_too_small_or_too_large_is_refused(premises: int) -> None:
    with pytest.raises(BadInput, match="premises"):
        make_plan(premises, 1)


def test_the_first_fifty_premises_have_names_of_their_own() -> None:
    assert len({place.name for place in names.PREMISES}) == 50
