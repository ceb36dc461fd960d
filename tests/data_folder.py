"""A fresh data folder for the tests, named before Django reads its settings (pytest loads this with `-p`).

FLAMEBLUE_DATA, where it is set, is respected. Each xdist worker has a folder of its own below.
"""

import os
import tempfile
from pathlib import Path

FRESH = None if "FLAMEBLUE_DATA" in os.environ else tempfile.TemporaryDirectory(prefix="flameblue-tests-")
FOLDER = Path(os.environ["FLAMEBLUE_DATA"] if FRESH is None else FRESH.name) / os.environ.get(
    "PYTEST_XDIST_WORKER", ""
)

os.environ["FLAMEBLUE_DATA"] = str(FOLDER)
(FOLDER / "static").mkdir(parents=True, exist_ok=True)


def pytest_unconfigure() -> None:
    """The folder goes when the tests are over; one that somebody named stays."""
    if FRESH is not None:
        FRESH.cleanup()
