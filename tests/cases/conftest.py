"""The bench of tests/cases/bench.py as a fixture."""

from datetime import datetime

import pytest

from tests.cases.bench import Bench, give_row
from tests.cast import Cast


@pytest.fixture
def bench(cast: Cast, now: datetime) -> Bench:
    for point in (cast.ir, cast.tb, cast.ib):
        give_row(point)
    return Bench(cast, now)
