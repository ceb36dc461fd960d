"""The store of sessions by itself: its bounds, and what a session remembers."""

import pytest

from flameblue.domain.limits import RECEIVED_IDS_MAX
from flameblue.intake import sessions as sessions_module
from flameblue.intake.protocols.mqtt.packets import Terms
from flameblue.intake.sessions import PACKET_ID_MAX, DeviceSession, Outgoing, Sessions


class Wire:
    """A connection that takes everything."""

    def __init__(self) -> None:
        self.terms = Terms()

    def takes_more(self) -> bool:
        return True

    def write(self, data: bytes) -> None:
        """Nobody looks."""


def asleep(sessions: Sessions, device: str, now_s: float, session_s: int = 100) -> DeviceSession:
    wire = Wire()
    session, _ = sessions.open(device, "c", wire, clean=False)
    session.session_s = session_s
    sessions.leave(session, wire, now_s)
    return session


def test_of_all_sessions_the_one_longest_asleep_goes_when_there_are_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sessions_module, "SESSIONS_MAX", 3)
    sessions = Sessions()
    sessions.open("awake", "c", Wire(), clean=False)
    kept = [asleep(sessions, name, now_s) for name, now_s in (("old", 1.0), ("young", 2.0))]
    sessions.open("new", "c", Wire(), clean=False)
    assert [sessions.keeps(session) for session in kept] == [False, True]
    assert len(sessions) == 3


def test_what_a_forgotten_session_held_is_free_again() -> None:
    sessions = Sessions()
    session = asleep(sessions, "D", 0.0)
    session.waiting.append(Outgoing("t", b"12345", 1))
    sessions.hold(session, 6)
    assert sessions.outgoing_bytes == 6
    sessions.expire(99.0)
    assert sessions.keeps(session)
    sessions.expire(100.0)
    assert (sessions.outgoing_bytes, len(sessions), list(sessions.of("D"))) == (0, 0, [])


def test_a_wire_that_was_replaced_takes_nothing_away() -> None:
    sessions = Sessions()
    old, new = Wire(), Wire()
    session, _ = sessions.open("D", "c", old, clean=False)
    again, present = sessions.open("D", "c", new, clean=False)
    sessions.leave(session, old, 0.0)
    assert (again is session, present, session.wire is new) == (True, True, True)


def test_of_the_qos_2_messages_not_released_the_oldest_is_forgotten_first() -> None:
    session = DeviceSession("D", "c")
    for number in range(1, RECEIVED_IDS_MAX + 2):
        session.note_received(number, 0)
    assert list(session.received) == list(range(2, RECEIVED_IDS_MAX + 2))


def test_packet_ids_go_round_and_pass_over_those_in_use() -> None:
    session = DeviceSession("D", "c")
    session.sent[2] = Outgoing("t", b"", 1, 2)
    taken = [session.next_packet_id() for _ in range(PACKET_ID_MAX)]
    assert taken[:3] == [1, 3, 4]
    assert (taken[-2], taken[-1]) == (PACKET_ID_MAX, 1)
