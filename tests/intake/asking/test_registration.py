"""The IMEI among what a 4G unit says first, however its maker packs it."""

import pytest

from flameblue.intake.asking.registration import has_check_digit, imei

IMEI = "860123456789014"
OTHER = "490154203237518"  # the example of 3GPP TS 23.003's Luhn digit that is printed everywhere
IMSI = "460001234567895"
ICCID = "89860012345678901234"


@pytest.mark.parametrize(
    "said",
    [
        IMEI.encode(),
        f"{IMEI}\r\n".encode(),
        f"+REG:{IMEI},V1.2\n".encode(),
        f'{{"imei":"{IMEI}","iccid":"{ICCID}"}}'.encode(),
        f'{{"imsi":"{IMSI}","IMEI": "{IMEI}"}}'.encode(),
        f"{IMSI};{IMEI}".encode(),
        f"ping\x00{ICCID}\x00{IMEI}".encode(),
        IMEI.encode().hex().encode(),
        bytes.fromhex("0" + IMEI),
    ],
)
def test_a_registration_names_its_unit(said: bytes) -> None:
    assert imei(said, (), ended=True) == IMEI
    assert imei(said, {IMEI}, ended=False) == IMEI


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"ping",
        b"\x00" * 60,
        ICCID.encode(),
        IMEI[:-1].encode(),
        f"{IMEI}7".encode(),
        b"www.usr.cn",
        b"12345678",
    ],
)
def test_what_names_no_unit_is_none(said: bytes) -> None:
    assert imei(said, {IMEI}, ended=True) is None


def test_a_stranger_is_believed_once_all_has_come() -> None:
    assert imei(IMEI.encode(), (), ended=False) is None
    assert imei(IMEI.encode(), (), ended=True) == IMEI


def test_of_two_numbers_without_a_name_or_check_digit_none_is_taken() -> None:
    assert imei(b"460001234567891 460001234567892", (), ended=True) is None
    assert imei(b"460001234567891", (), ended=True) == "460001234567891"


def test_the_registry_decides_between_two() -> None:
    assert imei(f"{OTHER} {IMEI}".encode(), {IMEI}, ended=False) == IMEI
    assert imei(f"{OTHER} {IMEI}".encode(), {OTHER}, ended=False) == OTHER


def test_the_check_digit() -> None:
    assert has_check_digit(OTHER)
    assert not any(has_check_digit(f"{OTHER[:-1]}{digit}") for digit in "012345679")
