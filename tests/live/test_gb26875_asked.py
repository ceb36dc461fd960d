"""A transmitter that is asked, and frames from elsewhere: a whole Flameblue, real sockets, three loopback addresses."""

import json
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from flameblue.intake.protocols.gb26875.codec import Frame, Session
from tests.intake.transmitter import ANSWER, CONFIRM, Transmitter, state
from tests.live.installation import Installation, free_port, installation, wait_for
from tests.live.test_gb26875 import CABIN, KEYS, WITHIN_S, Wire, now

pytestmark = [pytest.mark.live]
ASK = """
from datetime import UTC, datetime
from flameblue.fleet import commands
from flameblue.fleet.keeping import Hand
from flameblue.fleet.models import Device
commands.ask(Device.objects.get(), {kind!r}, {said!r}, Hand("bolat", datetime.now(UTC)))
"""
ACCEPT = """
from datetime import UTC, datetime
from flameblue.fleet import actions
from flameblue.fleet.keeping import Hand
from flameblue.fleet.models import Device
actions.accept_address(Device.objects.get(), {address!r}, Hand("bolat", datetime.now(UTC)))
"""
STANDING = """
import json
from flameblue.cases.models import Alarm
from flameblue.fleet.models import DeviceCommand, DeviceSource
print(json.dumps({
    "alarms": sorted(Alarm.objects.exclude(level=0).values_list("point__key", "rule", "level")),
    "sources": sorted(DeviceSource.objects.values_list("address", "accepted_by")),
    "commands": [
        (one.kind, one.outcome, one.answer, one.answered_at and (one.answered_at - one.at).total_seconds())
        for one in DeviceCommand.objects.order_by("id")
    ],
}))
"""
REPORTED, ORIGIN = 5, 12
FIRE, FAULT = [KEYS[0], REPORTED, 2], [KEYS[0], ORIGIN, 3]


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def it(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[Installation]:
    """One cabin with one detector behind the transmitter 889."""
    folder = tmp_path_factory.mktemp("gb26875_asked")
    rows, environment = [CABIN | {"point": KEYS[0]}], {"FLAMEBLUE_GB26875_PORT": str(port)}
    with installation(folder / "data", rows, environment) as running:
        imported(running, "通信地址", "889")
        yield running


def imported(it: Installation, column: str, value: str) -> None:
    """The registry's column of the device says `value`, and the core knows it."""
    file = it.data.parent / "column.csv"
    file.write_text(f"村,场所,设备,{column}\n禾木,木屋1号,用传1,{value}\n", encoding="utf-8")
    assert "knows it" in it.command("import", str(file)).stdout


def standing(it: Installation) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(it.python(STANDING))
    return found


def says(wire: Wire, device: Transmitter, bits: int) -> None:
    """The component's state, which is confirmed."""
    wire.send(device.frame(state(bits, time=now()), time=now()))
    said = wire.reply()
    assert said is not None
    assert said.command == CONFIRM


def asked(wire: Wire) -> Frame:
    """The next frame that the transmitter is sent."""
    session = Session()
    while True:
        for item in session.feed(wire.socket.recv(2_000)):
            assert isinstance(item, Frame)
            return item


def test_a_transmitter_is_asked_and_whoever_asked_is_told(it: Installation, port: int) -> None:
    device = Transmitter()
    with closing(Wire(port)) as wire:
        says(wire, device, 3)
        said = {"system": "1", "system_address": "1", "component": KEYS[0][5:]}
        it.python(ASK.format(kind="component_state", said=said))
        question = asked(wire)
        assert question.unit.hex() == "3e010101" + KEYS[0][5:]
        device.serial = question.serial - 1
        wire.send(device.frame(state(3, time=now()), ANSWER, now()))
        wait_for(lambda: standing(it)["commands"][0][1] == "done", WITHIN_S, "the answer is written")
        ((kind, _, (unit,), seconds),) = standing(it)["commands"]
        assert (kind, unit[:4]) == ("component_state", "0201")
        assert seconds < 3, "asked, sent, answered and taken"
    time.sleep(1)
    it.python(ASK.format(kind="set_clock", said={}))
    wait_for(
        lambda: standing(it)["commands"][1][1] == "no_line", WITHIN_S, "it is told that there is no line"
    )


def test_a_new_address_is_a_fault_until_it_is_accepted_and_hides_no_fire(it: Installation, port: int) -> None:
    wait_for(lambda: FIRE in standing(it)["alarms"], WITHIN_S, "the fire of before")
    device = Transmitter(serial=200)
    with closing(Wire(port, "127.0.0.2")) as wire:
        says(wire, device, 3)
        wait_for(lambda: FAULT in standing(it)["alarms"], WITHIN_S, "a fault of the device")
        assert standing(it)["sources"] == [["127.0.0.1", ""], ["127.0.0.2", ""]]
        it.python(ACCEPT.format(address="127.0.0.2"))

        def is_over() -> bool:
            """It says so until the core, which reads its directory once a second, has seen who accepted it."""
            says(wire, device, 7)
            return FAULT not in standing(it)["alarms"]

        wait_for(is_over, WITHIN_S, "the fault is over")
        assert FIRE in standing(it)["alarms"]


def test_a_foreign_all_clear_lowers_nothing(it: Installation, port: int) -> None:
    imported(it, "允许网络", "127.0.0.2")
    device = Transmitter(serial=300)
    with closing(Wire(port, "127.0.0.3")) as wire:
        says(wire, device, 1)
    wait_for(lambda: FAULT in standing(it)["alarms"], WITHIN_S, "a fault of the device")
    assert FIRE in standing(it)["alarms"]
    with closing(Wire(port, "127.0.0.2")) as wire:
        says(wire, device, 1)
    wait_for(lambda: FIRE not in standing(it)["alarms"], WITHIN_S, "the true all-clear")
    assert FAULT in standing(it)["alarms"], "it stays for ten minutes"
