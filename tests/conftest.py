"""What every test may ask for: a clock that is told the time, and the cast."""

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connections

from flameblue.detection import kernels
from flameblue.domain.clock import ManualClock, to_ns
from tests.cast import Cast, enter

START = datetime.fromisoformat("2026-01-15T03:07:00+08:00")


@pytest.fixture(scope="session", autouse=True)
def kernels_are_compiled_once() -> None:
    """Compiled detection is kept between runs: compiling takes half a minute."""
    kernels.use_cache(Path.home() / ".cache" / "flameblue" / "kernels")


@pytest.fixture
def clock() -> ManualClock:
    """03:07 on a January night; it moves when it is told to."""
    return ManualClock(to_ns(START))


@pytest.fixture
def now() -> datetime:
    """The time at which `clock` starts."""
    return START


@pytest.fixture
def cast(db: None) -> Cast:
    """The people and the cabin of tests/cast.py, in the database."""
    return enter()


@pytest.fixture
def spoilt() -> Iterator[Path]:
    """A device model of this installation that says nothing of its interval."""
    path = settings.CONFIG.data / "profiles" / "spoilt-meter.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text("name: spoilt-meter\nprotocol: mqtt\npayload: flameblue\nopen_points: true\n")
    yield path
    path.unlink(missing_ok=True)


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """SQLite's test database is a file, as in an installation: threads and processes can share it."""
    database = connections.settings["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database["TEST"]["NAME"] = str(Path(os.environ["FLAMEBLUE_DATA"]) / "test.sqlite3")
