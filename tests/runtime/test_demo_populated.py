"""The valley of a demo was registered before its devices began to keep what they send at the start."""

from datetime import timedelta
from pathlib import Path

import pytest

from flameblue.config import Config
from flameblue.fleet.models import AuditEntry, PointChange, Premises
from flameblue.runtime.populating import populate
from flameblue.simulation import registry
from flameblue.simulation.run import Course


@pytest.mark.django_db
def test_the_limits_of_the_hours_before_the_start_are_known(tmp_path: Path) -> None:
    config = Config(data=tmp_path, demo=True, policy=str(tmp_path / "policy.yaml"))
    populate(config, registry.valley(3, 1))
    assert Premises.objects.count() == 3
    begin = AuditEntry.objects.latest("at").at - timedelta(seconds=Course().backlog_s)
    changes = PointChange.objects.all()
    assert changes.exclude(rows=b"").exists()
    assert all(change.created_at < begin for change in changes)

    PointChange.objects.update(appended_offset=1)
    written = set(changes.values_list("pk", "created_at"))
    populate(config, registry.valley(3, 1))
    assert written <= set(changes.values_list("pk", "created_at"))
