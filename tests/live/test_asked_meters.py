"""A meter and a breaker of the registry, and a whole Flameblue: from the import to the board and the case."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.intake.asking.meters import Bus, Meter, current, voltage
from tests.live.installation import HOST, Installation, free_port, installation, wait_for
from tests.live.modbus_devices import Dtu, beside, dialling
from tests.live.test_asked_devices import CABIN, board, connect, told
from tests.live.test_asking_meters import converter

pytestmark = [pytest.mark.live]
WITHIN_S = 30.0
SINGLE, BREAKER = "202208310002", "000000000161"
METER_HOLDS = {
    "02010100": voltage(229.9),
    "02020100": current(-4.999),
    "02030000": bytes.fromhex("102500"),
    "00010000": bytes.fromhex("78563412"),
}
BREAKER_HOLDS = {
    "0201FF00": voltage(231.5) * 3,
    "0202FF00": bytes.fromhex("150200") * 3,
    "02900100": bytes.fromhex("3500"),
    "04000501": bytes([0x00]),
}
MODELS = {"电表": "dlt645-single-phase", "断路器": "dlt645-residual-breaker", "远表": "dlt645-single-phase"}
IMEI = "860123456789014"


@pytest.fixture(scope="module")
def it(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    rows = [CABIN | {"device": name, "profile": model} for name, model in MODELS.items()]
    folder: Path = tmp_path_factory.mktemp("meters") / "data"
    dial_in = {"FLAMEBLUE_MODBUS_DIAL_IN_HOST": HOST, "FLAMEBLUE_MODBUS_DIAL_IN_PORT": str(free_port())}
    with installation(folder, rows, dial_in) as running:
        yield running


def test_meters_of_the_registry_are_asked_and_are_on_the_board(it: Installation) -> None:
    with ExitStack() as stack:
        bus = Bus(Meter(SINGLE, METER_HOLDS), Meter(BREAKER, BREAKER_HOLDS))
        where = stack.enter_context(beside(converter(bus)))
        connect(it, 电表=f"{where}?meter={SINGLE}", 断路器=f"{where}?meter={BREAKER.lstrip('0')}")
        wait_for(lambda: {"电表/e", "断路器/ia"} <= set(board(it)), WITHIN_S, "values on the board")
        found = board(it)
        assert (found["电表/ua"], found["电表/ia"], found["电表/p"]) == (2299, 4999, 2510)
        assert found["电表/e"] == 123_456_780
        assert (found["断路器/ir"], found["断路器/ic"], found["断路器/ub"]) == (350, 21_500, 2315)
        assert "电表/q" not in found, "it was refused"
        wait_for(lambda: bool(told(it)["电表"].get("refused")), WITHIN_S, "what the pages show of it")
        assert "no such data" in str(told(it)["电表"]["last_trouble"])
        assert it.health()["counters"]["asking_lines_open"] == 1, "both on one line"
        assert it.is_healthy()


def test_a_meter_behind_a_4g_unit_is_asked_and_is_on_the_board(it: Installation) -> None:
    ours = int(it.environment["FLAMEBLUE_MODBUS_DIAL_IN_PORT"])
    with ExitStack() as stack:
        where = stack.enter_context(beside(converter(Bus(Meter(SINGLE, METER_HOLDS)))))
        stack.enter_context(beside(dialling(Dtu(ours, where, IMEI.encode()))))
        connect(it, 远表=f"dtu:{IMEI}?meter={SINGLE}")
        wait_for(lambda: "远表/e" in board(it), WITHIN_S, "values on the board")
        found = board(it)
        assert (found["远表/ua"], found["远表/ia"], found["远表/e"]) == (2299, 4999, 123_456_780)
