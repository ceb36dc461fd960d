"""The core of tests/commissioning/chain.py with the cast's devices in it."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from django.utils import translation

from flameblue.fleet import point_table
from flameblue.fleet.shelf import profiles
from tests.cast import Cast
from tests.commissioning.chain import Chain


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def chain(cast: Cast, now: datetime) -> Chain:
    """It has heard 30 mA, 20 °C and 3 A of the cast's device."""
    point_table.refresh(profiles(), now)
    it = Chain(now)
    it.sends("D0217", ir=30.0, tb=20.0, ib=3.0)
    it.wait(10)
    return it
