"""Programs that live tests need."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

PROGRAMS = (Path("/usr/sbin"), Path("/usr/local/sbin"))  # that a user's PATH may lack
LIBRARIES = (*Path("/usr/lib").glob("*-linux-gnu"), Path("/usr/lib64"))


def needed(name: str) -> str:
    """The path of the program `name`. Without it the test is skipped by its name; in CI it fails."""
    return _or_not(name, shutil.which(name) or _in(PROGRAMS, name))


def needed_library(name: str) -> str:
    """The path of the shared library `name`, likewise."""
    return _or_not(name, _in(LIBRARIES, name))


def _in(folders: Iterable[Path], name: str) -> str | None:
    return next((str(folder / name) for folder in folders if (folder / name).exists()), None)


def _or_not(name: str, found: str | None) -> str:
    if found is None and os.environ.get("CI") == "true":
        pytest.fail(f"{name} is not installed, and CI must have it")
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found
