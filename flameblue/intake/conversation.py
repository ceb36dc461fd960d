"""What is answered to a device, frame by frame. No sockets: answers are returned, lines are told to end.

Promises: an unknown device is refused (return code 5), a wrong credential likewise (4), but for the pairing
window, where an unknown one is taken in, acknowledged and listed; a device may publish to its own topic only;
a device whose connection is lost (with a will, or beyond its keep-alive) is reported, and again when back.
"""

from dataclasses import replace
from typing import Any

from flameblue.domain.limits import CONNECTIONS_PER_DEVICE_MAX
from flameblue.intake.decode import Message
from flameblue.intake.directory import Admission, DeviceEntry, Outcome
from flameblue.intake.lines import Ending, Line
from flameblue.intake.protocol import Broken
from flameblue.intake.protocols.mqtt import codec
from flameblue.intake.quarantine import Quarantined, Unknown
from flameblue.intake.reasons import Reason
from flameblue.intake.reception import Batch, Intake

KEEP_ALIVE_FACTOR = 1.5  # [MQTT 3.1.1, 3.1.2.10]
QUIET_S_MAX = 65_535 * KEEP_ALIVE_FACTOR  # without a keep-alive: the longest that could be asked for
REFUSALS = {
    Outcome.UNKNOWN: (codec.NOT_ALLOWED, Reason.UNKNOWN_DEVICE),
    Outcome.WRONG_CREDENTIAL: (codec.WRONG_CREDENTIAL, Reason.WRONG_CREDENTIAL),
}


class Conversation:
    """The lines that have presented themselves, and what is said on them."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._lines: dict[str, dict[str, Line]] = {}  # by device and client id
        self._lost: set[str] = set()

    def answer(self, line: Line, frame: Any, batch: Batch) -> bytes:
        """Does what `frame` asks, into `batch`, and returns what is to be sent once the batch is durable."""
        if isinstance(frame, codec.Publish):
            return self._publish(line, frame, batch)
        match frame:
            case codec.Connect():
                return self._connect(line, frame, batch)
            case codec.Unacceptable(reason=reason):
                self._count_broken(line, Reason.PROTOCOL, reason, batch)
                line.end_with = Ending.BROKEN
            case codec.Disconnect():
                line.end_with = Ending.GOODBYE
            case Broken(reason=reason, oversized=oversized):
                self._count_broken(line, Reason.OVERSIZED if oversized else Reason.PROTOCOL, reason, batch)
                line.end_with = Ending.BROKEN
        return codec.reply(frame)

    def ended(self, line: Line, batch: Batch) -> None:
        """The line is gone, and all its frames were answered."""
        entry = line.entry
        if entry is None:
            return
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
            batch.connection(self._intake.directory.reach(entry), lost=True)

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
            if now is None:
                return False
            line.entry = now
        return True

    def _became_known(self, line: Line) -> bool:
        directory, admission = self._intake.directory, line.admission
        assert admission is not None
        return admission.name in directory.devices or admission.credential_hash in directory.by_credential

    def _connect(self, line: Line, frame: codec.Connect, batch: Batch) -> bytes:
        user = frame.user or ""
        password = None if frame.password is None else frame.password.decode("utf-8", "backslashreplace")
        directory = self._intake.directory
        admission = directory.admit(user, password, batch.arrival_ns, line.certified)
        if not user and line.certified is None:
            admission = replace(admission, name=frame.client_id or line.peer, credential_hash="")
        line.admission, line.client_id, line.has_will = admission, frame.client_id, frame.will is not None
        if admission.outcome in REFUSALS:
            return self._refuse(line, admission, batch)
        line.patience_s = frame.keep_alive_s * KEEP_ALIVE_FACTOR or QUIET_S_MAX
        line.speak_by_s = self._intake.clock.monotonic_s() + line.patience_s
        if admission.device is not None:
            line.entry, line.checked = admission.device, directory
            self._welcome(line, admission.device, batch)
        self._intake.counts.add("connects")
        return codec.reply(frame)

    def _refuse(self, line: Line, admission: Admission, batch: Batch) -> bytes:
        code, reason = REFUSALS[admission.outcome]
        known = admission.name if reason is Reason.WRONG_CREDENTIAL else ""
        detail = f"{admission.name} ({line.client_id or 'no client id'}) from {line.peer}: {admission.reason}"
        batch.keep(Quarantined(known, "", reason, detail, b"", batch.arrival_ns))
        self._intake.counts.add("refused")
        line.end_with = Ending.OURS
        return bytes((0x20, 2, 0, code))

    def _welcome(self, line: Line, entry: DeviceEntry, batch: Batch) -> None:
        """The newest line of a client id counts; a device has a few lines at most."""
        lines = self._lines.setdefault(entry.name, {})
        old = lines.pop(line.client_id, None)
        if old is None and len(lines) >= CONNECTIONS_PER_DEVICE_MAX:
            old = lines.pop(next(iter(lines)))
        if old is not None:
            self._intake.counts.add("taken_over")
            old.abort(Ending.OURS)
        lines[line.client_id] = line
        if entry.name in self._lost:
            self._lost.discard(entry.name)
            batch.connection(self._intake.directory.reach(entry), lost=False)

    def _publish(self, line: Line, frame: codec.Publish, batch: Batch) -> bytes:
        if not self.may_stay(line):
            line.end_with = Ending.OURS
            return b""
        entry = line.entry
        if entry is None:
            self._list_unknown(line, frame, batch)
        else:
            batch.take(self._intake, entry, Message(frame.topic, frame.payload))
        return codec.puback(frame.packet_id) if frame.packet_id else b""

    def _list_unknown(self, line: Line, frame: codec.Publish, batch: Batch) -> None:
        admission = line.admission
        assert admission is not None, "the codec lets nobody publish who has not presented himself"
        who = (admission.name, line.client_id, line.peer, admission.credential_hash)
        batch.keep(Unknown(*who, frame.topic, frame.payload, batch.arrival_ns))

    def _count_broken(self, line: Line, reason: Reason, detail: str, batch: Batch) -> None:
        self._intake.counts.add("protocol_errors")
        name = line.entry.name if line.entry is not None else ""
        batch.keep(Quarantined(name, "", reason, f"{line.peer}: {detail}", b"", batch.arrival_ns))
