"""What Home Assistant may know: equipped premises and what people were told; no person, no number."""

from datetime import date
from typing import Any

import pytest

from flameblue.cases import policy
from flameblue.cases.models import Case, State
from flameblue.domain import limits
from flameblue.domain.transitions import Level
from flameblue.fleet.models import Premises
from flameblue.runtime import home_facts
from tests.cases.bench import Bench, another_cabin
from tests.cases.conftest import bench
from tests.cast import Cast

__all__ = ["bench"]


def test_equipped_premises_with_their_points_in_the_language_of_the_installation(cast: Cast) -> None:
    Premises.objects.create(site=cast.site, name="空木屋")
    (cabin,), left_out = home_facts.premises("zh-hans")
    assert (cabin.name, left_out) == ("禾木 松林客栈", 0)
    assert [point.name for point in cabin.points] == [
        "203房暖气 剩余电流",
        "203房暖气 B 温度",
        "203房暖气 B 负荷电流",
    ]
    (english,), _ = home_facts.premises("en")
    assert english.points[0].name == "203房暖气 Residual current"


def test_retired_points_and_disabled_devices_are_not_shown(cast: Cast) -> None:
    cast.ir.retired = True
    cast.ir.save()
    (cabin,), _ = home_facts.premises("en")
    assert {point.id for point in cabin.points} == {cast.tb.pk, cast.ib.pk}
    cast.device.enabled = False
    cast.device.save()
    assert home_facts.premises("en") == ((), 0)


def test_a_phone_number_in_a_name_is_cut(cast: Cast) -> None:
    cast.premises.name = "松林客栈 13912345678"
    cast.premises.save()
    cast.circuit.name = "暖气13912345678"
    cast.circuit.save()
    (cabin,), _ = home_facts.premises("en")
    assert "13912345678" not in str(cabin)


def test_beyond_the_limit_it_is_said_how_many_are_left_out(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(home_facts, "HOME_POINTS_MAX", 2)
    (cabin,), left_out = home_facts.premises("en")
    assert (len(cabin.points), left_out) == (2, 1)
    assert limits.HOME_POINTS_MAX > 2


@pytest.mark.parametrize(
    ("change", "is_shown"),
    [
        ({}, True),
        ({"state": State.PROVEN}, True),
        ({"state": State.CLOSED}, False),
        ({"is_test": True}, False),
    ],
)
def test_only_what_people_were_told_of_is_shown(bench: Bench, change: dict[str, Any], is_shown: bool) -> None:
    bench.alarm(bench.cast.ir, value=382.0)
    Case.objects.update(**change)
    found = home_facts.open_cases()
    assert [(case.premises, case.family, case.level) for case in found] == (
        [(bench.cast.premises.pk, "leakage", Level.ALARM)] if is_shown else []
    )


def test_a_silence_in_its_grace_is_not_shown_and_one_told_stays(bench: Bench) -> None:
    bench.silent(bench.cast.ir)
    assert home_facts.open_cases() == ()
    bench.pass_time(policy.current().silence_grace_s + 10)
    assert len(home_facts.open_cases()) == 1
    bench.silent(bench.cast.tb)
    assert len(home_facts.open_cases()) == 1


def test_silent_points_are_those_without_data_now(bench: Bench) -> None:
    _, lost = another_cabin(bench.cast, "白桦客栈")
    bench.silent(lost, bench.cast.ir)
    assert home_facts.silent_points() == {lost.pk, bench.cast.ir.pk}
    bench.heard(lost)
    assert home_facts.silent_points() == {bench.cast.ir.pk}


def test_a_closed_season_hides_nothing(cast: Cast) -> None:
    cast.premises.closed_until = date(2026, 5, 1)
    cast.premises.save()
    assert len(home_facts.premises("en")[0]) == 1
