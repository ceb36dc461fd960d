"""What is answered to a device that speaks MQTT. No sockets: answers are returned, lines are told to end.

Promises: an unknown device is refused, a wrong credential likewise, but for the pairing window, where an unknown
one is taken in, acknowledged and listed; a device may publish and subscribe to its own topics only; a device
whose connection is lost (with a will, or beyond its keep-alive) is reported, and again when back; what outlives a
connection is in sessions.py.
"""

import secrets
from dataclasses import replace
from typing import Any

from flameblue.domain.limits import (
    CONNECTIONS_PER_DEVICE_MAX,
    KEEP_ALIVE_S_MAX,
    KIB,
    SESSION_S_MAX,
    SUBSCRIPTIONS_MAX,
)
from flameblue.intake import commands
from flameblue.intake.connection_news import ConnectionNews
from flameblue.intake.conversation import Farewell
from flameblue.intake.decode import Message
from flameblue.intake.directory import Admission, DeviceEntry, Outcome
from flameblue.intake.lines import Answer, Ending, Line
from flameblue.intake.mailbox import Mailbox
from flameblue.intake.protocol import Broken
from flameblue.intake.protocols.mqtt import answers, codes, filters, packets
from flameblue.intake.protocols.mqtt.codes import V5
from flameblue.intake.protocols.mqtt.properties import Name
from flameblue.intake.quarantine import Quarantined, Unknown
from flameblue.intake.reasons import Reason
from flameblue.intake.reception import Batch, Intake
from flameblue.intake.sessions import DeviceSession, Sessions
from flameblue.intake.sources import is_shut_out

KEEP_ALIVE_FACTOR = 1.5  # [MQTT 3.1.1, 3.1.2.10]
QUIET_S_MAX = 65_535 * KEEP_ALIVE_FACTOR  # without a keep-alive: the longest that could be asked for
REFUSALS = {  # the codes of MQTT 3.1.1 and 5, and ours
    Outcome.UNKNOWN: (codes.NOT_ALLOWED, codes.NOT_AUTHORIZED, Reason.UNKNOWN_DEVICE),
    Outcome.WRONG_CREDENTIAL: (codes.WRONG_CREDENTIAL, codes.BAD_CREDENTIAL, Reason.WRONG_CREDENTIAL),
    Outcome.FOREIGN: (codes.NOT_ALLOWED, codes.NOT_AUTHORIZED, Reason.FOREIGN_ADDRESS),
}
FOREIGN = "The device may not speak from this address."
FAREWELLS = {
    Farewell.NOT_KEPT: codes.UNSPECIFIED,
    Farewell.NOT_ADMITTED: codes.NOT_AUTHORIZED,
    Farewell.TOO_QUIET: codes.KEEP_ALIVE_PASSED,
    Farewell.SHUTTING_DOWN: codes.SHUTTING_DOWN,
}
QOS_GRANTED_MAX = 1  # what we send may come twice after a lost connection; a command must bear that


