"""The default limits: complete, in order, each with its edition; numbers of standards are not changed by chance."""

import pytest

from flameblue.domain.quantities import QUANTITIES
from flameblue.profiles.default_limits import OF_RATING, default_limits

FIELDS = {
    "over_warning",
    "over_alarm",
    "over_hysteresis",
    "under_warning",
    "under_alarm",
    "under_hysteresis",
    "phase_lost",
    "phase_stands",
    "warning_hold_s",
    "alarm_hold_s",
    "clear_hold_s",
}


def test_the_quantities_of_the_first_rules_have_limits() -> None:
    expected = {"residual_current_ma", "temperature_c", "current_a", "voltage_v", "arc_count"}
    assert set(default_limits()) == expected


@pytest.mark.parametrize("quantity", sorted(default_limits()))
def test_every_limit_says_where_it_comes_from_and_how_sure_that_is(quantity: str) -> None:
    limits = default_limits()[quantity]
    assert set(limits) <= FIELDS
    assert {"warning_hold_s", "alarm_hold_s", "clear_hold_s"} <= set(limits)
    for field, limit in limits.items():
        assert limit.confidence in {"A", "B", "M", "own"}
        assert ("Flameblue" in limit.edition) == (limit.confidence == "own")
        expected = {"s"} if field.endswith("_s") else {QUANTITIES[quantity].unit, OF_RATING}
        assert limit.unit in expected


@pytest.mark.parametrize("quantity", sorted(default_limits()))
def test_a_warning_comes_before_its_alarm_and_clears_apart_from_it(quantity: str) -> None:
    value = {field: limit.value for field, limit in default_limits()[quantity].items()}
    assert value["over_warning"] < value["over_alarm"]
    assert value.get("under_alarm", 0) < value.get("under_warning", 1)
    assert 0 < value["over_hysteresis"] <= value["over_alarm"] - value["over_warning"]
    assert ("under_hysteresis" in value) == ("under_alarm" in value)


def test_the_numbers_of_the_standards() -> None:
    limits = default_limits()
    residual, temperature = limits["residual_current_ma"], limits["temperature_c"]
    assert 300 <= residual["over_alarm"].value <= 500
    assert "GB 50116-2013 9.2.3" in residual["over_alarm"].edition
    assert residual["alarm_hold_s"].value + 10 <= 30, "a reading every 10 s has room within the clause"
    assert residual["warning_hold_s"].value >= residual["alarm_hold_s"].value
    assert "GB 14287.2-2014" in residual["alarm_hold_s"].edition
    assert "GB 50166-2019 4.8.4" in residual["alarm_hold_s"].edition
    assert temperature["alarm_hold_s"].value + 10 <= 40
    assert "GB 50166-2019 4.8.5" in temperature["alarm_hold_s"].edition
    assert (temperature["over_alarm"].value, temperature["over_alarm"].confidence) == (70, "M")
    assert (limits["arc_count"]["over_alarm"].value, limits["arc_count"]["over_alarm"].confidence) == (
        14,
        "A",
    )


def test_current_is_limited_by_the_rating_of_its_circuit() -> None:
    current = default_limits()["current_a"]
    assert {limit.unit for field, limit in current.items() if not field.endswith("_s")} == {OF_RATING}
    assert current["over_alarm"].value == 1.0
