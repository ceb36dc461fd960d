"""Every device model of the package: valid, with its source and caveats, in words that exist."""

import json
from pathlib import Path

import pytest

from flameblue import plugins
from flameblue.domain.quantities import QUANTITIES
from flameblue.intake import payloads, protocols
from flameblue.profiles.loader import Shelf, load, package_folder

FILES = sorted(package_folder().iterdir())


def test_there_are_profiles_and_nothing_but_profiles() -> None:
    assert {"flameblue-generic", "thingsboard-generic", "flameblue-efm8"} <= {path.stem for path in FILES}
    assert {path.suffix for path in FILES} == {".yaml"}


def test_the_shelf_meets_every_file_on_disk() -> None:
    shelf = Shelf(package_folder())
    assert set(shelf.current()) == {path.stem for path in FILES}
    assert shelf.problems == {}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_profile_says_where_it_comes_from_and_what_to_beware_of(path: Path) -> None:
    profile = load(path)
    assert profile.maker
    assert len(profile.source) > 10
    assert profile.source.endswith(".")
    assert profile.caveats
    assert all(caveat.endswith(".") for caveat in profile.caveats)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_profile_names_a_protocol_and_a_payload_that_exist(path: Path) -> None:
    profile = load(path)
    if profile.modbus is None:
        assert profile.protocol in plugins.find(protocols)
    if not profile.is_asked and profile.push is None:
        assert profile.payload in plugins.find(payloads)
    assert profile.open_points == (not profile.points)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_sentinel_is_not_a_value_that_could_be_measured(path: Path) -> None:
    for point in load(path).points.values():
        for raw in point.open_at + point.short_at:
            value = raw * point.scale + point.offset
            assert not point.quantity.plausible_min <= value <= point.quantity.plausible_max


def test_the_schema_knows_every_quantity() -> None:
    schema = json.loads((package_folder().parent / "schema.json").read_text(encoding="utf-8"))
    assert set(schema["$defs"]["quantity"]["enum"]) == set(QUANTITIES)
