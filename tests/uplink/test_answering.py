"""What a centre asks and orders: answered from the present state, put to people, recorded, or refused."""

from datetime import timedelta
from pathlib import Path

import pytest

from flameblue.cases.actions import open_system_case
from flameblue.domain.clock import to_ns
from flameblue.domain.transitions import Level, Rule
from flameblue.history.board import Latest
from flameblue.uplink import answering
from flameblue.uplink.models import Ask, Upload
from tests.cases.bench import Said
from tests.uplink.centre import ANSWER, CONFIRM, CONTROL, DENY, REQUEST, SEND, Got
from tests.uplink.wire import Wire

pytestmark = pytest.mark.django_db
VECTORS = Path(__file__).parents[1] / "vectors" / "gb26875"
AT = bytes((0, 7, 3, 15, 1, 26))  # the bench's beginning, as a time label


def asked(wire: Wire, unit: bytes, command: int = REQUEST) -> Got:
    """The one frame that the centre is answered; it bears the question's serial number."""
    if wire.talk is None:
        wire.settle_in()
    (said,) = wire.hear(wire.centre.asks(unit, command))
    assert said.serial == wire.centre.serial
    assert said.version == (1, 1)
    return said


def test_the_device_s_state_version_and_time(wire: Wire) -> None:
    assert asked(wire, bytes((81, 1, 0)))[5:] == (ANSWER, bytes((21, 1, 1)) + AT)
    assert asked(wire, bytes((85, 1, 0)))[5:] == (ANSWER, bytes((25, 1, 0, 1)))
    assert asked(wire, bytes((88, 1, 0)))[5:] == (ANSWER, bytes((28, 1)) + AT)


def test_questions_of_others_are_answered(wire: Wire) -> None:
    """Recorded frames of a real centre: state, version, time."""
    wire.settle_in()
    for vector, flag in (("ald_08", 21), ("ald_11", 25), ("ald_13", 28)):
        (said,) = wire.hear(bytes.fromhex((VECTORS / f"{vector}.hex").read_text("ascii")))
        assert (said.command, said.flag, said.serial) == (ANSWER, flag, 1)
        assert said.source.hex() == "790300000000"


def test_the_system_s_state_is_what_its_components_say(wire: Wire) -> None:
    wire.bench.alarm(wire.bench.cast.tb)
    wire.bench.silent(wire.bench.cast.ib)
    wire.follow()
    assert asked(wire, bytes((61, 1, 1, 1)))[5:] == (ANSWER, bytes((1, 1, 1, 1, 7, 0)) + AT)
    assert asked(wire, bytes((81, 1, 0))).unit[2] == 0b11
    assert asked(wire, bytes((61, 1, 1, 9))).command == DENY


def test_a_component_is_asked_by_its_address(wire: Wire) -> None:
    tb, ib = wire.bench.cast.tb, wire.bench.cast.ib
    wire.bench.alarm(tb)
    wire.follow()
    addresses = (tb.pk, 999, ib.pk)
    unit = bytes((62, 3)) + b"".join(bytes((1, 1)) + pk.to_bytes(4, "little") for pk in addresses)
    said = asked(wire, unit)
    assert (said.command, said.unit[:2], len(said.unit)) == (ANSWER, bytes((2, 2)), 2 + 2 * 46)
    assert said.unit[2:11] == bytes((1, 1, 18)) + tb.pk.to_bytes(4, "little") + bytes((3, 0))
    assert said.unit[48:57] == bytes((1, 1, 16)) + ib.pk.to_bytes(4, "little") + bytes((1, 0))
    assert asked(wire, bytes((62, 1, 1, 1, 99, 0, 0, 0))).command == DENY


def test_a_table_s_addresses_are_asked_for_too(wire: Wire, tmp_path: Path) -> None:
    tabled = Wire(wire.bench, tmp_path, {"addresses": {"D0217/tb": "0a000200"}})
    said = asked(tabled, bytes((62, 1, 1, 1, 10, 0, 2, 0)))
    assert said.unit[5:11] == bytes((10, 0, 2, 0, 1, 0))
    tb = wire.bench.cast.tb.pk.to_bytes(4, "little")
    assert asked(tabled, bytes((62, 1, 1, 1)) + tb).command == DENY


