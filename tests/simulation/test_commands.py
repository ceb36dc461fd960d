"""What people do in the valley, line by line."""

from pathlib import Path

import pytest

from flameblue.simulation import faults
from flameblue.simulation.commands import READ_BYTES_MAX, Commands, obey
from tests.simulation.valley import number_of, small_world

WET = {"premises": "白桦客栈", "circuit": "浴室"}


def append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as lines:
        lines.write(text)


def test_only_what_is_added_is_read_and_only_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "commands.jsonl"
    append(path, '{"do": "repair"}\n')
    commands = Commands(path)
    assert commands.fresh() == []
    append(path, '{"do": "isolate"}\n{"do": ')
    assert commands.fresh() == [{"do": "isolate"}]
    assert commands.fresh() == []
    append(path, '"restore"}\n')
    assert commands.fresh() == [{"do": "restore"}]


def test_a_file_that_comes_later_is_read_from_its_beginning(tmp_path: Path) -> None:
    commands = Commands(tmp_path / "commands.jsonl")
    assert commands.fresh() == []
    append(tmp_path / "commands.jsonl", '{"do": "isolate"}\n')
    assert commands.fresh() == [{"do": "isolate"}]


def test_what_is_no_command_is_passed_over(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "commands.jsonl"
    commands = Commands(path)
    append(path, 'nonsense\n[1]\n{"do": "isolate"}\n')
    assert commands.fresh() == [{"do": "isolate"}]
    assert caplog.text.count("not a command") == 2


def test_a_line_without_an_end_does_not_stop_what_comes_after(tmp_path: Path) -> None:
    path = tmp_path / "commands.jsonl"
    commands = Commands(path)
    append(path, "x" * (READ_BYTES_MAX + 10) + '\n{"do": "isolate"}\n')
    assert [command for _ in range(3) for command in commands.fresh()] == [{"do": "isolate"}]


def test_isolate_repair_and_restore_are_obeyed() -> None:
    world = small_world()
    world.inject(faults.WetCable(premises=WET["premises"], circuit=WET["circuit"]))
    number = number_of(world, **WET)
    assert obey(world, {"do": "isolate", **WET}, 60)
    assert world.isolated[number]
    assert obey(world, {"do": "repair", **WET}, 60)
    assert world.present == []
    assert world.isolated[number]
    assert obey(world, {"do": "restore", **WET}, 60)
    assert not world.isolated.any()


@pytest.mark.parametrize(
    "command",
    [
        {"do": "explode", **WET},
        {"do": "isolate", "premises": "白桦客栈"},
        {"do": "isolate", "premises": "", "circuit": ""},
        {"do": "isolate", "premises": "白桦客栈", "circuit": "没有"},
        {"premises": 3, "circuit": []},
    ],
)
def test_what_cannot_be_done_is_logged_and_changes_nothing(
    command: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    world = small_world()
    assert not obey(world, command, 60)
    assert not world.isolated.any()
    assert caplog.records
