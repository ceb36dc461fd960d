"""The mailbox by itself: whatever devices do, the books are right and no client gets more than it takes."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from flameblue.domain.limits import OUTGOING_MESSAGES_MAX
from flameblue.intake.mailbox import Mailbox
from flameblue.intake.protocols.mqtt.packets import Terms
from flameblue.intake.reception import Counts
from flameblue.intake.sessions import DeviceSession, Sessions
from tests.intake.mqtt_packets import publish

DEVICES = ("A", "B")
TOPIC = "t/x"


class Wire:
    """A connection that keeps what it is sent, and may be slow."""

    def __init__(self, receive_max: int, packet_bytes_max: int) -> None:
        self.terms = Terms(4, 0, receive_max, packet_bytes_max)
        self.reads = True
        self.sent: list[bytes] = []

    def takes_more(self) -> bool:
        return self.reads

    def write(self, data: bytes) -> None:
        self.sent.append(data)


class Bench:
    """Two devices, connected and subscribed at first, and everything that can happen to them."""

    def __init__(self) -> None:
        self.sessions = Sessions()
        self.mailbox = Mailbox(self.sessions, Counts())
        self.known: dict[str, tuple[DeviceSession, Wire]] = {}
        self.number = 0
        self.now_s = 0.0
        for device in DEVICES:
            self.do("connect", device, 1)
            self.do("subscribe", device, 1)

    def do(self, what: str, device: str, value: int) -> None:
        if what == "connect":
            self._connect(device, value)
        elif what == "send":
            self.number += 1
            self.mailbox.send(device, TOPIC, b"%05d" % self.number + b"x" * (value * 10))
        elif what == "wait":
            self.now_s += value
            self.sessions.expire(self.now_s)
        elif device in self.known:
            getattr(self, what)(*self.known[device], value)

    def leave(self, session: DeviceSession, wire: Wire, _: int) -> None:
        self.sessions.leave(session, wire, self.now_s)

    def acknowledge(self, session: DeviceSession, _: Wire, value: int) -> None:
        self.mailbox.acknowledged(session, value)

    def subscribe(self, session: DeviceSession, _: Wire, value: int) -> None:
        session.subscriptions[("t/#", "t/+", TOPIC)[value % 3]] = value % 2

    def stall(self, session: DeviceSession, wire: Wire, _: int) -> None:
        wire.reads = not wire.reads
        self.mailbox.pump(session)

    def _connect(self, device: str, value: int) -> None:
        wire = Wire(receive_max=1 + value % 4, packet_bytes_max=80 if value % 5 == 0 else 2**32 - 1)
        session, _ = self.sessions.open(device, "c", wire, clean=value % 3 == 0)
        session.session_s = value % 2 * 10
        self.known[device] = session, wire
        self.mailbox.pump(session)

    def check(self) -> None:
        held = 0
        for device in DEVICES:
            for session in self.sessions.of(device):
                own = sum(message.size() for message in (*session.waiting, *session.sent.values()))
                assert session.outgoing_bytes == own
                assert len(session.waiting) + len(session.sent) <= OUTGOING_MESSAGES_MAX
                held += own
        assert self.sessions.outgoing_bytes == held
        for session, wire in self.known.values():
            assert len(session.sent) <= wire.terms.receive_max
            assert all(len(data) <= wire.terms.packet_bytes_max for data in wire.sent)
            assert all(data[0] in (0x30, 0x32, 0x3A) for data in wire.sent)
            numbers = [
                data[data.index(TOPIC.encode()) + 3 + data[0] // 2 % 2 * 2 :][:5] for data in wire.sent
            ]
            assert numbers == sorted(set(numbers))


steps = st.tuples(
    st.sampled_from(
        ["connect", "send", "send", "send", "wait", "leave", "acknowledge", "subscribe", "stall"]
    ),
    st.sampled_from(DEVICES),
    st.integers(0, 12),
)


@given(st.lists(steps, min_size=10, max_size=60))
def test_whatever_happens_the_books_are_right_and_nobody_gets_more_than_he_takes(
    happened: list[tuple[str, str, int]],
) -> None:
    bench = Bench()
    for step in happened:
        bench.do(*step)
        bench.check()


def test_a_message_that_was_not_acknowledged_comes_again_until_it_is() -> None:
    bench = Bench()
    bench.do("send", "A", 0)
    wires: list[Any] = [bench.known["A"][1]]
    for _ in range(2):
        bench.do("leave", "A", 0)
        bench.do("connect", "A", 1)
        wires.append(bench.known["A"][1])
    bench.do("acknowledge", "A", 1)
    bench.do("leave", "A", 0)
    bench.do("connect", "A", 1)
    first, again = publish(TOPIC, b"00001", 1), b"\x3a" + publish(TOPIC, b"00001", 1)[1:]
    assert [wire.sent for wire in [*wires, bench.known["A"][1]]] == [[first], [again], [again], []]
