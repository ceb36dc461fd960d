"""The collector leaves what came with the start alone."""

import gc
from collections.abc import Iterator

import pytest

from flameblue.runtime import garbage


@pytest.fixture
def restored() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


def test_what_lives_at_the_start_is_walked_no_more(restored: None) -> None:
    ours = [object(), [object()]]
    garbage.settle()
    assert gc.get_freeze_count() > 0
    assert not any(one is ours for one in gc.get_objects())


def test_what_comes_later_is_still_collected(restored: None) -> None:
    garbage.settle()
    circle: list[object] = []
    circle.append(circle)
    del circle
    assert gc.collect() > 0
