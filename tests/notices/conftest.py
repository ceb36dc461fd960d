"""A whole station with its cabin, and the bench of the cases, for messages."""

from datetime import datetime

import pytest

from tests.cases.bench import Bench, give_row
from tests.cast import Cast


@pytest.fixture
def bench(cast: Cast, now: datetime) -> Bench:
    for point in (cast.ir, cast.tb, cast.ib):
        give_row(point)
    return Bench(cast, now)
