"""A simulated breaker of DL/T 645: what it answers, in bytes of the standard."""

import pytest

from flameblue.intake.protocols import dlt645
from flameblue.intake.protocols.dlt645 import codec, identifiers
from flameblue.intake.protocols.dlt645.identifiers import Variant
from flameblue.simulation import meter
from flameblue.simulation.measuring import Sample
from flameblue.simulation.meter import Meter

ADDRESS = "260000100005"
BREAKER, METER = Meter(ADDRESS, Variant.BREAKER), Meter(ADDRESS, Variant.METER)
WELL: Sample = {
    "t": 0,
    "v": {
        "ir": 33.4,
        "ta": 20.0,
        "tb": 21.0,
        "tc": 22.0,
        "amb": 4.0,
        "ia": 6.1,
        "ib": 0.43,
        "ic": 21.5,
        "ua": 223.4,
        "ub": 227.9,
        "uc": 222.8,
    },
}
LEAKING: Sample = {"t": 0, "v": WELL["v"] | {"ir": 382.0}}


def asked(identifier: str, address: str = ADDRESS, control: int = 0x11) -> codec.Frame:
    """A question as it is read off the wire."""
    (frame,) = dlt645.PLUGIN.session().feed(codec.encode(address, control, bytes.fromhex(identifier)[::-1]))
    return frame


def data(said: meter.Answer | None) -> tuple[int, bytes]:
    """Control code and data of an answer."""
    assert said is not None
    (frame,) = dlt645.PLUGIN.session().feed(said.frame)
    assert (frame.address, frame.preamble) == (ADDRESS, 4)
    return frame.control, frame.data


@pytest.mark.parametrize(
    ("identifier", "digits"),
    [
        ("02900100", "0033"),
        ("02010100", "2234"),
        ("0201FF00", "2228 2279 2234"),
        ("0202FF00", "000215 000004 000061"),  # 0.1 A
        ("04000501", "00"),
        ("04000401", ADDRESS),
        ("02800002", "5000"),
        ("02030000", "062509"),  # 1362.74 + 98.00 + 4790.20 W, in 0.0001 kW
        ("00010000", "00000000"),
    ],
)
def test_a_breaker_says_what_was_measured(identifier: str, digits: str) -> None:
    control, said = data(meter.answer(BREAKER, WELL, asked(identifier)))
    assert control == 0x91
    assert said[:4][::-1].hex().upper() == identifier
    assert said[4:][::-1] == bytes.fromhex(digits)


def test_a_meter_s_currents_have_other_steps() -> None:
    _, said = data(meter.answer(METER, WELL, asked("02020100")))
    assert said[4:][::-1].hex() == "006100"  # 0.001 A


def test_a_leak_is_in_the_status_word_with_its_cause() -> None:
    _, said = data(meter.answer(BREAKER, LEAKING, asked("04000501")))
    meaning = identifiers.meaning(identifiers.STATUS_1, said[4])
    assert meaning == {"alarm": True, "position": "closed", "cause": "residual current"}


@pytest.mark.parametrize("identifier", ["02070100", "03880001", "01234567"])
def test_what_it_does_not_have_is_refused(identifier: str) -> None:
    assert data(meter.answer(BREAKER, WELL, asked(identifier))) == (0xD1, bytes([meter.NO_SUCH_DATA]))


def test_a_meter_has_no_residual_current() -> None:
    assert data(meter.answer(METER, WELL, asked("02900100")))[0] == 0xD1


@pytest.mark.parametrize("control", [0x14, 0x1A, 0x1C])
def test_what_would_change_it_is_refused(control: int) -> None:
    code, _ = data(meter.answer(BREAKER, WELL, asked("02900100", control=control)))
    assert code == control | 0xC0


def test_it_tells_its_address_to_whoever_asks_anyone() -> None:
    (frame,) = dlt645.PLUGIN.session().feed(codec.encode("aa" * 6, 0x13, b""))
    assert data(meter.answer(BREAKER, WELL, frame)) == (0x93, bytes.fromhex(ADDRESS)[::-1])


def test_it_is_silent_to_others_questions_and_to_answers() -> None:
    assert meter.answer(BREAKER, WELL, asked("02900100", address="260000100006")) is None
    assert meter.answer(BREAKER, WELL, asked("02900100", address="99" * 6)) is None
    assert meter.answer(BREAKER, WELL, asked("02900100", control=0x91)) is None
