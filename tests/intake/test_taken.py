"""What was taken a while ago: what comes again is known, as far as it may be."""

import weakref
from typing import Any

import pytest

from flameblue.intake.taken import Taken

OURS: Any = object()
OTHER: Any = object()
AGAIN_S = 40.0
A, B = 10, 11  # contents


@pytest.fixture
def taken() -> Taken:
    return Taken(AGAIN_S, 3)


def test_until_it_is_on_disk_a_message_is_known_on_its_own_line_alone(taken: Taken) -> None:
    taken.add(1, A, OURS, 0.0)
    assert (taken.holds(1, A, OURS, 1.0), taken.holds(1, A, OTHER, 1.0)) == (True, False)
    assert taken.is_under_way(1, A)
    taken.kept([(1, A), (2, A)])
    assert (taken.holds(1, A, OTHER, 1.0), taken.holds(2, A, OTHER, 1.0)) == (True, False)
    assert not taken.is_under_way(1, A)


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_stamp_that_has_borne_another_content_since_hides_nothing(taken: Taken, is_kept: bool) -> None:
    for content in (A, B):
        assert not taken.holds(1, content, OURS, 0.0)
        taken.add(1, content, OURS, 0.0)
        taken.kept([(1, content)] if is_kept else [])
    assert not taken.holds(1, A, OURS, 1.0)
    assert taken.holds(1, B, OURS, 1.0)


def test_what_is_kept_is_not_what_bears_the_stamp_since(taken: Taken) -> None:
    taken.add(1, A, OURS, 0.0)
    taken.add(1, B, OTHER, 0.0)
    taken.kept([(1, A)])
    assert taken.is_under_way(1, B)
    assert not taken.holds(1, B, OURS, 1.0)


def test_what_was_not_kept_is_taken_when_it_comes_again(taken: Taken) -> None:
    taken.add(1, A, OURS, 0.0)
    taken.add(2, A, OTHER, 0.0)
    taken.lost(OURS)
    assert (taken.holds(1, A, OURS, 1.0), taken.holds(2, A, OTHER, 1.0)) == (False, True)


def test_it_is_forgotten_when_it_can_not_come_again(taken: Taken) -> None:
    taken.add(1, A, OURS, 0.0)
    taken.kept([(1, A)])
    taken.add(2, A, OURS, 0.0)
    assert taken.holds(1, A, OURS, AGAIN_S)
    assert taken.holds(2, A, OURS, AGAIN_S)
    assert not taken.holds(1, A, OURS, AGAIN_S + 1)
    assert not taken.holds(2, A, OURS, AGAIN_S + 1)
    taken.expire(AGAIN_S + 1)
    assert not taken.is_under_way(2, A)


@pytest.mark.parametrize("is_kept", [True, False])
def test_the_oldest_goes_where_there_are_too_many(taken: Taken, is_kept: bool) -> None:
    for what in range(5):
        taken.add(what, A, OURS, 0.0)
        taken.kept([(what, A)] if is_kept else [])
    assert [what for what in range(5) if taken.holds(what, A, OURS, 1.0)] == [2, 3, 4]


def test_what_is_on_disk_holds_no_line(taken: Taken) -> None:
    class Line:
        """One that can be seen to go."""

    line: Any = Line()
    gone = weakref.ref(line)
    taken.add(1, A, line, 0.0)
    taken.kept([(1, A)])
    del line
    assert gone() is None
