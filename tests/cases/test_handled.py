"""As what a closed case counts follows from its cause alone."""

import pytest

from flameblue.cases import causes
from flameblue.cases.handled import BY_CAUSE, ONLY_OF_A_DETECTOR, Handled, causes_of, counts_as
from flameblue.cases.models import Family


def test_every_cause_counts_as_something_by_name() -> None:
    assert set(BY_CAUSE) == set(causes.CAUSES)


@pytest.mark.parametrize("family", Family)
def test_each_cause_of_a_family_counts_once(family: Family) -> None:
    spread = [cause for handled in Handled for cause in causes_of(family, handled)]
    assert sorted(spread) == sorted(["", *causes.CAUSES])


@pytest.mark.parametrize(
    ("family", "cause", "as_what"),
    [
        (Family.HEAT, "loose_terminal", Handled.REAL),
        (Family.LEAKAGE, "limit_too_low", Handled.NUISANCE),
        (Family.SILENCE, "network", Handled.REAL),
        (Family.SILENCE, "season", Handled.NUISANCE),
        (Family.LEAKAGE, "test", Handled.TEST),
        (Family.HEAT, "duplicate", Handled.DUPLICATE),
        (Family.HEAT, "unknown", Handled.UNCLEAR),
        (Family.HEAT, "", Handled.UNCLEAR),
        (Family.HEAT, "a word of a later version", Handled.UNCLEAR),
    ],
)
def test_examples(family: Family, cause: str, as_what: Handled) -> None:
    assert counts_as(family, cause, is_test=False) == as_what


def test_a_test_case_is_a_test_whatever_was_found() -> None:
    assert {counts_as(Family.HEAT, cause, is_test=True) for cause in causes.CAUSES} == {Handled.TEST}


@pytest.mark.parametrize("cause", sorted(ONLY_OF_A_DETECTOR))
def test_a_detectors_fault_is_a_real_one_and_its_false_heat_is_not(cause: str) -> None:
    assert counts_as(Family.EQUIPMENT, cause, is_test=False) == Handled.REAL
    assert counts_as(Family.HEAT, cause, is_test=False) == Handled.NUISANCE
