"""A model that is gone, or that can't be read, is told while its devices are still heard."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flameblue.cases.models import Case, CaseEvent
from flameblue.domain.limits import MODELS_TOLD_MAX
from flameblue.fleet.models import Device, Premises
from flameblue.profiles.loader import Shelf, package_folder
from flameblue.runtime.model_watch import MISSING_AFTER_S, ModelWatch, told
from tests.cast import Cast

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 1, 14, 20, 0, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path, cast: Cast) -> Path:
    """The installation's own models: every device of the registry has one of them."""
    for name in Device.objects.values_list("profile", flat=True).distinct():
        shutil.copy(package_folder() / f"{name}.yaml", tmp_path / f"{name}.yaml")
    return tmp_path


def look(watch: ModelWatch, at_s: float) -> None:
    watch.shelf.current()
    watch.look(NOW + timedelta(seconds=at_s), at_s)


def open_case() -> Case | None:
    return Case.objects.exclude(troubles=[]).first()


def text() -> str:
    return str(CaseEvent.objects.get(kind="opened").data["text"])


def test_a_model_that_is_gone_is_told_after_a_minute_and_cleared_when_it_is_back(folder: Path) -> None:
    watch = ModelWatch(Shelf(folder))
    look(watch, 0)
    name = Device.objects.values_list("profile", flat=True)[0]
    content = (folder / f"{name}.yaml").read_bytes()
    (folder / f"{name}.yaml").unlink()
    look(watch, 10)
    look(watch, 9 + MISSING_AFTER_S)
    assert open_case() is None
    look(watch, 10 + MISSING_AFTER_S)
    found = open_case()
    assert found is not None
    assert found.troubles == ["models"]
    assert f"{name} (" in text()
    assert "The file is gone." in text()
    (folder / f"{name}.yaml").write_bytes(content)
    look(watch, 20 + MISSING_AFTER_S)
    assert open_case() is None


def test_a_file_that_an_editor_puts_down_for_a_moment_is_not_told(folder: Path) -> None:
    watch = ModelWatch(Shelf(folder))
    name = Device.objects.values_list("profile", flat=True)[0]
    content = (folder / f"{name}.yaml").read_bytes()
    for at_s in (0.0, MISSING_AFTER_S, 2 * MISSING_AFTER_S):
        (folder / f"{name}.yaml").write_text("flameblue: [", encoding="utf-8")
        look(watch, at_s)
        (folder / f"{name}.yaml").write_bytes(content)
        look(watch, at_s + 10)
    assert open_case() is None


def test_a_spoilt_file_and_one_that_never_was_are_told_with_what_is_wrong(folder: Path) -> None:
    name = Device.objects.values_list("profile", flat=True)[0]
    (folder / f"{name}.yaml").write_text("flameblue: [", encoding="utf-8")
    premises = Premises.objects.all()[0]
    Device.objects.create(premises=premises, name="N1", serial="N1", profile="of-nowhere")
    watch = ModelWatch(Shelf(folder))
    look(watch, 0)
    look(watch, MISSING_AFTER_S)
    assert "of-nowhere (1 devices): There is no such file." in text()
    assert f"{name} (" in text()


def test_what_no_device_in_use_has_is_nobodys_trouble(folder: Path) -> None:
    name = Device.objects.values_list("profile", flat=True)[0]
    (folder / f"{name}.yaml").unlink()
    Device.objects.filter(profile=name).update(enabled=False)
    watch = ModelWatch(Shelf(folder))
    look(watch, 0)
    look(watch, MISSING_AFTER_S)
    assert open_case() is None


def test_a_thousand_missing_models_are_told_in_a_text_that_somebody_reads() -> None:
    said = told({f"model-{number:04}": (1, "There is no such file.") for number in range(1_000)})
    assert f"{1_000 - MODELS_TOLD_MAX} more models." in said
    assert len(said) < 500
