"""The manner of DL/T 645-2007: data identifiers are read, bytes come. Pure.

A point is told whole or not at all: where the item of its states did not come, its value alone would say that the
device's own alarm is over. Bytes that are no number of the model's form are told as they are, and no reading.
Source: DL/T 645-2007, 5.2.3 (control code), 7.1 (reading, and what follows), annex A (BCD, all ones).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from flameblue.intake.asking.manner import Bounds, Manner
from flameblue.intake.asking.round_trips import Failure, NoAnswer
from flameblue.intake.protocols.dlt645 import controls, values
from flameblue.intake.protocols.dlt645.codec import PREAMBLE_MAX, Frame, encode
from flameblue.intake.protocols.dlt645.values import NO_VALUE
from flameblue.intake.protocols.layouts import Misfit
from flameblue.intake.samples import Sample
from flameblue.profiles.items import ErrorWord, Item
from flameblue.profiles.loader import Profile, ProfilePoint

ANY = 0xAAAA_AAAA_AAAA  # whichever device is there: for a line with one (5.2.2)
ADDRESS_DIGITS = 12


class Question(NamedTuple):
    """The data behind one identifier. `error_word`: how this model numbers the bits of its refusals."""

    identifier: str
    error_word: ErrorWord = "standard"

    def __str__(self) -> str:
        return f"identifier {self.identifier}"


Came = Sequence[tuple[Question, bytes]]
Read = Mapping[str, bytes]


class Metering(Manner[Question, bytes]):
    """See Manner. A device's number is its address, a half byte a digit: 000000000161 is 0x161."""

    name = "dlt645"

    def bounds(self, profile: Profile) -> Bounds | None:
        asking = profile.dlt645
        return None if asking is None else Bounds(asking.pause_ms / 1000, asking.timeout_ms / 1000)

    def questions(self, profile: Profile, keys: Iterable[str]) -> Sequence[Question]:
        assert profile.dlt645 is not None
        points = [profile.points[key] for key in keys if key in profile.points]
        wanted = sorted({item.identifier for point in points for item in items(point)})
        return tuple(Question(identifier, profile.dlt645.error_word) for identifier in wanted)

    def sample(self, profile: Profile, came: Came, *, online: bool | None = None) -> Sample:
        read = {question.identifier: data for question, data in came}
        told: dict[str, Any] = {}
        states: dict[str, Any] = {}
        for key, point in profile.points.items():
            if point.item is None or any(item.identifier not in read for item in items(point)):
                continue
            meant = [word for item, meanings in point.item_states for word in _meant(item, meanings, read)]
            if any(_bytes(item, read) is None for item, _ in point.item_states):
                told[key] = "its state is not in the answer"
                continue
            told[key] = number(point.item, read)
            if meant:
                states[key] = meant
        return Sample(None, told, states, online=online)

    def written(self, came: Came) -> bytes:
        return "\n".join(f"{question.identifier}: {data.hex()}" for question, data in came).encode()

    def spelled(self, unit: int) -> str:
        return f"{unit:0{ADDRESS_DIGITS}x}"


METERING = Metering()


def items(point: ProfilePoint) -> list[Item]:
    """The items behind a point: its value's, and its states'."""
    return [] if point.item is None else [point.item, *(item for item, _ in point.item_states)]


def _bytes(item: Item, read: Read) -> bytes | None:
    """Its bytes; None: the answer ends before them."""
    data = read[item.identifier]
    return data[item.at : item.end] if len(data) >= item.end else None


def number(item: Item, read: Read) -> int | str | None:
    """The number that stands there; None: the device says that it has none. A text: why there is none."""
    data = _bytes(item, read)
    if data is None:
        return f"the answer has {len(read[item.identifier])} bytes, not {item.end}"
    if item.form == "bin":
        found = int.from_bytes(data, "little")
        return (found if item.mask is None else found & item.mask) >> item.shift
    if data.count(NO_VALUE) == len(data):
        return None
    try:
        found = int(values.read(values.Item("", item.size, signed=item.sign != "none"), data))
    except ValueError as error:
        return str(error)
    return abs(found) if item.sign == "drop" else found


