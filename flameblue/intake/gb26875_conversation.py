"""What is answered to transmitters of GB/T 26875.3: a confirm (3) once it is on disk, a denial (6) where it can't be.

Promises: a transmitter is whoever has its source address, on any line; an unknown one is denied, but for the pairing
window, where it is confirmed and listed; one whose model is missing is denied and told by its name; a frame is either
taken and confirmed or denied and counted, never both; one that was sent again is confirmed again and taken once, as far
as the first is on disk or shares the line's fate; who is not heard for `quiet_s` is lost, with a line or without; a
frame from outside the device's networks is confirmed and kept in quarantine, and changes nothing but the device's own
fault (origins.py).
Source: GB/T 26875.3-2011, 6.5 (exchanges, 6.5.3 what is denied, 6.5.4 re-sends), 6.6 (the frame).
"""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from flameblue.domain.limits import GB26875_REMEMBERED_MAX, GB26875_SENT_AGAIN_S
from flameblue.domain.readings import NS_PER_S, Mark
from flameblue.intake.connection_news import ConnectionNews
from flameblue.intake.conversation import Farewell
from flameblue.intake.decode import Message
from flameblue.intake.directory import DeviceEntry, model_is_missing
from flameblue.intake.gb26875_exchanges import Exchanges, Speaker
from flameblue.intake.lines import Answer, Ending, Line
from flameblue.intake.payloads.gb26875_unit.codec import (
    DEVICE_KEY,
    DEVICE_STATE,
    WITH_READINGS,
    own_troubles,
    part_of,
    topic,
)
from flameblue.intake.protocols.gb26875 import numbers, objects
from flameblue.intake.protocols.gb26875.codec import Frame, Heartbeat, Refused, encode
from flameblue.intake.protocols.gb26875.fields import CENTURY, YEAR_MAX, number, time_label
from flameblue.intake.quarantine import Quarantined, Unknown
from flameblue.intake.reasons import Reason
from flameblue.intake.reception import Batch, Intake
from flameblue.intake.taken import Taken

PROTOCOL = "gb26875"
WITHOUT_REPLY = frozenset({numbers.ACKNOWLEDGE, numbers.ANSWER, numbers.DENY})  # 6.5: they end an exchange


class Heard(NamedTuple):
    """A device that has spoken: on which line last, when (monotonic) it will be lost without one, its last frame."""

    line: Line
    lost_at_s: float
    last: Frame | None


class Said(NamedTuple):
    """A frame of a known device, and the mark of where it came from. `asked`: somebody wanted to see what it holds."""

    frame: Frame
    entry: DeviceEntry
    origin: int
    asked: bool