def test_a_component_s_value_is_the_newest_with_its_time(wire: Wire) -> None:
    tb = wire.bench.cast.tb
    at_ns = to_ns(wire.bench.now - timedelta(seconds=5))
    wire.desk.latest[tb.pk] = Latest(at_ns, at_ns, 415, 0)
    question = bytes((63, 1, 1, 1)) + tb.pk.to_bytes(4, "little")
    said = asked(wire, question)
    assert said.unit == bytes((3, 1, 1, 1, 18)) + question[4:] + bytes((3, 0x9F, 1, 55, 6, 3, 15, 1, 26))
    wire.bench.say(Said(tb, Level.FAULT, rule=Rule.TEST))
    assert asked(wire, question).command == DENY


def test_more_than_fits_is_not_said(wire: Wire) -> None:
    unit = bytes((62, 170)) + bytes((1, 1, 9, 0, 0, 0)) * 169
    unit += bytes((1, 1)) + wire.bench.cast.tb.pk.to_bytes(4, "little")
    assert asked(wire, unit).command == DENY


def test_a_duty_check_is_put_to_people_and_answered_by_one(wire: Wire) -> None:
    wire.settle_in()
    check = bytes.fromhex((VECTORS / "ald_18.hex").read_text("ascii"))  # within ten minutes
    (said,) = wire.hear(check)
    assert said.command == CONFIRM
    wire.hear(check)  # sent again
    ask = answering.open_duty_checks(wire.bench.now).get()
    assert ask.answer_by == wire.bench.now + timedelta(minutes=10)
    assert wire.run() == []
    wire.bench.wait(70)
    assert answering.answer_duty_check(ask.pk, wire.bench.cast.bolat, wire.bench.now)
    assert not answering.answer_duty_check(ask.pk, wire.bench.cast.chen, wire.bench.now)
    assert wire.follow() == 1
    wire.follow()
    (told,) = [got for got in wire.run() if got.flag == 24]
    assert (told.command, told.unit) == (SEND, bytes((24, 1, 0x20, 0, 10, 8, 3, 15, 1, 26)))
    assert Upload.objects.get().is_urgent


def test_a_duty_check_that_nobody_answers_is_over(wire: Wire) -> None:
    assert asked(wire, bytes((91, 1, 3)), CONTROL).command == CONFIRM
    wire.bench.wait(180)
    ask = Ask.objects.get()
    assert not answering.open_duty_checks(wire.bench.now).exists()
    assert not answering.answer_duty_check(ask.pk, wire.bench.cast.bolat, wire.bench.now)
    assert wire.follow() == 0


def test_a_clock_is_recorded_and_not_set(wire: Wire) -> None:
    assert asked(wire, bytes((90, 1, 40, 7, 3, 15, 1, 26)), CONTROL).command == CONFIRM
    assert "not set: its clock is +40 s from ours" in Ask.objects.get().detail
    assert asked(wire, bytes((90, 1, 40, 7, 3, 32, 13, 26)), CONTROL).command == DENY


@pytest.mark.parametrize("command", [CONTROL, REQUEST])
def test_nobody_initialises_us_from_afar(wire: Wire, command: int) -> None:
    assert asked(wire, bytes((89, 1, 0)), command).command == DENY
    assert "refused" in Ask.objects.get().detail


@pytest.mark.parametrize(
    ("unit", "command"),
    [
        (bytes((65, 1, 1, 1)), REQUEST),
        (bytes((81, 1, 0)), CONTROL),
        (bytes((91, 1, 3)), REQUEST),
        (bytes((81, 2, 0)), REQUEST),
        (bytes((200, 1, 0)), REQUEST),
        (bytes((91, 0)), CONTROL),
        (b"", REQUEST),
        (b"[", CONTROL),
        (bytes((28, 1)) + AT, SEND),
    ],
)
def test_what_is_no_question_of_ours_is_denied(wire: Wire, unit: bytes, command: int) -> None:
    assert asked(wire, unit, command).command == DENY
    assert not Ask.objects.exists()


def test_a_trouble_of_flameblue_is_a_fault_of_the_device(wire: Wire) -> None:
    open_system_case("uplink line", "down", wire.bench.now)
    assert asked(wire, bytes((81, 1, 0))).unit[2] == 0b1
    open_system_case("disk low", "nearly full", wire.bench.now)
    assert asked(wire, bytes((81, 1, 0))).unit[2] == 0b101
