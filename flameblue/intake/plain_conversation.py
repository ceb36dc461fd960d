"""What is answered on the lines of a protocol that another package brings: its reply, once the readings are on disk.

Promises: only devices whose profile names the protocol are heard, one with a credential only with it; who is refused
is denied and told in quarantine, or listed while pairing; a device is lost with the line on which it spoke last.
Whether a message came twice, the protocol and its payload have to know.
"""

from typing import Any

from flameblue.domain.limits import TOPIC_BYTES_MAX
from flameblue.intake.connection_news import ConnectionNews
from flameblue.intake.conversation import Farewell
from flameblue.intake.decode import Message
from flameblue.intake.directory import DeviceEntry, Outcome, model_is_missing
from flameblue.intake.lines import Answer, Ending, Line
from flameblue.intake.protocol import Broken, Said
from flameblue.intake.quarantine import Quarantined, Unknown
from flameblue.intake.reasons import Reason
from flameblue.intake.reception import Batch, Intake

_FIELDS = (("device", str), ("topic", str), ("payload", bytes), ("credential", str))
_ANSWERS = (("reply", bytes), ("denial", bytes))


class PlainConversation:
    """The lines of `protocol`, and who spoke on them last."""

    def __init__(self, intake: Intake, protocol: str, quiet_s: float) -> None:
        self._intake = intake
        self._protocol = protocol
        self._quiet_s = quiet_s
        self._heard: dict[str, Line] = {}  # by device, on which line last
        self._lost: set[str] = set()
        self.news = ConnectionNews(intake)

    def answer(self, frame: Any, answer: Answer, batch: Batch) -> bytes:
        """Takes what the frame brings, into `batch`; the reply that it bears, or its denial."""
        line = answer.line
        if line.is_leaving():
            return b""
        match frame:
            case Said() if _is_sound(frame):
                return self._said(frame, line, batch)
            case Broken(reason=why, oversized=oversized, farewell=farewell):
                self._refuse(line, Reason.OVERSIZED if oversized else Reason.PROTOCOL, why, batch)
                line.end_with = Ending.BROKEN
                return farewell
        what = f"the protocol {self._protocol} yields a {type(frame).__name__} that is no message"
        self._refuse(line, Reason.OUR_FAULT, what, batch)
        line.end_with = Ending.OURS
        return b""

    def delivered(self, answer: Answer) -> None:
        """Nothing waits for it."""

    def relieved(self, line: Line) -> None:
        """Likewise."""

    def dismiss(self, line: Line, _why: Farewell, ending: Ending) -> None:
        """A protocol's farewell is in what it yields; there is none for an end of ours."""
        line.dismiss(b"", ending)

    def send_away(self, line: Line, _why: Farewell) -> None:
        """Likewise."""
        line.send_away(b"", self._intake.clock.monotonic_s())

    def ended(self, line: Line) -> None:
        """Who spoke on it last is lost."""
        for name in [name for name, heard in self._heard.items() if heard is line]:
            del self._heard[name]
            entry = self._intake.directory.devices.get(name)
            if entry is not None:
                self._lost.add(name)
                self._intake.counts.add("connections_lost")
                self.news.tell(name, self._intake.directory.reach(entry), lost=True)

    def may_stay(self, _line: Line) -> bool:
        """Each message is looked at for itself."""
        return True

    def expire(self, now_s: float) -> None:
        """Nothing was promised."""

    def _said(self, said: Said, line: Line, batch: Batch) -> bytes:
        entry = self._intake.directory.devices.get(said.device)
        profile = None if entry is None else self._intake.profiles.get(entry.profile)
        if entry is None or profile is None or profile.protocol != self._protocol:
            return self._stranger(said, line, batch)
        if entry.credential_hash and not self._presents_itself(said, batch.arrival_ns):
            return self._deny(said, line, Reason.WRONG_CREDENTIAL, batch)
        self._hear(entry, line)
        batch.take(self._intake, entry, Message(said.topic, said.payload))
        return said.reply

    def _presents_itself(self, said: Said, now_ns: int) -> bool:
        admission = self._intake.directory.admit(said.device, said.credential or None, now_ns)
        return admission.outcome is Outcome.DEVICE

    def _hear(self, entry: DeviceEntry, line: Line) -> None:
        if entry.name not in self._heard:
            self._intake.counts.add("connects")
        self._heard[entry.name] = line
        line.entry = entry
        self._let_stay(line)
        if entry.name in self._lost:
            self._lost.discard(entry.name)
            self.news.tell(entry.name, self._intake.directory.reach(entry), lost=False)

    def _let_stay(self, line: Line) -> None:
        if line.end_with is None:
            line.patience_s = self._quiet_s
            line.speak_by_s = self._intake.clock.monotonic_s() + self._quiet_s

    def _stranger(self, said: Said, line: Line, batch: Batch) -> bytes:
        """A name that is no device's, or one's of another protocol, which is nobody's business here."""
        is_free = said.device not in self._intake.directory.devices
        if is_free and batch.arrival_ns < self._intake.directory.pairing_until_ns:
            presented = self._intake.directory.admit(said.device, said.credential or None, batch.arrival_ns)
            hashed = presented.credential_hash if said.credential else ""
            sent = (said.topic, said.payload, batch.arrival_ns)
            batch.keep(Unknown(said.device, said.device, line.peer, hashed, *sent))
            self._let_stay(line)
            return said.reply
        return self._deny(said, line, Reason.UNKNOWN_DEVICE, batch)

    def _deny(self, said: Said, line: Line, reason: Reason, batch: Batch) -> bytes:
        line.patience_s = 0.0  # it does not stay for speaking
        name, detail = "", f"{said.device[:64]!r} from {line.peer} over {self._protocol}"
        known = self._intake.directory.devices.get(said.device)
        if known is not None and known.profile not in self._intake.profiles:
            name, reason, detail = known.name, Reason.NO_PROFILE, f"{model_is_missing(known)}; {detail}"
        item = Quarantined(name, said.topic, reason, detail, said.payload, batch.arrival_ns)
        batch.keep(item, owed=False)
        self._intake.counts.add("refused")
        return said.denial

    def _refuse(self, line: Line, reason: Reason, why: str, batch: Batch) -> None:
        name = line.entry.name if line.entry is not None else ""
        detail = f"{line.peer}: {why}"
        item = Quarantined(name, f"{self._protocol}/", reason, detail, b"", batch.arrival_ns)
        batch.keep(item, owed=False)


def _is_sound(said: Said) -> bool:
    """Whether its fields are what they promise to be: another package's code made them."""
    fits = all(isinstance(getattr(said, name), kind) for name, kind in (*_FIELDS, *_ANSWERS))
    return fits and 0 < len(said.topic) <= TOPIC_BYTES_MAX
