"""Steps and their counts: a device has reached a step when it has reached all before it."""

from hypothesis import given
from hypothesis import strategies as st

from flameblue.commissioning import progress
from flameblue.commissioning.progress import STEPS, DeviceFacts, Step

FLAGS = st.tuples(*[st.booleans()] * 4)


def facts(flags: tuple[bool, ...], maker: str = "Acrel") -> DeviceFacts:
    return DeviceFacts(1, "D1", "禾木", "松林客栈", maker, *flags)


@given(FLAGS)
def test_a_step_is_reached_with_all_before_it(flags: tuple[bool, ...]) -> None:
    reached = STEPS.index(progress.step_of(facts(flags)))
    assert all(flags[:reached])
    assert reached == 4 or not flags[reached]


@given(st.lists(FLAGS, max_size=30))
def test_no_step_counts_more_than_the_one_before(all_flags: list[tuple[bool, ...]]) -> None:
    found = progress.count(facts(flags) for flags in all_flags)
    assert found.total == len(all_flags)
    assert list(found.reached) == sorted(found.reached, reverse=True)


def test_groups_stand_by_their_names() -> None:
    both = [facts((True, False, False, False)), facts((False,) * 4, "Shelly"), facts((True,) * 4)]
    found = progress.by(both, lambda one: (one.maker,))
    assert [(one.group, one.reached) for one in found] == [
        (("Acrel",), (2, 2, 1, 1, 1)),
        (("Shelly",), (1, 0, 0, 0, 0)),
    ]
    assert progress.step_of(both[2]) == Step.ACCEPTED
