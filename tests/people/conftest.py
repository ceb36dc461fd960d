"""What the tests of people share."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from django.utils import translation

from tests.cast import Cast
from tests.people.registry_files import Bring


@pytest.fixture(autouse=True)
def _asked_in_english() -> Iterator[None]:
    """Whoever brings a file reads English; an installation's own language is Chinese."""
    with translation.override("en"):
        yield


@pytest.fixture
def bring(cast: Cast, now: datetime) -> Bring:
    """Imports rows into an installation that has the cast."""
    return Bring(now)
