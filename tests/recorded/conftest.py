"""A fresh database, and the device models of the recordings on the shelf."""

import shutil
from collections.abc import Iterator

import pytest
from django.conf import settings

from tests.recorded.recordings import PROFILES


@pytest.fixture
def recorded_profiles() -> Iterator[None]:
    """The models lie in the data folder's `profiles` while a test lasts."""
    folder = settings.CONFIG.data / "profiles"
    folder.mkdir(parents=True, exist_ok=True)
    copies = [folder / path.name for path in sorted(PROFILES.glob("*.yaml"))]
    for copy in copies:
        shutil.copyfile(PROFILES / copy.name, copy)
    yield
    for copy in copies:
        copy.unlink()


@pytest.fixture
def quiet_database(monkeypatch: pytest.MonkeyPatch, transactional_db: None, recorded_profiles: None) -> None:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # one thread is the whole machine here
