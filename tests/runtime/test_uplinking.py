"""When the uplink starts, and when it refuses to: before anything is sent anywhere."""

import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from flameblue.config import Config, Uplink
from flameblue.domain.clock import ManualClock
from flameblue.domain.errors import BadInput
from flameblue.runtime import demo, uplinking
from flameblue.runtime.checking import check, mistakes
from flameblue.runtime.set_up import uplink as set_up
from flameblue.runtime.set_up.findings import Verdict
from flameblue.uplink.models import Standing, Upload
from tests.cast import Cast
from tests.uplink.agreements import TABLE, written


def told(folder: Path, table: dict[str, Any] = TABLE, **changes: Any) -> Config:
    """A configuration that reports to a centre on a port that nobody has."""
    uplink = Uplink(host="127.0.0.1", port=9, mapping=str(written(folder, table)))
    return replace(Config(), data=folder, uplink=uplink, **changes)


def test_with_an_agreement_it_starts(tmp_path: Path) -> None:
    check(told(tmp_path))


def test_a_demo_with_a_centre_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="a demo reports to no centre, ever"):
        check(told(tmp_path, demo=True))


def test_a_demo_has_none_whatever_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "FLAMEBLUE_UPLINK_HOST", "centre.example.org")
    wishes = demo.Wishes(port=8000, premises=1, seed=1, speed=1.0, data=tmp_path, mqtt_port=1883)
    monkeypatch.setattr(demo, "_free", lambda _port: True)
    assert not demo.configured(wishes, tmp_path).uplink.host


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"port": 0}, "uplink.port is 0"),
        ({"port": 70_000}, "uplink.port is 70000"),
        ({"mapping": ""}, "uplink.mapping is empty"),
        ({"mapping": "gone.yaml"}, "uplink.mapping gone.yaml: It can't be read"),
        ({"host": ""}, "uplink.host is empty"),
    ],
)
def test_what_lacks_is_named(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    config = told(tmp_path)
    found = mistakes(replace(config, uplink=replace(config.uplink, **changes)))
    assert said in " ".join(found)


def test_without_an_alarm_bit_it_does_not_start_and_says_why(tmp_path: Path) -> None:
    table = {key: value for key, value in TABLE.items() if key != "alarm_bit"}
    with pytest.raises(BadInput, match="alarm_bit: 1 is a fire report, which may send a fire engine"):
        check(told(tmp_path, table))


@pytest.mark.parametrize("changes", [{"demo": True}, {"uplink": Uplink()}])
def test_switched_off_or_in_a_demo_the_stage_ends_and_drops_what_waited(
    cast: Cast, now: datetime, clock: ManualClock, tmp_path: Path, changes: dict[str, Any]
) -> None:
    Standing.objects.create(agreement="x", transition=0, event=0)
    Upload.objects.create(unit=b"\x02", made_at=now)
    parts: Any = (_as_told, None, clock, lambda: None)  # no board is looked at
    stage = uplinking.Uplinking(replace(told(tmp_path), **changes), *parts)
    with pytest.raises(StopIteration):  # it has ended, at once
        stage.run().send(None)
    assert stage.line is None
    assert stage.counters() == {}
    assert Upload.objects.get().state == "dropped"
    assert not Standing.objects.exists()


async def _as_told(function: Any, *arguments: Any) -> Any:
    return function(*arguments)


def test_the_check_says_what_an_alarm_is_and_whether_the_centre_is_there(
    cast: Cast, tmp_path: Path, clock: ManualClock, now: datetime
) -> None:
    config = told(tmp_path, TABLE | {"addresses": {"D0217/tb": "0a000200"}})
    Upload.objects.create(unit=b"\x02", made_at=now)
    clock.advance(3_600)
    found = list(set_up.look_at_uplink(config, clock, installed=True, running=False))
    assert [one.verdict for one in found] == [Verdict.FINE, Verdict.WRONG, Verdict.WRONG, Verdict.UNSURE]
    assert found[0].seen == "To the centre an alarm is a fire report (bit 1); a warning is not reported."
    assert "can't be reached" in found[1].seen
    assert found[2].seen.startswith("1 reports wait for the centre, the oldest since 2026-01-14 19:07:00 UTC")
    assert found[3].seen.startswith("2 points have no address")
    assert list(set_up.look_at_uplink(Config(), clock, installed=True, running=False)) == []
