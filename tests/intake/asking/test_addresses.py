"""Where an asked device is found, as people write it, and the one spelling in which that is kept."""

import pytest

from flameblue.intake import addresses
from flameblue.intake.addresses import Misspelt, Slip
from flameblue.intake.asking.addresses import FORMS, Address, DialIn, Place, SerialPort, place


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("tcp://192.0.2.7:502?unit=17", "tcp://192.0.2.7:502?unit=17"),
        ("TCP://Gateway.Local?Unit=017", "tcp://gateway.local:502?unit=17"),
        ("192.0.2.7?unit=0", "tcp://192.0.2.7:502?unit=0"),
        (" ｔｃｐ：／／192.0.2.7：502？unit＝17 ", "tcp://192.0.2.7:502?unit=17"),
        ("rtu://[2001:DB8::7]:8899/?unit=247", "rtu://[2001:db8::7]:8899?unit=247"),
        ("serial:/dev/ttyUSB0?baud=9600&parity=none&stop_bits=1&unit=1", "serial:/dev/ttyUSB0?unit=1"),
        (
            "serial:/dev/ttyUSB0?unit=1&stop_bits=2&parity=Even&baud=19200",
            "serial:/dev/ttyUSB0?baud=19200&parity=even&stop_bits=2&unit=1",
        ),
        ("dtu:860123456789014?unit=3", "dtu:860123456789014?unit=3"),
        ("DTU:860123456789014/?unit=3", "dtu:860123456789014?unit=3"),
    ],
)
def test_an_address_is_kept_in_one_spelling(said: str, kept: str) -> None:
    assert str(place(said)) == kept
    assert str(place(kept)) == kept


@pytest.mark.parametrize(
    ("said", "slip"),
    [
        ("", Slip.FORM),
        ("790300000000", Slip.NUMBER_MISSING),
        ("tcp://192.0.2.7", Slip.NUMBER_MISSING),
        ("dtu:860123456789014", Slip.NUMBER_MISSING),
        ("tcp://192.0.2.7?unit=", Slip.NUMBER),
        ("tcp://192.0.2.7?unit=256", Slip.NUMBER),
        ("rtu://192.0.2.7?unit=0", Slip.NUMBER),
        ("dtu:860123456789014?unit=248", Slip.NUMBER),
        ("serial:/dev/ttyS1?unit=-1", Slip.NUMBER),
        ("serial:/dev/ttyS1?unit=one", Slip.NUMBER),
        ("tcp://192.0.2.7?unit=1&unit=2", Slip.FORM),
        ("tcp://192.0.2.7?unit=1&baud=9600", Slip.FORM),
        ("tcp://user@192.0.2.7?unit=1", Slip.FORM),
        ("tcp://192.0.2.7/x?unit=1", Slip.FORM),
        ("tcp://网关?unit=1", Slip.FORM),
        ("tcp://a b?unit=1", Slip.FORM),
        ("tcp://192.0.2.7?unit=1#2", Slip.FORM),
        ("udp://192.0.2.7?unit=1", Slip.FORM),
        ("serial:ttyUSB0?unit=1", Slip.FORM),
        ("serial:/dev/ttyS1?unit=1&baud=0", Slip.SERIAL),
        ("serial:/dev/ttyS1?unit=1&parity=x", Slip.SERIAL),
        ("serial:/dev/ttyS1?unit=1&bits=7", Slip.SERIAL),
        ("dtu:86012345678901?unit=1", Slip.IMEI),
        ("dtu:8601234567890147?unit=1", Slip.IMEI),
        ("dtu:?unit=1", Slip.IMEI),
    ],
)
def test_what_is_wrong_with_an_address_is_known(said: str, slip: Slip) -> None:
    with pytest.raises(Misspelt) as caught:
        place(said)
    assert caught.value.slip is slip


def test_the_forms_that_people_are_shown_are_addresses() -> None:
    lines = [place(form).line for form in FORMS]
    assert [type(line) for line in lines] == [Address, Address, SerialPort, DialIn]


def test_two_devices_of_a_line_are_on_one_line() -> None:
    one, other = place("serial:/dev/ttyS1?baud=9600&unit=1"), place("serial:/dev/ttyS1?unit=2")
    assert one.line == other.line
    assert (one, other) == (Place(one.line, 1), Place(one.line, 2))


def test_the_spelling_of_a_protocol_is_found_by_its_name() -> None:
    modbus, gb26875 = addresses.spelling("modbus"), addresses.spelling("gb26875")
    assert modbus is not None
    assert gb26875 is not None
    assert modbus.normal("gateway?unit=1") == "tcp://gateway:502?unit=1"
    assert gb26875.normal("889") == "790300000000"
    assert addresses.spelling("mqtt") is None
