"""What an agreement must say, and what it must not."""

from pathlib import Path
from typing import Any

import pytest

from flameblue.domain.errors import BadInput
from flameblue.uplink import mapping
from tests.uplink.agreements import TABLE, agreed, written


def test_the_example_is_right_and_reports_no_fire() -> None:
    found = mapping.load(Path(mapping.__file__).with_name("example.yaml"))
    assert (found.alarm_bit, found.warning_bit) == (4, "none")
    assert found.analogue_of("residual_current_ma") == (130, 1.0)
    assert found.analogue_of("voltage_v") is None
    assert found.analogue_of("temperature_c") == (3, 10.0)
    assert found.source.hex() == "790300000000"


def test_without_an_alarm_bit_nothing_starts_and_it_is_told_why(tmp_path: Path) -> None:
    path = written(tmp_path, {key: value for key, value in TABLE.items() if key != "alarm_bit"})
    with pytest.raises(BadInput, match="alarm_bit: 1 is a fire report"):
        mapping.load(path)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"alarm_bit": None}, "says no alarm_bit"),
        ({"alarm_bit": 2}, "alarm_bit"),
        ({"warning_bit": 1}, "a warning is no fire"),
        ({"alarm_bits": 1}, "unknown field `alarm_bits`"),
        ({"source_address": 889}, "Expected `str`"),
        ({"centre_address": "the centre"}, "is no address"),
        ({"time_zone": "Asia/Hemu"}, "no time zone"),
        ({"components": {"smoke": 40}}, "no quantity 'smoke'"),
        ({"components": {"current_a": 300}}, "<= 255"),
        ({"addresses": {"D0217/ir": "2db832"}}, "8 hex digits"),
        ({"addresses": {"D0217/ir": "2db83201", "D0217/tb": "2DB83201"}}, "the same one"),
        ({"analogues": {"residual_current_ma": {"type": 9}}}, "300 mA would be a 3"),
        ({"analogues": {"residual_current_ma": {"type": 130}}}, "how many make one mA"),
        ({"analogues": {"temperature_c": {"type": 8}}}, "not its type"),
        ({"analogues": {"temperature_c": {"type": 3, "steps_per_unit": 100}}}, "the standard's"),
        ({"heartbeat": {"every_s": 1}}, ">= 5"),
        ({"heartbeat": {"kind": "login"}}, "login"),
    ],
)
def test_what_can_not_be_meant_is_refused(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput) as refused:
        agreed(tmp_path, **changes)
    assert said in str(refused.value)


def test_an_address_is_the_number_of_the_point_or_what_the_table_says(tmp_path: Path) -> None:
    assert agreed(tmp_path).address_of(217, "D0217/ir") == bytes.fromhex("d9000000")
    tabled = agreed(tmp_path, addresses={"D0217/ir": "2db83201"})
    assert tabled.address_of(217, "D0217/ir") == bytes.fromhex("2db83201")
    assert tabled.address_of(218, "D0217/tb") is None
