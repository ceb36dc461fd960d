"""What `flameblue check` says of the devices that are asked."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import LazySettings

from flameblue.config import Config, ModbusDialIn
from flameblue.domain.clock import ManualClock
from flameblue.fleet.models import Device
from flameblue.runtime.asking import FILE
from flameblue.runtime.set_up.findings import Finding, fine, unsure, wrong
from flameblue.runtime.set_up.lines import TOLD_MAX, look_at_lines
from tests.cast import Cast

pytestmark = pytest.mark.django_db
LINE = "tcp://192.0.2.7:502"


def looked(config: Config, clock: ManualClock, *, running: bool = False) -> list[Finding]:
    return list(look_at_lines(config, clock, installed=True, running=running))


def meter(cast: Cast, name: str, address: str) -> None:
    Device.objects.create(premises=cast.premises, name=name, profile="eastron-sdm630", device_address=address)


def test_where_nobody_is_asked_nothing_is_said(
    cast: Cast, clock: ManualClock, settings: LazySettings
) -> None:
    assert looked(settings.CONFIG, clock) == []


def test_who_is_asked_and_who_can_not_be(cast: Cast, clock: ManualClock, settings: LazySettings) -> None:
    meter(cast, "a", f"{LINE}?unit=1")
    meter(cast, "b", f"{LINE}?unit=2")
    assert looked(settings.CONFIG, clock) == [fine("asking", "Devices that are asked: 2; lines: 1.")]
    meter(cast, "c", "")
    meter(cast, "d", "dtu:860123456789014?unit=1")
    told = looked(settings.CONFIG, clock)
    assert told[:2] == [
        unsure("asking", "c is not asked. It has no address on the line."),
        unsure("asking", "d is not asked. There is no port for 4G units (modbus_dial_in.port is 0)."),
    ]
    with_port = replace(settings.CONFIG, modbus_dial_in=ModbusDialIn(port=5300))
    assert looked(with_port, clock)[-1] == fine("asking", "Devices that are asked: 3; lines: 2.")
    for number in range(TOLD_MAX):
        meter(cast, f"e{number}", "")
    assert unsure("asking", "Likewise 2 more.") in looked(settings.CONFIG, clock)


def test_a_line_that_the_running_core_does_not_reach_is_wrong(
    cast: Cast, clock: ManualClock, settings: LazySettings, tmp_path: Path
) -> None:
    meter(cast, "a", f"{LINE}?unit=1")
    config = replace(settings.CONFIG, data=tmp_path)
    said = {"lines": {LINE: {"trouble": f"{LINE} is not reached."}, "tcp://old:502": {"trouble": "Gone."}}}
    (tmp_path / FILE).write_text(json.dumps(said), encoding="utf-8")
    assert looked(config, clock, running=True) == [wrong("asking", f"{LINE} is not reached.")]
    assert looked(config, clock) == [fine("asking", "Devices that are asked: 1; lines: 1.")]
    answering = {"asked": 9, "answered": 9, "last_failure": None, "last_trouble": ""}
    wrong_meter = answering | {"answered": 0, "last_failure": "other_address", "last_trouble": "2 answers"}
    told = {"lines": {}, "devices": {"a": answering, "b": wrong_meter, "c": {"not_asked": "no_address"}}}
    (tmp_path / FILE).write_text(json.dumps(told), encoding="utf-8")
    assert looked(config, clock, running=True)[0] == unsure(
        "asking", "b was asked 9 times and has not answered: 2 answers."
    )
    (tmp_path / FILE).write_text("{", encoding="utf-8")
    assert [one.verdict.name for one in looked(config, clock, running=True)] == ["FINE"]
