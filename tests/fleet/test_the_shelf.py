"""The shelf holds the device models of the data folder that is named now, whatever was asked for before."""

from dataclasses import replace
from pathlib import Path

from django.conf import LazySettings
from django.utils import translation

from flameblue.fleet.shelf import missing, profiles, shelf

MINE = "name: mine\nprotocol: mqtt\npayload: flameblue\ninterval_s: 10\nopen_points: true\n"


def test_the_models_of_a_data_folder_are_found_after_those_of_another_were_asked_for(
    settings: LazySettings, tmp_path: Path
) -> None:
    assert "mine" not in profiles()
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "mine.yaml").write_text(MINE)
    before = settings.CONFIG
    settings.CONFIG = replace(before, data=tmp_path)
    assert profiles()["mine"].interval_s == 10
    settings.CONFIG = before
    assert "mine" not in profiles()


def test_a_process_has_one_shelf_and_reads_a_model_once() -> None:
    assert shelf() is shelf()
    assert profiles()["flameblue-efm8"] is profiles()["flameblue-efm8"]


def test_a_model_that_is_asked_can_be_chosen_like_any_other() -> None:
    assert profiles()["acrel-adw300"].modbus is not None
    assert profiles() is shelf().current()


def test_a_model_that_is_not_there_is_told_with_those_that_are() -> None:
    with translation.override("en"):
        assert missing("acrel-adw").startswith("there is no profile 'acrel-adw'; known are acrel-adw300, ")