def _meant(item: Item, meanings: Mapping[int, tuple[str, ...]], read: Read) -> tuple[str, ...]:
    if _bytes(item, read) is None:
        return ()
    found = number(item, read)
    return meanings.get(found, ()) if isinstance(found, int) else ()


def request(unit: int, question: Question, sequence: int = 0) -> bytes:
    """The frame that asks, with the bytes that wake a sleeping device (5.3.1). `sequence`: of a part that follows."""
    fields: dict[str, Any] = {"data_identifier": question.identifier}
    code = controls.READ
    if sequence:
        code, fields = controls.READ_MORE, fields | {"sequence": sequence}
    return encode(METERING.spelled(unit), code, controls.encode(code, fields), PREAMBLE_MAX)


class Part(NamedTuple):
    """One frame of an answer. `follows`: it is not the last."""

    data: bytes
    follows: bool


def part(frame: Frame, unit: int, question: Question, sequence: int = 0) -> Part | None:
    """What `frame` gives of the answer to `request`; None: it is no answer to it. Raises NoAnswer."""
    if unit != ANY and frame.address != METERING.spelled(unit):
        return None
    found = controls.control(frame.control)
    if not found.answer:
        return None  # our own question, as a converter may echo it
    if found.edition == controls.OLD:
        raise NoAnswer(
            Failure.REFUSED,
            f"{question}: it answers by the edition of 1997, which is recognised and not asked",
        )
    if found.function != (controls.READ_MORE if sequence else controls.READ):
        return None
    if found.abnormal:
        raise NoAnswer(Failure.REFUSED, f"{question}: {refusal(frame.data, question.error_word)}")
    try:
        fields = controls.decode(frame.control, frame.data)
    except Misfit:
        return None
    if fields["data_identifier"] != question.identifier or fields.get("sequence", 0) != sequence:
        return None
    return Part(fields["data"], found.follows)


class Judge:
    """Says of frames whether they answer a question. `stray`: why the last that answers another does not."""

    def __init__(self, unit: int, question: Question, sequence: int) -> None:
        self._asked = (unit, question, sequence)
        self.stray: NoAnswer | None = None

    def part(self, frame: Frame) -> Part | None:
        """As `part`. Raises NoAnswer."""
        found = part(frame, *self._asked)
        if found is None and controls.control(frame.control).answer:
            self.stray = _stray(frame, *self._asked)
        return found


def _stray(frame: Frame, unit: int, question: Question, sequence: int) -> NoAnswer:
    wanted, found = METERING.spelled(unit), controls.control(frame.control)
    if unit != ANY and frame.address != wanted:
        return NoAnswer(
            Failure.OTHER_ADDRESS, f"{question}: {frame.address} answers in the place of {wanted}"
        )
    what = f"control code {frame.control:02X}H"
    if found.function in (controls.READ, controls.READ_MORE):
        try:
            fields = controls.decode(frame.control, frame.data)
        except Misfit:
            what = f"{len(frame.data)} bytes, in which no identifier fits"
        else:
            what = f"the identifier {fields['data_identifier']}"
            if fields["data_identifier"] == question.identifier:
                what = f"part {fields.get('sequence', 0)}, and part {sequence} was asked for"
    return NoAnswer(Failure.OTHER_ANSWER, f"{question}: the answer has {what}")


def refusal(data: bytes, custom: ErrorWord) -> str:
    """What an abnormal answer says, in words."""
    if not data:
        return "it refuses, and says no reason"
    by = controls.errors(data[0])["by_the_standard" if custom == "standard" else "one_bit_lower"]
    return f"error word {data[0]:02X}H, {', '.join(by) or 'not defined'}"
