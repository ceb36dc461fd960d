"""The commands as somebody types them: what they say where all is well, and where something is missing."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.live.installation import PREPARED, Installation, registry
from tests.live.publishers import rows_for

pytestmark = [pytest.mark.live]


@pytest.fixture(scope="module")
def it(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """An installation that does not run, with one station."""
    made = Installation(tmp_path_factory.mktemp("commands") / "data")
    made.python(PREPARED)
    made.python("from flameblue.fleet.models import Station; Station.objects.create(name='禾木消防站')")
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
    path = tmp_path / "registry.csv"
    path.write_text(registry(rows_for(["D0001"])), encoding="utf-8")
    tried = says(it, "import", "--dry-run", str(path))
    assert tried[0] == 0
    assert tried[1].endswith("Nothing was changed: this was a dry run.\n")
    made = says(it, "import", str(path))
    assert made[0] == 0
    assert made[1] + "Nothing was changed: this was a dry run.\n" == tried[1]
    assert says(it, "import", str(path))[1] == "Nothing to change.\n"


def test_an_export_is_imported_again_from_either_format_in_either_language(
    it: Installation, tmp_path: Path
) -> None:
    filled = tmp_path / "registry.csv"
    filled.write_text(registry(rows_for(["D0002"])), encoding="utf-8")
    assert says(it, "import", str(filled))[0] == 0
    for name, language in (("a.csv", "en"), ("b.csv", "zh-hans"), ("c.xlsx", "en"), ("d.xlsx", "zh-hans")):
        path = str(tmp_path / name)
        assert says(it, "export", path, "--language", language) == (0, "", "")
        assert says(it, "import", path)[:2] == (0, "Nothing to change.\n")
    status, said, _ = says(it, "import", str(tmp_path / "d.xlsx"), "--format", "json")
    assert (status, json.loads(said)["changes"], json.loads(said)["errors"]) == (0, [], [])


def test_a_file_that_is_wrong_is_told_on_stderr_and_for_programs(it: Installation, tmp_path: Path) -> None:
    path = tmp_path / "registry.xlsx"
    path.write_text("<html><table>", encoding="utf-8")
    status, said, errors = says(it, "import", str(path))
    assert (status, said) == (1, "")
    assert errors.startswith("This is a web page, whatever its name says; open it in Excel or WPS")
    assert errors.endswith("Nothing was changed.\n")
    status, said, _ = says(it, "import", str(path), "--format", "json")
    assert (status, len(json.loads(said)["errors"])) == (1, 1)


def test_an_export_needs_a_name_that_says_its_format(it: Installation, tmp_path: Path) -> None:
    status, _, errors = says(it, "export", str(tmp_path / "registry.xls"))
    assert status == 1
    assert errors.endswith("must end in .csv or .xlsx, which says how it is written.\n")


@pytest.mark.parametrize(("no_colour", "is_coloured"), [("", True), ("1", False)])
def test_colours_are_for_a_terminal_that_wants_them(
    it: Installation, tmp_path: Path, no_colour: str, is_coloured: bool
) -> None:
    path = tmp_path / "registry.csv"
    path.write_text("site,premises\n禾木,一个新木屋\n", encoding="utf-8")
    status, piped, _ = says(it, "import", "--dry-run", str(path))
    assert (status, "一个新木屋" in piped, "\x1b[" in piped) == (0, True, False)
    said = at_a_terminal(it, {"NO_COLOR": no_colour, "TERM": "xterm"}, "import", "--dry-run", str(path))
    assert ("\x1b[32m  + premises\x1b[0m" in said) == is_coloured
    assert "一个新木屋" in said


def at_a_terminal(it: Installation, environment: dict[str, str], *arguments: str) -> str:
    """What a terminal is sent."""
    ours, its = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        command = [sys.executable, "-m", "flameblue", *arguments]
        done = subprocess.run(command, env={**it.variables(), **environment}, stdout=its, timeout=120)
        os.close(its)
        assert done.returncode == 0
        return terminal.read(65_536).decode()


def test_a_file_that_can_not_be_written_is_told_in_one_sentence(it: Installation, tmp_path: Path) -> None:
    target = tmp_path / "missing" / "registry.csv"
    status, _, errors = says(it, "export", str(target))
    assert status == 1
    assert errors == f"flameblue: The file {target} can't be written: {os.strerror(2)}.\n"


def test_what_is_written_is_for_our_own_user_only(it: Installation, tmp_path: Path) -> None:
    """Names and phone numbers are in it."""
    out = tmp_path / "registry.csv"
    it.command("export", str(out))
    assert out.stat().st_mode & 0o777 == 0o600
