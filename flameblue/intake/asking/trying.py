"""A device model tried by hand: what a captured answer, or a device that is asked once, would give as readings."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from flameblue import plugins
from flameblue.domain.errors import BadInput
from flameblue.intake import payloads, protocols, telling, telling_messages
from flameblue.intake.asking import answers
from flameblue.intake.asking.addresses import address
from flameblue.intake.asking.blocks import READ_FUNCTIONS, Block, planned, wanted
from flameblue.intake.asking.describing import hints
from flameblue.intake.asking.meter_captures import captured, unread
from flameblue.intake.asking.meter_line import line
from flameblue.intake.asking.metering import ANY, METERING, items
from flameblue.intake.asking.poller import asked_once
from flameblue.intake.asking.wire import ClientLine
from flameblue.intake.decode import Draft, Known, Message, decode_samples_into
from flameblue.intake.directory import Directory
from flameblue.intake.payloads.gb26875_unit import codec
from flameblue.intake.protocols import modbus_pdu, modbus_rtu, modbus_tcp
from flameblue.intake.protocols.dlt645.addresses import DialIn, line_and_meter
from flameblue.intake.protocols.gb26875 import capture
from flameblue.intake.samples import Sample
from flameblue.profiles.items import told as items_told
from flameblue.profiles.loader import Profile
from flameblue.profiles.registers import told

GB26875 = "gb26875"
Found = tuple[Block, tuple[int, ...]]


def checked(profile: Profile) -> dict[str, Any]:
    """What the model says, in short, once its file was read. BadInput: it names what does not exist."""
    said: dict[str, Any] = {"profile": profile.name, "points": len(profile.points)}
    if profile.modbus is not None:
        registers = wanted(profile, profile.points)
        blocks = planned(profile.modbus, registers)
        said |= {"reads": [str(block) for block in blocks], "registers": told(dict.fromkeys(registers))}
        said["registers_read"] = sum(block.words for block in blocks)
        return said | ({"hints": slips} if (slips := hints(profile)) else {})
    if profile.push is not None:
        return said | {"push": profile.push.form, "signed": profile.push.signature is not None}
    if profile.dlt645 is not None:
        said["reads"] = [str(one) for one in METERING.questions(profile, profile.points)]
        wished = [item for point in profile.points.values() for item in items(point)]
        return said | {"items": items_told(dict.fromkeys(wished))}
    for key, name, package in (
        ("protocol", profile.protocol, protocols),
        ("payload", profile.payload, payloads),
    ):
        if name not in plugins.names(package):
            raise BadInput(f"{key}: there is no {name!r}; there are {', '.join(plugins.names(package))}.")
    return said | {"payload": profile.payload}


class Wish(NamedTuple):
    """On what a model is tried: a frame or payload that a person gave, or a device on `line`."""

    frame: str | None = None
    topic: str = ""
    line: str | None = None
    unit: int | None = None


def said_of(profile: Profile, wish: Wish | None, arrival_ns: int) -> Mapping[str, object]:
    """Of `wish`, the readings, had they come at `arrival_ns`; "error": not all could be taken. None: as `checked`."""
    if wish is None:
        return checked(profile)
    if wish.line is not None and profile.dlt645 is not None:
        if wish.unit is not None:
            raise BadInput("A meter has twelve digits: add ?meter= and them to the line, in quotes.")
        return asyncio.run(meter_asked(profile, wish.line, arrival_ns))
    if wish.line is not None:
        return asyncio.run(asked(profile, wish.line, wish.unit, arrival_ns))
    frame = wish.frame or ""
    if profile.dlt645 is not None:
        return of_meter_frames(profile, telling.given(frame), arrival_ns)
    if profile.modbus is not None:
        return of_frames(profile, telling.given(frame), arrival_ns)
    if profile.protocol == GB26875 and not wish.topic:
        return of_transmission(profile, telling.given(frame), arrival_ns)
    return next(telling.told_message(profile, telling.Given(frame, wish.topic), arrival_ns))


def of_transmission(profile: Profile, data: bytes, arrival_ns: int) -> Mapping[str, object]:
    """What the first frame of GB/T 26875.3 with a unit among `data` says. BadInput: there is none."""
    unit = capture.with_unit(data).unit
    return next(telling_messages.told(profile, Message(codec.topic(unit), unit), arrival_ns))


def of_frames(profile: Profile, data: bytes, arrival_ns: int) -> dict[str, Any]:
    """The readings in the answers among `data`: RTU or TCP frames, with the requests that they answer or without.

    BadInput: there is no answer that a device of this model gives, or it can't be told to which read.
    """
    if profile.modbus is None:
        raise BadInput(f"{profile.name} is not asked over Modbus.")
    blocks = planned(profile.modbus, wanted(profile, profile.points))
    capture = _Capture(blocks)
    for pdu in _pdus(data):
        capture.take(pdu)
    if not capture.found:
        raise BadInput(f"No answer to a read is among these frames. The reads are: {_named(blocks)}.")
    return _told(profile, [answers.sample(profile, answers.image(capture.found))], arrival_ns) | {
        "read": [str(block) for block, _ in capture.found]
    }


async def asked(profile: Profile, where: str, unit: int | None, arrival_ns: int) -> dict[str, Any]:
    """The device at `where` asked once. WorldFailed: it is not reached; BadInput: nobody knows its address."""
    if profile.modbus is None:
        raise BadInput(f"{profile.name} is not asked over Modbus.")
    number = profile.modbus.unit if unit is None else unit
    if number is None:
        raise BadInput("The model says no address: add --unit N.")
    samples, missing = await asked_once(ClientLine(address(where)), profile, number)
    said = _told(profile, samples, arrival_ns)
    if missing:
        said["error"] = {"why": each_once(missing.values())}
    return said


def of_meter_frames(profile: Profile, data: bytes, arrival_ns: int) -> dict[str, Any]:
    """The readings in a meter's answers among `data`, with their requests or without. BadInput: there are none."""
    capture = captured(profile, data)
    came = list(capture.found.items())
    said = _told(profile, [METERING.sample(profile, came)], arrival_ns)
    said["read"] = [str(question) for question, _ in came]
    troubles = [
        *([said["error"]["why"]] if "error" in said else []),
        *capture.refused,
        *unread(profile, came),
    ]
    return said | ({"error": {"why": "; ".join(troubles)}} if troubles else {})


