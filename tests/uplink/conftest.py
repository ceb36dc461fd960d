"""A whole station with its cabin, the bench of the cases, and a city's centre at the end of a line without sockets."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.cases.bench import Bench, give_row
from tests.cast import Cast
from tests.uplink.wire import Wire


@pytest.fixture
def bench(cast: Cast, now: datetime) -> Bench:
    for point in (cast.ir, cast.tb, cast.ib):
        give_row(point)
    return Bench(cast, now)


@pytest.fixture
def wired(bench: Bench, tmp_path: Path) -> Callable[..., Wire]:
    """A line by an agreement with such changes."""

    def make(**changes: Any) -> Wire:
        return Wire(bench, tmp_path, changes)

    return make


@pytest.fixture
def wire(wired: Callable[..., Wire]) -> Wire:
    return wired()
