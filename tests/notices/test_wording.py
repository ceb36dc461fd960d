"""Which current a text names: that of a phase, never the sum of several."""

from datetime import UTC, datetime
from typing import Any

import pytest

from flameblue.notices.texts.catalogue import catalogue
from flameblue.notices.wording import Standing, values

AT = datetime(2026, 1, 15, 3, 7, tzinfo=UTC)
THREE = {"load_a": 179.0, "load_phase": "C", "load_phase_a": 61.0}


@pytest.mark.parametrize(
    ("data", "language", "load"),
    [
        ({**THREE, "phase": ""}, "zh-hans", "C相61"),
        ({**THREE, "phase": ""}, "en", "phase C 61"),
        ({**THREE, "phase": "C"}, "zh-hans", "61"),
        ({"load_a": 38.0, "phase": "B"}, "zh-hans", "38"),
        ({"load_a": None}, "zh-hans", ""),
    ],
    ids=["worst phase", "in English", "the alarm's phase stands there already", "one phase", "not known"],
)
def test_the_load_is_that_of_one_phase(data: dict[str, Any], language: str, load: str) -> None:
    said = values(data, Standing(number=4001, at=AT, opened_at=AT, since=AT), catalogue(language))
    assert said["load"] == load


def test_a_current_that_is_back_names_its_phase() -> None:
    data = {"phase": "C", "current_a": 179.0, "current_phase": "C", "current_phase_a": 61.0}
    said = values(data, Standing(number=4001, at=AT, opened_at=AT, since=AT), catalogue("zh-hans"))
    assert said["current"] == "C相61"
