"""What starts before Django is set up imports nothing that needs it."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["flameblue.cli", "flameblue.runtime.checking", "flameblue.runtime.demo"])
def test_a_start_needs_no_django_before_its_settings(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import {module}"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
