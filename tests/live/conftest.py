"""What more than one live test runs."""

from collections.abc import Iterator

import pytest

from tests.live.smsc import SmsCentre


@pytest.fixture
def centre() -> Iterator[SmsCentre]:
    running = SmsCentre()
    running.start()
    yield running
    running.stop()
