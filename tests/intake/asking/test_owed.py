"""From when on a question can be asked so that no other one's answer can be taken for its own."""

from flameblue.domain.limits import ASKING_COPY_S, ASKING_LATE_S
from flameblue.intake.asking.addresses import Address, SerialPort
from flameblue.intake.asking.blocks import Block
from flameblue.intake.asking.owed import Owed
from flameblue.intake.asking.rtu_answers import mark
from flameblue.intake.asking.wire import ClientLine

A, B, LONGER = Block(3, 0, 1), Block(3, 100, 1), Block(3, 100, 2)


def test_a_lost_answer_stands_in_the_way_of_its_like_on_the_same_device_only() -> None:
    owed = Owed(mark)
    owed.given_up(1, A, 5.0)
    assert owed.clear_s(1, [B]) == 5.0 + ASKING_LATE_S
    assert owed.clear_s(1, [LONGER, B]) == 5.0 + ASKING_LATE_S
    assert owed.clear_s(1, [A]) == owed.clear_s(1, [LONGER]) == owed.clear_s(2, [B]) == 0


def test_one_that_was_asked_again_while_its_answer_was_owed_is_owed_anew() -> None:
    owed = Owed(mark)
    owed.given_up(1, A, 5.0)
    owed.answered(1, A, 7.0, 8.0)
    assert owed.clear_s(1, [B]) == 8.0 + ASKING_LATE_S
    owed.answered(1, A, 30.0, 31.0)
    assert owed.clear_s(1, [B]) == 31.0 + ASKING_COPY_S


def test_a_refusal_may_be_that_of_an_earlier_question() -> None:
    owed = Owed(mark)
    owed.refused(1, A, 1.0, 2.0)
    assert owed.clear_s(1, [B]) == 2.0 + ASKING_COPY_S
    owed.given_up(1, LONGER, 5.0)
    owed.refused(1, A, 6.0, 7.0)
    assert owed.clear_s(1, [B]) == 7.0 + ASKING_LATE_S


def test_what_is_over_is_forgotten() -> None:
    owed = Owed(mark)
    for at in range(1000):
        owed.answered(1, Block(3, at, 1), at, at + 0.05)
    assert owed.clear_s(1, [A]) == 999.05 + ASKING_COPY_S
    assert sum(map(len, owed._owed.values())) == 1


def test_where_questions_have_numbers_none_looks_like_another() -> None:
    numbered, bare = ClientLine(Address("192.0.2.7", 502, "tcp")), ClientLine(Address("192.0.2.7", 1, "rtu"))
    assert numbered.mark(A) != numbered.mark(B)
    assert bare.mark(A) == bare.mark(B) == ClientLine(SerialPort("/dev/ttyUSB0")).mark(A)
    assert bare.mark(A) not in (bare.mark(LONGER), bare.mark(A._replace(function=4)))