async def meter_asked(profile: Profile, where: str, arrival_ns: int) -> dict[str, Any]:
    """The meter at `where` asked once; whichever is there, where no address is said, which must be the only one.

    WorldFailed: it is not reached; BadInput: `where` is no line.
    """
    at, meter = line_and_meter(where)
    if isinstance(at, DialIn):
        raise BadInput("A 4G unit dials in to a Flameblue that runs; it can't be tried from here.")
    samples, missing = await asked_once(line(at), profile, int(meter, 16) if meter else ANY)
    said = _told(profile, samples, arrival_ns)
    return said | ({"error": {"why": each_once(missing.values())}} if missing else {})


def each_once(each: Iterable[str]) -> str:
    """Why questions were not answered, each reason once."""
    counted = Counter(each)
    return "; ".join(f"{why} ({times} questions)" if times > 1 else why for why, times in counted.items())


@dataclass
class _Capture:
    """What is known of the frames so far: the last request, and the answers with the reads that they belong to."""

    blocks: Sequence[Block]
    asked: Block | None = None
    found: list[Found] = field(default_factory=list)

    def take(self, pdu: bytes) -> None:
        """One frame's unit: a read asked for, or an answer to it or to one of the model's reads."""
        for one in modbus_pdu.readings(pdu)[0]:
            if one.function not in READ_FUNCTIONS:
                continue
            if one.answer:
                words = one.fields["register_values"]
                self.found.append((self._block(one.function, len(words)), words))
                self.asked = None
            else:
                self.asked = Block(one.function, one.fields["starting_address"], one.fields["quantity"])

    def _block(self, function: int, count: int) -> Block:
        """The read that an answer of `count` registers belongs to."""
        if self.asked is not None and (self.asked.function, self.asked.words) == (function, count):
            return self.asked
        taken = {block for block, _ in self.found}
        fitting = [block for block in self.blocks if (block.function, block.words) == (function, count)]
        if not fitting:
            reads = _named(self.blocks)
            raise BadInput(
                f"An answer of function {function} with {count} registers fits no read of it: {reads}."
            )
        if len(fitting) > 1:
            raise BadInput(
                f"An answer with {count} registers fits several reads: {_named(fitting)}. "
                "Give the request before it as well."
            )
        if fitting[0] in taken:
            raise BadInput(f"There are two answers to {fitting[0]}.")
        return fitting[0]


def _named(blocks: Sequence[Block]) -> str:
    return "; ".join(str(block) for block in blocks)


def _pdus(data: bytes) -> Iterator[bytes]:
    """The units in `data`: of RTU frames where there is one with a right CRC, else of TCP frames."""
    for plugin in (modbus_rtu.PLUGIN, modbus_tcp.PLUGIN):
        session = plugin.session()
        frames = [*session.feed(data), *session.give_up()]
        if frames:
            yield from (frame.pdu for frame in frames)
            return
    raise BadInput("There is no Modbus frame in it, neither RTU with a right CRC nor TCP.")


def _told(profile: Profile, samples: Sequence[Sample], arrival_ns: int) -> dict[str, Any]:
    """The samples' readings, had they come at `arrival_ns` of a device with all the model's points."""
    entry = telling_messages.device_of(profile)
    draft = Draft()
    known = Known(Directory({entry.name: entry}), {profile.name: profile})
    decode_samples_into(draft, known, entry, samples, arrival_ns)
    said: dict[str, Any] = {
        "profile": profile.name,
        "readings": telling_messages.told_readings(profile, draft.readings()),
    }
    if rejects := draft.rejects():
        said["error"] = {"why": telling_messages.whys(rejects)}
    return said
