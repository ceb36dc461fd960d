"""Habits that a linter does not know."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path for path in (ROOT / "flameblue").rglob("*.py") if "migrations" not in path.relative_to(ROOT).parts
)
TESTS = sorted((ROOT / "tests").rglob("*.py"))
BANNED_NAMES = {"utils", "core", "common", "helpers", "base", "services", "misc", "manager"}
CLOCKS = re.compile(
    r"\b(?:time\.(?:time|time_ns|monotonic)|datetime\.(?:now|utcnow|today)|date\.today|timezone\.now)\("
)


def lines_with(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in paths
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]


def test_only_the_clock_asks_for_the_time() -> None:
    others = [path for path in SOURCES if path.name != "clock.py"]
    assert lines_with(CLOCKS, others) == []
    assert lines_with(CLOCKS, [ROOT / "flameblue/domain/clock.py"])


def test_no_file_has_a_name_that_says_nothing() -> None:
    assert [path for path in SOURCES if path.stem in BANNED_NAMES or path.parent.name in BANNED_NAMES] == []


def test_nothing_is_left_undone_or_waved_through() -> None:
    words = "TO" + "DO|FIX" + "ME|# no" + "qa|type: ig" + "nore|XX" + "X"
    assert lines_with(re.compile(words), SOURCES + TESTS) == []


def test_views_only_render_what_actions_did() -> None:
    views = sorted((ROOT / "flameblue/web").rglob("*.py"))
    assert len(views) > 5
    assert lines_with(re.compile(r"\.(?:save|delete|bulk_create|bulk_update)\("), views) == []


def test_tests_do_not_sleep_or_ask_the_clock_but_for_the_live_ones() -> None:
    quiet = [path for path in TESTS if not {"live", "bench", "tidy"} & set(path.relative_to(ROOT).parts)]
    assert len(quiet) > 20
    assert lines_with(re.compile(r"(?:time|asyncio)\.sleep\("), quiet) == []
    assert lines_with(CLOCKS, quiet) == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if path.stat().st_size and ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) is None
    ]
    assert silent == []


def test_the_architecture_page_names_every_folder() -> None:
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    folders = {path.name for path in (ROOT / "flameblue").iterdir() if (path / "__init__.py").exists()}
    assert {name for name in folders if f"`{name}/`" not in page} == set()


def test_no_lock_names_a_download_address() -> None:
    locks = [*sorted((ROOT / "locks").glob("*.txt")), ROOT / "package-lock.json", ROOT / "pyproject.toml"]
    assert len(locks) >= 4
    asks_for_money = r'(?<!"url": ")'  # package-lock.json lists whom a package would like to be paid by
    assert lines_with(re.compile(asks_for_money + r"https?://|\"resolved\""), locks) == []
