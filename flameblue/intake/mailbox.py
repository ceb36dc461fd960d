"""What we send to devices: a bounded queue a session, QoS 1 until it is acknowledged, again after a resumed session.

Invariants: a message leaves only on a subscription and once however many match; never more unacknowledged than
the client said, never a packet larger than it said; nothing before the CONNACK; messages keep their order.
"""

from flameblue.domain.limits import OUTGOING_BYTES_MAX, OUTGOING_MESSAGE_BYTES_MAX, OUTGOING_MESSAGES_MAX
from flameblue.intake.protocols.mqtt import answers, filters
from flameblue.intake.reception import Counts
from flameblue.intake.sessions import DeviceSession, Outgoing, Sessions


class Mailbox:
    """The way out, for all sessions."""

    def __init__(self, sessions: Sessions, counts: Counts) -> None:
        self._sessions = sessions
        self._counts = counts

    def send(self, device: str, topic: str, payload: bytes) -> bool:
        """True: a session that subscribed took it; it leaves now or, at QoS 1, when its device is back."""
        taken = [session for session in self._sessions.of(device) if self.post(session, topic, payload)]
        for session in taken:
            self.pump(session)
        return bool(taken)

    def post(self, session: DeviceSession, topic: str, payload: bytes) -> bool:
        """As `send`, to one session and not before the next `pump`."""
        granted = [qos for name, qos in session.subscriptions.items() if filters.covers(name, topic)]
        if not granted or (session.wire is None and not max(granted)) or not self._sessions.keeps(session):
            return False
        message = Outgoing(topic, payload, max(granted))
        if not self._has_room(session, message.size()):
            self._counts.add("outgoing_refused")
            return False
        session.waiting.append(message)
        self._sessions.hold(session, message.size())
        return True

    def pump(self, session: DeviceSession) -> None:
        """Sends what waits, as far as the client's terms and its reading allow."""
        wire = session.wire
        while wire is not None and session.waiting and wire.takes_more():
            message = session.waiting[0]
            if message.qos and len(session.sent) >= wire.terms.receive_max:
                return
            session.waiting.popleft()
            packet_id = message.packet_id or (session.next_packet_id() if message.qos else 0)
            again = message.packet_id != 0
            data = answers.publish(wire.terms.version, message.topic, message.payload, packet_id, again)
            if len(data) > wire.terms.packet_bytes_max:
                self._counts.add("outgoing_too_large")
                self._sessions.hold(session, -message.size())
                continue
            if message.qos:
                session.sent[packet_id] = message._replace(packet_id=packet_id)
            else:
                self._sessions.hold(session, -message.size())
            self._counts.add("messages_sent")
            wire.write(data)

    def acknowledged(self, session: DeviceSession, packet_id: int) -> None:
        """The device has the message, or it refused it; an id that we do not know means nothing."""
        message = session.sent.pop(packet_id, None)
        if message is not None:
            self._sessions.hold(session, -message.size())
            self.pump(session)

    def _has_room(self, session: DeviceSession, size: int) -> bool:
        return (
            size <= OUTGOING_MESSAGE_BYTES_MAX
            and len(session.waiting) + len(session.sent) < OUTGOING_MESSAGES_MAX
            and self._sessions.outgoing_bytes + size <= OUTGOING_BYTES_MAX
        )
