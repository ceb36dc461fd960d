"""Topic filters: what is one, what it matches, and what lies within another."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flameblue.intake.protocols.mqtt.filters import covers, valid

LEVELS = ("a", "b", "")
TOPICS = [  # with a level that no filter names, and deeper than any
    "/".join(levels)
    for count in (1, 2, 3, 4)
    for levels in itertools.product((*LEVELS, "other"), repeat=count)
]
names = st.lists(st.sampled_from([*LEVELS, "+"]), min_size=1, max_size=3).map("/".join) | st.lists(
    st.sampled_from([*LEVELS, "+"]), max_size=2
).map(lambda levels: "/".join([*levels, "#"]))


@pytest.mark.parametrize("name", ["a", "/", "a//b", "+", "#", "a/+/b", "a/#", "+/+/#", "$share/g/a"])
def test_these_are_filters(name: str) -> None:
    assert valid(name)


@pytest.mark.parametrize("name", ["", "a#", "#/a", "a/#/b", "a+", "+a/b", "a/b+/c", "##", "x" * 513])
def test_these_are_none(name: str) -> None:
    assert not valid(name)


@pytest.mark.parametrize(
    ("name", "topic", "matched"),
    [
        ("a/b", "a/b", True),
        ("a/b", "a/b/c", False),
        ("a/+", "a/b", True),
        ("a/+", "a/", True),
        ("a/+", "a", False),
        ("a/+", "a/b/c", False),
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("a/#", "ab", False),
        ("+/b", "a/b", True),
        ("/+", "/a", True),
        ("+", "/a", False),
        ("#", "a/b", True),
        ("#", "$SYS/x", False),
        ("+/x", "$SYS/x", False),
        ("$SYS/#", "$SYS/x", True),
    ],
)
def test_a_subscription_matches_as_the_standard_says(name: str, topic: str, matched: bool) -> None:
    assert covers(name, topic) is matched


# "+/#" matches all that "#" does, and need not cover it
@given(names, names.filter(lambda name: name != "#"))
def test_a_filter_covers_another_exactly_when_it_matches_all_that_the_other_matches(
    outer: str, inner: str
) -> None:
    assert covers(outer, inner) == all(covers(outer, topic) for topic in TOPICS if covers(inner, topic))
