"""Recorded reality: real machines' readings through the endpoint, and docs/recorded.md says what came of them."""

import os
from pathlib import Path

import pytest

from flameblue.profiles.default_limits import default_limits
from tests.recorded import recordings
from tests.recorded.account import OUTSIDE, Account, account, label, lasted
from tests.recorded.extracts import kitchen
from tests.recorded.page import told
from tests.recorded.recordings import EN_50160, HOUSE, KITCHEN, MACHINE, MACHINE_WINDOWS, UNTUNED, Place
from tests.recorded.replay import replay
from tests.recorded.telling import messages, outcomes

FAILURE = ("2014-02-07", "2014-02-10")
EVENING = ("2006-12-28T16:00", "2006-12-29")
pytestmark = pytest.mark.usefixtures("quiet_database")


def machine_block(name: str, seen: Account) -> None:
    heat, labelled = seen.of(MACHINE.premises, "heat"), label(MACHINE_WINDOWS)
    notes = [labelled(one) for one in heat]
    outside = notes.count(OUTSIDE)
    tally = f"Of {len(heat)} announcements of heat {len(heat) - outside} lie in a labelled window or run into one."
    text = f"{seen.text(seen.episodes, 'labelled', labelled)} {tally}"
    told(name, text, {name: seen.picture(MACHINE.premises, "temperature_c", heat, MACHINE_WINDOWS)})


def household_block(name: str, seen: Account, voltage_of: Place, more: str = "") -> None:
    pictures = {
        f"{name}-current": seen.picture(HOUSE.premises, "current_a", seen.of(HOUSE.premises, "load")),
        f"{name}-voltage": seen.picture(
            voltage_of.premises, "voltage_v", seen.of(voltage_of.premises, "voltage")
        ),
    }
    told(name, seen.text(seen.of(HOUSE.premises), "lasted", lasted) + more, pictures)


async def test_the_machine_is_warned_of_on_the_day_before_it_fails(tmp_path: Path) -> None:
    with account(await replay(recordings.machine(*FAILURE), tmp_path), tmp_path) as seen:
        failure = MACHINE_WINDOWS[-1]
        before = [one.level for one in seen.episodes if one.at < failure.labelled]
        assert before == ["warning", "alarm"]
        assert seen.episodes[0].at < failure.begin
        machine_block("machine-failure", seen)


@pytest.mark.proof
async def test_an_evening_in_a_household_brings_one_overload(tmp_path: Path) -> None:
    source = recordings.household(*EVENING, places=(HOUSE, UNTUNED))
    with account(await replay(source, tmp_path), tmp_path) as seen:
        assert [one.family for one in seen.of(HOUSE.premises)] == ["load"]
        wolf = seen.of(UNTUNED.premises)
        untuned = f"{seen.table(wolf, 'lasted', lasted)}\n\n{outcomes({UNTUNED.premises})} {messages(wolf)}"
        more = f"\n\nThe same voltage under the default limits, of 220 V:\n\n{untuned}"
        household_block("household-evening", seen, UNTUNED, more)


def test_what_the_page_says_of_other_limits_is_so() -> None:
    hottest = max(moment.values["t"] for moment in recordings.machine().open().moments())
    heat = default_limits()["temperature_c"]
    assert hottest == 42.5 < heat["over_warning"].value
    assert not {"under_warning", "under_alarm"} & set(heat)
    strongest = max(moment.values["ia"] for moment in recordings.household().open().moments())
    assert strongest == 39.4 < default_limits()["current_a"]["over_warning"].value * 45
    volts = [moment.values["ua"] for moment in recordings.household().open().moments()]
    assert EN_50160["under_warning"] < min(volts) < max(volts) == 251.7 < EN_50160["over_warning"]
    high = sum(one >= default_limits()["voltage_v"]["over_warning"].value for one in volts)
    assert round(100 * high / len(volts)) == 44


@pytest.mark.proof
async def test_eighty_days_of_a_machine(tmp_path: Path) -> None:
    with account(await replay(recordings.machine(), tmp_path), tmp_path) as seen:
        label_of = label(MACHINE_WINDOWS)
        notes = [label_of(one) for one in seen.episodes if one.family == "heat"]
        assert all(any(f"window {number}" in note for note in notes) for number in (1, 2, 3, 4))
        machine_block("machine", seen)


@pytest.mark.proof
async def test_a_household_over_christmas(tmp_path: Path) -> None:
    with account(await replay(recordings.household(), tmp_path), tmp_path) as seen:
        assert {one.family for one in seen.episodes} <= {"load", "silence"}
        household_block("household", seen, HOUSE)


@pytest.mark.proof
async def test_a_day_of_a_kitchen(tmp_path: Path) -> None:
    folder = os.environ.get(recordings.FOLDER)
    if not folder:
        pytest.skip(f"the tracebase recordings may not be kept here; {recordings.FOLDER} names their folder")
    kitchen(Path(folder), tmp_path / "kitchen.parquet")
    source = recordings.kitchen(tmp_path / "kitchen.parquet")
    with account(await replay(source, tmp_path / "data"), tmp_path / "data") as seen:
        load = seen.of(KITCHEN.premises, "load")
        assert len(load) == 1
        text = seen.text(seen.episodes, "lasted", lasted)
        told("kitchen", text, {"kitchen": seen.picture(KITCHEN.premises, "current_a", load)})