class MqttConversation:
    """The lines that have presented themselves, and what is said on them."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._lines: dict[str, dict[str, Line]] = {}  # by device and client id
        self._lost: set[str] = set()
        self.news = ConnectionNews(intake)
        self.sessions = Sessions()
        self.mailbox = Mailbox(self.sessions, intake.counts)

    def answer(self, frame: Any, answer: Answer, batch: Batch) -> bytes:
        """Does what `frame` asks, into `batch`, and returns what is to be sent once the batch is durable."""
        if isinstance(frame, packets.Publish):
            return self._publish(frame, answer, batch)
        line = answer.line
        match frame:
            case packets.Connect():
                return self._connect(line, frame, batch)
            case packets.Ping():
                return answers.PING_ANSWER
            case packets.Release(packet_id=number):
                return self._release(_session(line), number, answer)
            case packets.Acknowledged(packet_id=number):
                self.mailbox.acknowledged(_session(line), number)
            case packets.Subscribe() | packets.Unsubscribe():
                return self._subscriptions(frame, answer)
            case packets.Unacceptable(code=code, reason=reason):
                self._count_broken(line, Reason.PROTOCOL, reason, batch)
                line.end_with = Ending.BROKEN
                return answers.refusal(line.terms.version, code)
            case packets.Disconnect():
                self._goodbye(line, frame)
            case Broken(reason=reason, oversized=oversized, farewell=farewell):
                self._count_broken(line, Reason.OVERSIZED if oversized else Reason.PROTOCOL, reason, batch)
                line.end_with = Ending.BROKEN
                return farewell
        return b""

    def delivered(self, answer: Answer) -> None:
        """What waited for the line leaves."""
        if answer.ends is None:
            self.relieved(answer.line)

    def relieved(self, line: Line) -> None:
        """Likewise."""
        if line.session is not None and line.session.waiting:
            self.mailbox.pump(line.session)

    def dismiss(self, line: Line, why: Farewell, ending: Ending) -> None:
        """Ends the line at once; a client of MQTT 5 is told why where it listens."""
        line.dismiss(answers.disconnect(line.terms, FAREWELLS[why]), ending)

    def send_away(self, line: Line, why: Farewell) -> None:
        """Likewise, for a reason of ours; who spoke lately is heard out (`Line.send_away`)."""
        self._send_away(line, FAREWELLS[why])

    def ended(self, line: Line) -> None:
        """The line is gone, and all its frames were answered."""
        entry = line.entry
        if entry is None:
            return
        self.sessions.leave(_session(line), line, self._intake.clock.monotonic_s())
        lines = self._lines.get(entry.name, {})
        if lines.get(line.client_id) is line:
            del lines[line.client_id]
        if lines:
            return
        self._lines.pop(entry.name, None)
        by_will = line.has_will and line.ending in (Ending.PEER, Ending.BROKEN)
        if by_will or line.ending is Ending.EXPIRED:
            self._lost.add(entry.name)
            self._intake.counts.add("connections_lost")
            self.news.tell(entry.name, self._intake.directory.reach(entry), lost=True)

    def expire(self, now_s: float) -> None:
        """Forgets the sessions that were promised no longer."""
        self.sessions.expire(now_s)

    def may_stay(self, line: Line) -> bool:
        """Whether `line`'s device is still admitted; takes its entry anew where the directory was swapped."""
        directory = self._intake.directory
        if line.admission is None:
            return True
        if line.entry is None:
            return self._intake.clock.now_ns() < directory.pairing_until_ns and not self._became_known(line)
        if line.checked is not directory:
            line.checked = directory
            now = directory.still_admits(line.entry)
            if now is None or is_shut_out(now.allowed, line.peer):
                return False
            line.entry = now
        return True

    def _send_away(self, line: Line, code: int) -> None:
        line.send_away(answers.disconnect(line.terms, code), self._intake.clock.monotonic_s())

    def _became_known(self, line: Line) -> bool:
        """A credential that another device had when `line` came is no sign of it: makers deliver all with one."""
        now, then, admission = self._intake.directory, line.checked, line.admission
        assert admission is not None
        assert then is not None
        holders = [one.by_credential.get(admission.credential_hash) for one in (then, now)]
        return admission.name in now.devices or holders[0] != holders[1]

    def _connect(self, line: Line, frame: packets.Connect, batch: Batch) -> bytes:
        user = frame.user or ""
        password = None if frame.password is None else frame.password.decode("utf-8", "backslashreplace")
        directory = self._intake.directory
        admission = directory.admit(user, password, batch.arrival_ns, line.certified)
        if not user and line.certified is None:
            admission = replace(admission, name=frame.client_id or line.peer, credential_hash="")
        line.terms, line.checked = frame.terms, directory
        line.admission, line.client_id, line.has_will = admission, frame.client_id, frame.will is not None
        if admission.outcome in REFUSALS:
            return self._refuse(line, admission, batch)
        if admission.device is not None and is_shut_out(admission.device.allowed, line.peer):
            return self._refuse(line, replace(admission, outcome=Outcome.FOREIGN, reason=FOREIGN), batch)
        agreed = _agreed(frame)
        line.client_id = agreed.get(Name.ASSIGNED_CLIENT_ID, frame.client_id)
        keep_alive_s = agreed.get(Name.SERVER_KEEP_ALIVE_S, frame.keep_alive_s)
        line.patience_s = keep_alive_s * KEEP_ALIVE_FACTOR or QUIET_S_MAX
        line.speak_by_s = self._intake.clock.monotonic_s() + line.patience_s
        self._intake.counts.add("connects")
        if admission.device is None:
            line.session = DeviceSession("", line.client_id, wire=line)
            return answers.welcome(frame.terms.version, False, agreed)
        line.entry = admission.device
        self._welcome(line, admission.device)
        line.session, present = self.sessions.open(
            admission.device.name, line.client_id, line, clean=frame.clean
        )
        line.session.session_s = min(frame.terms.session_s, SESSION_S_MAX)
        return answers.welcome(frame.terms.version, present, agreed)

    def _refuse(self, line: Line, admission: Admission, batch: Batch) -> bytes:
        code, code_5, reason = REFUSALS[admission.outcome]
        known = "" if reason is Reason.UNKNOWN_DEVICE else admission.name
        detail = f"{admission.name} ({line.client_id or 'no client id'}) from {line.peer}: {admission.reason}"
        batch.keep(Quarantined(known, "", reason, detail, b"", batch.arrival_ns), owed=False)
        self._intake.counts.add("refused")
        line.end_with = Ending.OURS
        version = line.terms.version
        return answers.refusal(version, code_5 if version == V5 else code, admission.reason)

    def _welcome(self, line: Line, entry: DeviceEntry) -> None:
        """The newest line of a client id counts; a device has a few lines at most."""
        lines = self._lines.setdefault(entry.name, {})
        old = lines.pop(line.client_id, None)
        code = codes.TAKEN_OVER
        if old is None and len(lines) >= CONNECTIONS_PER_DEVICE_MAX:
            old = lines.pop(next(iter(lines)))
            code = codes.QUOTA_EXCEEDED
        if old is not None:
            self._intake.counts.add("taken_over")
            self._send_away(old, code)
        lines[line.client_id] = line
        if entry.name in self._lost:
            self._lost.discard(entry.name)
            self.news.tell(entry.name, self._intake.directory.reach(entry), lost=False)

    def _goodbye(self, line: Line, frame: packets.Disconnect) -> None:
        line.end_with = Ending.PEER if frame.will else Ending.GOODBYE
        session = _session(line)
        if frame.session_s is not None:
            session.session_s = min(frame.session_s, SESSION_S_MAX)
        self.sessions.leave(session, line, self._intake.clock.monotonic_s())

    def _publish(self, frame: packets.Publish, answer: Answer, batch: Batch) -> bytes:
        line = answer.line
        if not self.may_stay(line):
            line.end_with = Ending.OURS
            return answers.disconnect(line.terms, codes.NOT_AUTHORIZED)
        if isinstance(frame, packets.PublishOnce):
            return self._publish_once(frame, answer, batch)
        answer.kib += len(frame.payload) // KIB
        self._take(line, frame, batch)
        if not frame.packet_id:
            return b""
        answer.settled.append(frame.packet_id)
        return answers.puback(frame.packet_id)

    def _publish_once(self, frame: packets.PublishOnce, answer: Answer, batch: Batch) -> bytes:
        """Passes over what is on disk already: sent again under the same id and not released since."""
        what = hash((frame.topic, frame.payload))
        if frame.duplicate and _session(answer.line).received.get(frame.packet_id) == what:
            self._intake.counts.add("duplicates")
            answer.line.fruit.came()
        else:
            answer.kib += len(frame.payload) // KIB
            self._take(answer.line, frame, batch)
            answer.received.append((frame.packet_id, what))
        return answers.pubrec(frame.packet_id)

    def _release(self, session: DeviceSession, packet_id: int, answer: Answer) -> bytes:
        answer.settled.append(packet_id)
        known = session.received.pop(packet_id, None) is not None
        if known:
            answer.line.fruit.came()
        unknown_5 = not known and answer.line.terms.version == V5
        return answers.pubcomp(packet_id, codes.ID_NOT_FOUND if unknown_5 else codes.SUCCESS)

    def _take(self, line: Line, frame: packets.Publish, batch: Batch) -> None:
        entry = line.entry
        if entry is None:
            self._list_unknown(line, frame, batch)
            return
        replies = commands.replies(frame.topic, frame.payload)
        for topic, payload in replies:
            self.mailbox.post(_session(line), topic, payload)
        if replies and not commands.is_data(frame.topic):
            self._intake.counts.add("requests")
            return
        batch.take(self._intake, entry, Message(frame.topic, frame.payload))

    def _subscriptions(self, frame: packets.Subscribe | packets.Unsubscribe, answer: Answer) -> bytes:
        line = answer.line
        session, version = _session(line), line.terms.version
        answer.topics += len(frame.filters)
        if isinstance(frame, packets.Subscribe):
            granted = [self._subscribe(line, name, qos) for name, qos in frame.filters]
            if version != V5:
                granted = [min(code, codes.SUBSCRIPTION_FAILED) for code in granted]
            said = answers.suback(version, frame.packet_id, granted)
        else:
            found = [session.subscriptions.pop(name, None) is not None for name in frame.filters]
            done = [codes.SUCCESS if one else codes.NO_SUBSCRIPTION for one in found]
            said = answers.unsuback(version, frame.packet_id, done)
        if len(said) > line.terms.packet_bytes_max:
            line.end_with = Ending.OURS
            return answers.disconnect(line.terms, codes.TOO_LARGE)
        return said

    def _subscribe(self, line: Line, name: str, qos: int) -> int:
        """The QoS granted, or the code of MQTT 5 for why not."""
        own = _session(line).subscriptions
        if name.startswith("$share/"):
            return codes.NO_SHARED_SUBSCRIPTIONS
        if not filters.valid(name):
            return codes.FILTER_INVALID
        if name not in own and len(own) >= SUBSCRIPTIONS_MAX:
            return codes.QUOTA_EXCEEDED
        if line.entry is None or not commands.may_subscribe(line.entry.name, name):
            return codes.NOT_AUTHORIZED
        own[name] = min(qos, QOS_GRANTED_MAX)
        return own[name]

    def _list_unknown(self, line: Line, frame: packets.Publish, batch: Batch) -> None:
        admission = line.admission
        assert admission is not None, "the codec lets nobody publish who has not presented himself"
        who = (admission.name, line.client_id, line.peer, admission.credential_hash)
        batch.keep(Unknown(*who, frame.topic, frame.payload, batch.arrival_ns))

    def _count_broken(self, line: Line, reason: Reason, detail: str, batch: Batch) -> None:
        self._intake.counts.add("protocol_errors")
        name = line.entry.name if line.entry is not None else ""
        batch.keep(Quarantined(name, "", reason, f"{line.peer}: {detail}", b"", batch.arrival_ns))


def _session(line: Line) -> DeviceSession:
    assert line.session is not None, "the codec lets nobody speak who has not presented himself"
    return line.session


def _agreed(frame: packets.Connect) -> dict[int, Any]:
    """What differs from what a client of MQTT 5 asked for."""
    if frame.terms.version != V5:
        return {}
    agreed: dict[int, Any] = {}
    if not frame.client_id:
        agreed[Name.ASSIGNED_CLIENT_ID] = f"flameblue-{secrets.token_hex(6)}"
    if not 0 < frame.keep_alive_s <= KEEP_ALIVE_S_MAX:
        agreed[Name.SERVER_KEEP_ALIVE_S] = KEEP_ALIVE_S_MAX
    if frame.terms.session_s > SESSION_S_MAX:
        agreed[Name.SESSION_EXPIRY_S] = SESSION_S_MAX
    return agreed
