"""What the tests of people share."""

from datetime import datetime

import pytest

from tests.cast import Cast
from tests.people.registry_files import Bring


@pytest.fixture
def bring(cast: Cast, now: datetime) -> Bring:
    """Imports rows into an installation that has the cast."""
    return Bring(now)
