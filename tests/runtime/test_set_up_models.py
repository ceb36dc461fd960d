"""What `flameblue check` says of devices whose model is not here."""

from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import LazySettings

from flameblue.fleet.models import Device
from flameblue.runtime.set_up.findings import wrong
from flameblue.runtime.set_up.registered import look_at_missing_models
from tests.cast import Cast

pytestmark = pytest.mark.django_db
MINE = "name: mine\nprotocol: mqtt\npayload: flameblue\ninterval_s: 10\nopen_points: true\n"


def test_a_model_that_devices_have_and_nobody_knows_is_named_with_how_many(
    cast: Cast, settings: LazySettings, tmp_path: Path
) -> None:
    config = replace(settings.CONFIG, data=tmp_path)
    assert list(look_at_missing_models(config, installed=True)) == []
    for name, enabled in (("a", True), ("b", True), ("c", False)):
        Device.objects.create(premises=cast.premises, name=name, profile="mine", enabled=enabled)
    folder = tmp_path / "profiles"
    said = (
        "Devices of the model mine: 2, and it is not here: from the next start on nothing they send is taken. "
        f"Put mine.yaml back into {folder}, or give them another model."
    )
    assert list(look_at_missing_models(config, installed=True)) == [wrong("profiles", said)]
    assert list(look_at_missing_models(config, installed=False)) == []
    folder.mkdir()
    (folder / "mine.yaml").write_text(MINE)
    assert list(look_at_missing_models(config, installed=True)) == []
