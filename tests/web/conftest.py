"""The pages at the time of `clock`, with the bench of tests/cases to make cases."""

from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client

from flameblue.config import Config
from flameblue.domain.clock import ManualClock
from flameblue.web import case_limits, coverage_facts, now
from tests.cases.conftest import bench
from tests.cast import Cast
from tests.web.readers import Reader

__all__ = ["bench"]


@pytest.fixture(autouse=True)
def page_clock(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    """The pages' clock is the test's, and what was counted before is forgotten."""
    coverage_facts.forget()
    case_limits.forget()
    monkeypatch.setattr(now, "clock", clock)
    return clock


@pytest.fixture
def data(tmp_path: Path, settings: LazySettings) -> Path:
    """An empty data folder of an installation that is no demo."""
    settings.CONFIG = Config(data=tmp_path)
    return tmp_path


@pytest.fixture
def bolat(client: Client, cast: Cast, data: Path) -> Reader:
    """The duty officer, signed in."""
    return Reader.of(cast.bolat)


@pytest.fixture
def dana(cast: Cast, data: Path) -> Reader:
    """The duty officer of another station, signed in."""
    return Reader.of(cast.dana)


@pytest.fixture
def chen(cast: Cast, data: Path) -> Reader:
    """The station's leader, signed in."""
    return Reader.of(cast.chen)


@pytest.fixture
def admin(cast: Cast, data: Path) -> Client:
    """The browser of who runs it all."""
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(cast.admin)
    return client
