"""Compiled code is kept in our own folder, and never after a source has changed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import flameblue
from flameblue.detection import kernels

PACKAGE = Path(flameblue.__file__).parent
ASK = """
import sys
from pathlib import Path
from flameblue.detection import kernels
print(kernels.use_cache(Path(sys.argv[1])))
from flameblue.detection.alarm_machine import in_a_row
from flameblue.detection.fleet_state import fresh_state
run = fresh_state()["implausible"]
run["row"] = 2
print(in_a_row(run[0], 0, 0, 10))
"""


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of the two folders that the kernel is made of."""
    house = tmp_path / "house"
    for name in ("detection", "domain"):
        shutil.copytree(
            PACKAGE / name, house / "flameblue" / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    (house / "flameblue" / "__init__.py").touch()
    return house


def ask(house: Path, cache: Path) -> list[str]:
    """The cache folder, and what a small rule answers, in a fresh process."""
    environment = {**os.environ, "PYTHONPATH": str(house), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", ASK, str(cache)]
    done = subprocess.run(command, env=environment, cwd=house, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_a_rule_that_is_edited_is_compiled_anew(house: Path, tmp_path: Path) -> None:
    """Even where the file's time and size stay the same, and the caller's file was not touched."""
    cache = tmp_path / "kernels"
    folder, answer = ask(house, cache)
    assert answer == "False"
    assert list(Path(folder).rglob("*.nbi"))
    assert ask(house, cache) == [folder, "False"]
    source = house / "flameblue" / "detection" / "alarm_machine.py"
    status = source.stat()
    source.write_text(source.read_text().replace("IN_A_ROW = 3", "IN_A_ROW = 2"))
    os.utime(source, ns=(status.st_atime_ns, status.st_mtime_ns))
    edited, answer = ask(house, cache)
    assert answer == "True"
    assert edited != folder


@pytest.mark.parametrize("name", ["detection/rules/late.py", "detection/kernel.py", "domain/limits.py"])
def test_any_source_of_the_kernel_changes_the_hash(house: Path, name: str) -> None:
    folders = [house / "flameblue" / folder for folder in ("detection", "domain")]
    before = kernels.sources_hash(*folders)
    path = house / "flameblue" / name
    path.write_text(path.read_text() + "\n")
    assert kernels.sources_hash(*folders) != before


def test_where_nothing_can_be_written_the_kernel_runs_uncached(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert kernels.use_cache(tmp_path / "file" / "kernels") is None
    assert kernels.use_cache(None) is None
