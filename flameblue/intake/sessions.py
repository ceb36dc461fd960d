"""What outlives a device's connection: its subscriptions, what it was sent and has not acknowledged, and which
QoS 2 messages it has not released. In memory: after our restart every session is new (docs/decisions/0012).

Invariants: one session a device and client id; as many as SESSIONS_MAX and SESSIONS_PER_DEVICE_MAX; one with a
connection is never dropped; a QoS 2 message counts as received only once it is on disk.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from flameblue.domain.limits import RECEIVED_IDS_MAX, SESSION_S_MAX, SESSIONS_MAX, SESSIONS_PER_DEVICE_MAX
from flameblue.intake.protocols.mqtt.packets import Terms

PACKET_ID_MAX = 65_535


class Outgoing(NamedTuple):
    """A message for a device. `packet_id` 0: it was not sent yet, or it is of QoS 0."""

    topic: str
    payload: bytes
    qos: int
    packet_id: int = 0

    def size(self) -> int:
        return len(self.topic) + len(self.payload)


class Wire(Protocol):
    """The connection that a session has at the moment."""

    terms: Terms

    def takes_more(self) -> bool:
        """Whether it was welcomed, is open, and its peer reads."""

    def write(self, data: bytes) -> None: ...


@dataclass(eq=False)
class DeviceSession:
    """One session. `session_s`: how long it is remembered after the connection's end."""

    device: str
    client_id: str
    session_s: int = 0
    wire: Wire | None = None
    subscriptions: dict[str, int] = field(default_factory=dict)  # filter → QoS
    received: dict[int, int] = field(default_factory=dict)  # QoS 2 packet id → what identifies the message
    waiting: deque[Outgoing] = field(default_factory=deque)
    sent: dict[int, Outgoing] = field(default_factory=dict)  # by packet id, in the order of sending
    outgoing_bytes: int = 0  # of `waiting` and `sent`
    _last_packet_id: int = 0

    def note_received(self, packet_id: int, what: int) -> None:
        """The QoS 2 message is on disk."""
        self.received[packet_id] = what
        if len(self.received) > RECEIVED_IDS_MAX:
            del self.received[next(iter(self.received))]

    def next_packet_id(self) -> int:
        """One that is not in use; there are always some, since few messages are under way."""
        while True:
            self._last_packet_id = self._last_packet_id % PACKET_ID_MAX + 1
            if self._last_packet_id not in self.sent:
                return self._last_packet_id

    def resume(self, wire: Wire) -> None:
        """The device is back on `wire`: what it did not acknowledge is sent again, before what is new."""
        self.wire = wire
        self.waiting.extendleft(reversed(self.sent.values()))
        self.sent.clear()


class Sessions:
    """All sessions, and how much they hold for their devices."""

    def __init__(self) -> None:
        self._of: dict[str, dict[str, DeviceSession]] = {}
        self._asleep: dict[DeviceSession, float] = {}  # without a connection, the longest first → until when
        self._count = 0
        self.outgoing_bytes = 0

    def __len__(self) -> int:
        return self._count

    def of(self, device: str) -> Iterable[DeviceSession]:
        """Those of `device`, with a connection or without."""
        return self._of.get(device, {}).values()

    def open(self, device: str, client_id: str, wire: Wire, *, clean: bool) -> tuple[DeviceSession, bool]:
        """The session of a device that has just connected on `wire`, and whether there was one to go on with."""
        found = self._of.get(device, {}).get(client_id)
        if found is not None and not clean:
            self._asleep.pop(found, None)
            found.resume(wire)
            return found, True
        if found is not None:
            self._forget(found)
        self._make_room(device)
        made = DeviceSession(device, client_id, wire=wire)
        self._of.setdefault(device, {})[client_id] = made
        self._count += 1
        return made, False

    def keeps(self, session: DeviceSession) -> bool:
        """Whether it is still one of ours: a connection that was taken over may hold one that is not."""
        return self._of.get(session.device, {}).get(session.client_id) is session

    def leave(self, session: DeviceSession, wire: Wire, now_s: float) -> None:
        """`wire` is gone; nothing happens where the session has another by now."""
        if session.wire is not wire:
            return
        session.wire = None
        if not self.keeps(session):
            return
        if session.session_s:
            self._asleep[session] = now_s + min(session.session_s, SESSION_S_MAX)
        else:
            self._forget(session)

    def expire(self, now_s: float) -> None:
        """Forgets those that were promised no longer."""
        for session in [session for session, until_s in self._asleep.items() if until_s <= now_s]:
            self._forget(session)

    def hold(self, session: DeviceSession, size: int) -> None:
        """`session` holds `size` bytes more (less: a negative number) for its device."""
        session.outgoing_bytes += size
        self.outgoing_bytes += size

    def _make_room(self, device: str) -> None:
        own = self._of.get(device, {})
        if len(own) >= SESSIONS_PER_DEVICE_MAX:
            idle = next((session for session in self._asleep if session.device == device), None)
        else:
            idle = next(iter(self._asleep), None) if self._count >= SESSIONS_MAX else None
        if idle is not None:
            self._forget(idle)

    def _forget(self, session: DeviceSession) -> None:
        self._asleep.pop(session, None)
        own = self._of[session.device]
        del own[session.client_id]
        if not own:
            del self._of[session.device]
        self._count -= 1
        self.hold(session, -session.outgoing_bytes)
        session.waiting.clear()
        session.sent.clear()
