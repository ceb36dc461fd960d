"""Programs that live tests need."""

import os
import shutil
from pathlib import Path

import pytest


def needed(name: str) -> str:
    """The path of the program `name`. Without it the test is skipped by its name; in CI it fails."""
    found = shutil.which(name) or next(
        (
            str(folder / name)
            for folder in (Path("/usr/sbin"), Path("/usr/local/sbin"))
            if (folder / name).exists()
        ),
        None,
    )
    if found is None and os.environ.get("CI") == "true":
        pytest.fail(f"{name} is not installed, and CI must have it")
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found