class Gb26875Conversation:
    """The transmitters' lines, who speaks on them, and what they have sent a moment ago."""

    def __init__(self, intake: Intake, quiet_s: float) -> None:
        self._intake = intake
        self._quiet_s = quiet_s
        self._heard: dict[str, Heard] = {}  # by device
        self._lost: set[str] = set()
        self._taken = Taken(GB26875_SENT_AGAIN_S, GB26875_REMEMBERED_MAX)
        self._labels: dict[
            float, tuple[int, bytes]
        ] = {}  # by minutes from UTC: the second, and its time label
        self._exchanges = Exchanges(intake.clock, intake.commands, self._speaker)
        self.news = ConnectionNews(intake)
        intake.commands.serve(PROTOCOL, self._exchanges.begin, intake.clock.now_ns())

    def answer(self, frame: Any, answer: Answer, batch: Batch) -> bytes:
        """Takes what the frame brings, into `batch`; confirm or denial, or nothing where none is due."""
        line = answer.line
        if line.is_leaving():
            return b""
        match frame:
            case Frame():
                return self._frame(frame, answer, batch)
            case Heartbeat():
                self._heartbeat(line)
            case Refused(why=why, data=data, frame=None):
                self._count_bad(line, f"at byte {frame.at}: {why}", data, batch)
            case Refused(why=why, frame=Frame() as wrong):
                self._count_bad(line, why, frame.data, batch)
                return self._deny(wrong) if wrong.command not in WITHOUT_REPLY else b""
        return b""

    def delivered(self, answer: Answer) -> None:
        """What was taken is on disk: sent again, on any line, it is only confirmed."""
        self._taken.kept(answer.received)

    def relieved(self, _line: Line) -> None:
        """Nothing waits for it."""

    def dismiss(self, line: Line, _why: Farewell, ending: Ending) -> None:
        """The standard knows no farewell."""
        line.dismiss(b"", ending)

    def send_away(self, line: Line, _why: Farewell) -> None:
        """Likewise."""
        line.send_away(b"", self._intake.clock.monotonic_s())

    def ended(self, line: Line) -> None:
        """Who spoke on it last is lost at once where the line was quiet too long, else when he stays away."""
        if line.ending is not Ending.EXPIRED:
            return
        for name in [name for name, heard in self._heard.items() if heard.line is line]:
            self._lose(name)

    def may_stay(self, _line: Line) -> bool:
        """Each frame is looked at for itself."""
        return True

    def expire(self, now_s: float) -> None:
        """Who has not come back is lost; frames are forgotten that can't come again; what we asked is sent again."""
        self._exchanges.expire(now_s)
        for name in [name for name, heard in self._heard.items() if heard.lost_at_s < now_s]:
            line = self._heard[name].line
            if line.closed or not line.waits_for_us():
                self._lose(name)
        self._taken.expire(now_s)

    def _frame(self, frame: Frame, answer: Answer, batch: Batch) -> bytes:
        line, command = answer.line, frame.command
        entry = self._intake.directory.at(PROTOCOL, frame.source.hex(), self._intake.profiles)
        if entry is None:
            return self._stranger(frame, line, batch)
        origin = self._intake.origins.marks(entry, line.peer)
        if origin & Mark.FOREIGN:
            return self._foreign(frame, entry, line, batch)
        self._hear(entry, line, frame)
        is_asked = self._exchanges.heard(entry.name, frame)
        if command in (numbers.ACKNOWLEDGE, numbers.DENY):
            return b""
        if command not in (numbers.SEND, numbers.ANSWER):
            why = f"command {command}, {numbers.word(numbers.COMMANDS, command).en}, is nothing that a centre is sent"
            return self._refuse(frame, entry, why, batch)
        try:
            objects.read(frame.unit)
        except objects.BadUnit as error:
            return self._refuse(frame, entry, f"at byte {error.at} of the unit: {error}", batch)
        self._take(Said(frame, entry, origin, is_asked), answer, batch)
        return self._confirm(frame, entry) if command == numbers.SEND else b""

    def _take(self, said: Said, answer: Answer, batch: Batch) -> None:
        frame, unit = said.frame, said.frame.unit
        if not unit or unit[0] not in WITH_READINGS:  # a heartbeat, or what no reading is made of
            self._intake.counts.add("gb26875_without_readings")
            return
        stamp, content = hash((frame.source, frame.serial)), hash(frame)
        now_s = self._intake.clock.monotonic_s()
        if self._taken.holds(stamp, content, answer.line, now_s):
            self._intake.counts.add("duplicates")
            answer.line.fruit.came()
            return
        self._taken.add(stamp, content, answer.line, now_s)
        answer.received.append((stamp, content))
        if unit[0] == DEVICE_STATE and DEVICE_KEY not in said.entry.points:
            self._own_state(said, batch)
        else:
            message = Message(topic(unit), unit, origin=said.origin, asked=said.asked)
            batch.take(self._intake, said.entry, message)

    def _own_state(self, said: Said, batch: Batch) -> None:
        """A transmitter's state of itself, which no point of it is for. What is wrong with it unasked has to be seen by
        somebody; a mark on another point would end what that point's own bits say."""
        self._intake.counts.add("gb26875_without_readings")
        words = own_troubles(said.frame.unit)
        if words and not said.asked:
            detail = f"its own state: {', '.join(words)}; a point with the key {DEVICE_KEY} makes it a fault"
            where, sample = topic(said.frame.unit), _shown(said.frame)
            kept = (said.entry.name, where, Reason.UNKNOWN_KEY, detail, sample, batch.arrival_ns)
            batch.keep(Quarantined(*kept, keys=(DEVICE_KEY,)))

    def _heartbeat(self, line: Line) -> None:
        """Its bytes name nobody for sure, and nobody has seen it answered: who spoke on the line before is alive."""
        self._intake.counts.add("gb26875_heartbeats")
        entry = line.entry
        if entry is not None and entry.name in self._intake.directory.devices:
            self._hear(entry, line)

    def _hear(self, entry: DeviceEntry, line: Line, frame: Frame | None = None) -> None:
        now_s, before = self._intake.clock.monotonic_s(), self._heard.get(entry.name)
        if before is None:
            self._intake.counts.add("connects")
        last = frame or (before.last if before is not None else None)
        self._heard[entry.name] = Heard(line, now_s + self._quiet_s, last)
        line.entry = entry
        self._let_stay(line, now_s)
        if entry.name in self._lost:
            self._lost.discard(entry.name)
            self.news.tell(entry.name, self._intake.directory.reach(entry), lost=False)

    def _speaker(self, name: str) -> Speaker | None:
        """How the device `name` is spoken to: on its newest line, in the addresses and version of its own frames."""
        entry, heard = self._intake.directory.devices.get(name), self._heard.get(name)
        if entry is None or heard is None or heard.last is None or heard.line.closed:
            return None
        profile = self._intake.profiles.get(entry.profile)
        return Speaker(heard.line, heard.last, None if profile is None else profile.utc_offset_min)

    def _let_stay(self, line: Line, now_s: float) -> None:
        if line.end_with is None:
            line.patience_s = self._quiet_s
            line.speak_by_s = now_s + self._quiet_s

    def _lose(self, name: str) -> None:
        del self._heard[name]
        entry = self._intake.directory.devices.get(name)
        if entry is not None:
            self._lost.add(name)
            self._intake.counts.add("connections_lost")
            self.news.tell(name, self._intake.directory.reach(entry), lost=True)

    def _stranger(self, frame: Frame, line: Line, batch: Batch) -> bytes:
        """One whose address is no device's."""
        address, where = frame.source.hex(), topic(frame.unit)
        is_replied = frame.command not in WITHOUT_REPLY
        known = self._intake.directory.without_model(address, self._intake.profiles)
        if known is None and batch.arrival_ns < self._intake.directory.pairing_until_ns:
            sent = (where, _shown(frame), batch.arrival_ns)
            batch.keep(Unknown(address, address, line.peer, "", *sent, part=part_of(frame.unit)))
            self._let_stay(line, self._intake.clock.monotonic_s())
            return self._confirm(frame, None) if is_replied else b""
        line.patience_s = 0.0  # it does not stay for speaking
        name, reason = "", Reason.UNKNOWN_DEVICE
        detail = f"address {address} ({number(frame.source)}) from {line.peer}"
        if known is not None:
            name, reason, detail = known.name, Reason.NO_PROFILE, f"{model_is_missing(known)}; {detail}"
        item = Quarantined(name, where, reason, detail, _shown(frame), batch.arrival_ns)
        batch.keep(item, owed=False)
        self._intake.counts.add("refused")
        return self._deny(frame) if is_replied else b""

    def _foreign(self, frame: Frame, entry: DeviceEntry, line: Line, batch: Batch) -> bytes:
        """From outside the device's networks: confirmed, since a transmitter that is not would hang, and believed in
        nothing. It is not heard of, answers nothing of ours, and its bytes keep no true frame from being taken."""
        self._intake.counts.add("gb26875_foreign")
        self._let_stay(line, self._intake.clock.monotonic_s())
        unit = frame.unit
        detail = f"from {line.peer}; allowed: {entry.allowed}"
        reason = Reason.FOREIGN_ADDRESS
        batch.keep(Quarantined(entry.name, topic(unit), reason, detail, _shown(frame), batch.arrival_ns))
        batch.take(self._intake, entry, Message(topic(unit), unit, origin=int(Mark.FOREIGN)))
        return self._confirm(frame, entry) if frame.command not in WITHOUT_REPLY else b""

    def _refuse(self, frame: Frame, entry: DeviceEntry, why: str, batch: Batch) -> bytes:
        self._intake.counts.add("gb26875_bad_frames")
        where = topic(frame.unit)
        item = Quarantined(entry.name, where, Reason.BAD_FRAME, why, _shown(frame), batch.arrival_ns)
        batch.keep(item, owed=False)
        return self._deny(frame) if frame.command not in WITHOUT_REPLY else b""

    def _count_bad(self, line: Line, why: str, data: bytes, batch: Batch) -> None:
        """Whoever `data` says that it is of: what is wrong in it may be just that."""
        self._intake.counts.add("gb26875_bad_frames")
        name = line.entry.name if line.entry is not None else ""
        detail = f"{line.peer}: {why}"
        item = Quarantined(
            name, topic(b""), Reason.BAD_FRAME, detail, data.hex(" ").encode(), batch.arrival_ns
        )
        batch.keep(item, owed=False)

    def _confirm(self, frame: Frame, entry: DeviceEntry | None) -> bytes:
        return _reply(frame, numbers.ACKNOWLEDGE, self._now_at(entry) or frame.time)

    def _deny(self, frame: Frame) -> bytes:
        self._intake.counts.add("gb26875_denied")
        return _reply(frame, numbers.DENY, frame.time)

    def _now_at(self, entry: DeviceEntry | None) -> bytes | None:
        """Our time by the device's clock; None where nobody has said how far from UTC that is."""
        profile = None if entry is None else self._intake.profiles.get(entry.profile)
        if profile is None or profile.utc_offset_min is None:
            return None
        second, offset_min = self._intake.clock.now_ns() // NS_PER_S, profile.utc_offset_min
        known = self._labels.get(offset_min)
        if known is None or known[0] != second:
            local = datetime.fromtimestamp(second, UTC) + timedelta(minutes=offset_min)
            if not CENTURY <= local.year <= CENTURY + YEAR_MAX:
                return None
            known = self._labels[offset_min] = (second, time_label(local))
        return known[1]


def _reply(frame: Frame, command: int, time: bytes) -> bytes:
    """Bears the frame's serial number and version, and goes back to where it came from."""
    return encode(
        Frame(frame.serial, frame.major, frame.user, time, frame.destination, frame.source, command, b"")
    )


def _shown(frame: Frame) -> bytes:
    """The whole frame as hex, which `flameblue decode` takes."""
    return encode(frame).hex(" ").encode()
