"""The commands as somebody types them: what they say where all is well, and where something is missing."""

import os
from pathlib import Path

import pytest

from tests.live.installation import PREPARED, Installation, registry
from tests.live.publishers import rows_for

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("commands")]


@pytest.fixture(scope="module")
def it(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """An installation that does not run."""
    made = Installation(tmp_path_factory.mktemp("commands") / "data")
    made.python(PREPARED)
    return made


def says(it: Installation, *arguments: str) -> tuple[int, str, str]:
    """(exit status, stdout, stderr)."""
    done = it.tries(*arguments)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("arguments", [("import", "x.csv"), ("export", "x.csv"), ("token", "admin")])
def test_a_mistyped_folder_makes_no_second_installation(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    nowhere = Installation(tmp_path / "mistyped")
    status, said, errors = says(nowhere, *arguments)
    assert (status, said) == (1, "")
    assert errors == (
        f"flameblue: There is no installation in {nowhere.data}. Start one with `flameblue run`, "
        "or name its folder: FLAMEBLUE_DATA=FOLDER.\n"
    )
    assert not nowhere.data.exists()


def test_an_import_says_what_it_would_change_what_it_changed_and_that_nothing_is_left(
    it: Installation, tmp_path: Path
) -> None:
    it.python("from flameblue.fleet.models import Station; Station.objects.create(name='禾木消防站')")
    path = tmp_path / "registry.csv"
    path.write_text(registry(rows_for(["D0001"])), encoding="utf-8")
    tried = says(it, "import", "--dry-run", str(path))
    assert tried[0] == 0
    assert tried[1].endswith("Nothing was changed: this was a dry run.\n")
    made = says(it, "import", str(path))
    assert made[0] == 0
    assert made[1] + "Nothing was changed: this was a dry run.\n" == tried[1]
    assert says(it, "import", str(path))[1] == "Nothing to change.\n"


def test_a_file_that_can_not_be_written_is_told_in_one_sentence(it: Installation, tmp_path: Path) -> None:
    target = tmp_path / "missing" / "registry.csv"
    status, _, errors = says(it, "export", str(target))
    assert status == 1
    assert errors == f"flameblue: The file {target} can't be written: {os.strerror(2)}.\n"
