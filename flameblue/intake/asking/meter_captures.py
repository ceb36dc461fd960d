"""Captured frames of DL/T 645 looked at with a device model: which answers among them are its. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from flameblue.domain.errors import BadInput
from flameblue.intake.asking import metering
from flameblue.intake.asking.metering import METERING, Question
from flameblue.intake.protocols.dlt645 import controls
from flameblue.intake.protocols.dlt645.codec import Frame, Session
from flameblue.intake.protocols.layouts import Misfit
from flameblue.profiles.loader import Profile


@dataclass
class Capture:
    """What is known of the frames so far. `refused`: what the device would not give, in words."""

    questions: Sequence[Question]
    found: dict[Question, bytes] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)  # identifiers that the model does not read
    _asked: Question | None = None  # by the last request
    _begun: dict[Question, bytes] = field(default_factory=dict)  # whose last part has not come
    _address: str = ""

    def take(self, frame: Frame) -> None:
        """One frame, of either direction. BadInput: it can't be one of a device of this model."""
        said = controls.control(frame.control)
        if said.edition == controls.OLD:
            raise BadInput("It is a frame of DL/T 645-1997: such meters are recognised and not asked.")
        if said.function not in (controls.READ, controls.READ_MORE):
            return
        if said.answer:
            self._check_address(frame.address)
        if said.answer and said.abnormal:
            what = self._asked or Question("not known", self.questions[0].error_word)
            self.refused.append(f"{what}: {metering.refusal(frame.data, what.error_word)}")
            return
        try:
            fields = controls.decode(frame.control, frame.data)
        except Misfit as misfit:
            raise BadInput(f"The data of the frame at byte {frame.at}: {misfit.why}.") from misfit
        question = self._question(fields["data_identifier"])
        if not said.answer:
            self._asked = question
        elif question is not None:
            self._add(question, fields["data"], is_first=said.function == controls.READ, follows=said.follows)

    def _check_address(self, address: str) -> None:
        if self._address not in ("", address):
            raise BadInput(f"Two devices answer, {self._address} and {address}: give the frames of one.")
        self._address = address

    def _question(self, identifier: str) -> Question | None:
        for one in self.questions:
            if one.identifier == identifier:
                return one
        self.others.append(identifier)
        return None

    def _add(self, question: Question, data: bytes, *, is_first: bool, follows: bool) -> None:
        if question in self.found or (is_first and question in self._begun):
            raise BadInput(f"There are two answers to {question}.")
        self._begun[question] = self._begun.get(question, b"") + data
        if not follows:
            self.found[question] = self._begun.pop(question)


def captured(profile: Profile, data: bytes) -> Capture:
    """The answers of one device of this model among `data`. BadInput: there is none, or they are not of one device."""
    session = Session()
    frames = [*session.feed(data), *session.give_up()]
    if not frames:
        raise BadInput("There is no DL/T 645 frame with a right check sum in it.")
    capture = Capture(METERING.questions(profile, profile.points))
    for frame in frames:
        capture.take(frame)
    if not capture.found and not capture.refused:
        others = f"; these frames have {', '.join(dict.fromkeys(capture.others))}" if capture.others else ""
        reads = ", ".join(one.identifier for one in capture.questions)
        raise BadInput(f"No answer to a read is among these frames. The model reads {reads}{others}.")
    return capture


def unread(profile: Profile, came: Sequence[tuple[Question, bytes]]) -> Iterator[str]:
    """Answers that are longer than what the model reads of them: a sign that it is not this model's device."""
    items = [item for point in profile.points.values() for item in metering.items(point)]
    for question, data in came:
        end = max(item.end for item in items if item.identifier == question.identifier)
        if len(data) > end:
            yield f"{question} has {len(data)} bytes, and the model reads {end}"
