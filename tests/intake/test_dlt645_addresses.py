"""Where a DL/T 645 device is found: two spellings of one address meet in one form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flameblue.domain.errors import BadInput
from flameblue.intake.protocols.dlt645.addresses import (
    FORMS,
    Converter,
    DialIn,
    MeterLineAddress,
    SerialPort,
    line_and_meter,
    place,
)

METER, IMEI = "000000123456", "860123456789014"


@pytest.mark.parametrize(
    ("said", "line", "normal"),
    [
        (
            "tcp://192.0.2.7:8899?meter=123456",
            Converter("192.0.2.7", 8899),
            f"tcp://192.0.2.7:8899?meter={METER}",
        ),
        (f"GATE:8899?METER={METER}", Converter("gate", 8899), f"tcp://gate:8899?meter={METER}"),
        (
            f" tcp://[2001:DB8::1]:1?meter={METER}",
            Converter("2001:db8::1", 1),
            f"tcp://[2001:db8::1]:1?meter={METER}",
        ),
        ("ｔｃｐ：//gate：23？meter=１２３４５６", Converter("gate", 23), f"tcp://gate:23?meter={METER}"),
        (f"serial:/dev/ttyS1?meter={METER}", SerialPort("/dev/ttyS1"), f"serial:/dev/ttyS1?meter={METER}"),
        (
            f"serial:/dev/ttyS1?parity=even&baud=9600&stop_bits=1&meter={METER}",
            SerialPort("/dev/ttyS1", 9600),
            f"serial:/dev/ttyS1?baud=9600&meter={METER}",
        ),
        (
            f"serial:/dev/ttyS1?meter={METER}&parity=none&stop_bits=2",
            SerialPort("/dev/ttyS1", 2400, "none", 2),
            f"serial:/dev/ttyS1?parity=none&stop_bits=2&meter={METER}",
        ),
        (f"DTU:{IMEI}?meter=123456", DialIn(IMEI), f"dtu:{IMEI}?meter={METER}"),
    ],
)
def test_an_address_has_one_normal_form(said: str, line: MeterLineAddress, normal: str) -> None:
    found = place(said)
    assert (found.line, found.meter) == (line, METER)
    assert str(found) == normal
    assert place(normal) == found


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ("tcp://gate:8899", "add [?]meter="),
        ("gate:8899?unit=7", "should look like"),
        ("tcp://gate?meter=1", "should look like"),
        ("tcp://gate:0?meter=1", "should look like"),
        ("tcp://gate:70000?meter=1", "should look like"),
        ("tcp://gate:8899/x?meter=1", "should look like"),
        ("tcp://me@gate:8899?meter=1#x", "should look like"),
        ("rtu://gate:8899?meter=1", "should look like"),
        ("tcp://gate:8899?meter=1&meter=2", "should look like"),
        ("tcp://gate:8899?baud=2400&meter=1", "should look like"),
        ("serial:ttyS1?meter=1", "should look like"),
        ("serial:/dev/ttyS1?baud=0&meter=1", "should look like"),
        ("serial:/dev/ttyS1?baud=fast&meter=1", "should look like"),
        ("serial:/dev/ttyS1?parity=E&meter=1", "should look like"),
        ("serial:/dev/ttyS1?stop_bits=3&meter=1", "should look like"),
        ("tcp://me@gate:8899?meter=1", "should look like"),
        ("dtu:86012345678901?meter=1", "no IMEI"),
        (f"dtu:{IMEI}?unit=1", "should look like"),
        (f"dtu:{IMEI}", "add [?]meter="),
        ("tcp://gate:8899?meter=", "no address of a meter"),
        ("tcp://gate:8899?meter=AAAAAAAAAAAA", "no address of a meter"),
        ("tcp://gate:8899?meter=999999999999", "no address of a meter"),
        ("tcp://gate:8899?meter=1234567890123", "no address of a meter"),
    ],
)
def test_what_is_no_address_is_told(said: str, complaint: str) -> None:
    with pytest.raises(BadInput, match=complaint):
        place(said)


def test_a_line_may_be_named_without_a_meter() -> None:
    assert line_and_meter("gate:8899") == (Converter("gate", 8899), "")
    assert line_and_meter("serial:/dev/ttyUSB0") == (SerialPort("/dev/ttyUSB0"), "")


def test_the_forms_that_people_are_shown_are_addresses_in_their_normal_form() -> None:
    assert [str(place(form)) for form in FORMS] == list(FORMS)


def test_a_meters_number_is_its_digits() -> None:
    assert place(f"gate:1?meter={METER}").unit == 0x123456


@given(st.text(max_size=80))
def test_no_text_raises_anything_else(said: str) -> None:
    try:
        found = place(said)
    except BadInput:
        return
    assert place(str(found)) == found
