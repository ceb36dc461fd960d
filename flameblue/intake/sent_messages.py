"""What a device has sent, sorted into what a draft of its model can say: `flameblue profile new`.

Promises: a key is a point only where name, unit and size agree (guessing.py), else a question; what another message
of the same device brings joins, and what no format of ours reads is passed over. BadInput where no message gives one.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from flameblue import plugins
from flameblue.domain.errors import BadInput
from flameblue.domain.limits import DRAFTED_KEYS_MAX, KEY_CHARACTERS_MAX
from flameblue.intake import guessing, payloads, redact, telling
from flameblue.intake.decode import route
from flameblue.intake.payloads.gb26875_unit.codec import topic as topic_of_unit
from flameblue.intake.protocols.gb26875 import capture, numbers, objects
from flameblue.intake.protocols.gb26875.codec import Frame, encode
from flameblue.intake.push import mapping
from flameblue.intake.push.admitting import PATH
from flameblue.intake.push.shapes import Shape, shape
from flameblue.intake.samples import Payload, Sample
from flameblue.profiles import pushing

GB26875 = "gb26875"
_PLAIN = re.compile(r"[A-Za-z_][\w.:>-]*", re.ASCII)
_MAKERS_OWN = 128  # GB/T 26875.3-2011, 8.2.1.3: analogue types from here on are the user's


class Sent(NamedTuple):
    """What is known of a device that no profile fits: a row of quarantine, or of the unknown devices."""

    device: str
    topic: str
    sample: str
    times: int
    first_ns: int
    last_ns: int
    cut_bytes: int = 0  # of the payload, which the sample lacks
    others: tuple[tuple[str, str], ...] = ()  # topics and samples of what else it has sent


@dataclass
class Found:
    """What stands in the message, sorted. Each line is YAML or a comment of it."""

    payload: str
    behind: str = ""
    push: Shape | None = None  # of what a platform pushed, which has no payload
    body: bytes = b""  # of that
    points: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)  # numeric
    open_questions: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    kind_names: set[str] = field(default_factory=set)
    words: list[str] = field(default_factory=list)  # keys without a number
    seen: set[str] = field(default_factory=set)  # all keys
    messages: int = 1


class Read(NamedTuple):
    """What was read, and of which message first: its topic, and its text as `profile try` takes it."""

    sent: Sent
    found: Found
    topic: str
    frame: str


def read(sent: Sent) -> Read:
    """What `sent` and the others of its device say. One of these leads where only that gives a draft."""
    why = None
    for topic, sample, cut_bytes in (sent[1], sent[2], sent.cut_bytes), *((*one, 0) for one in sent.others):
        one = sent._replace(topic=topic, sample=sample, cut_bytes=cut_bytes)
        try:
            topic, payload, frame = _message(one)
            found = _pushed(payload) if topic.startswith(PATH) else _sorted(topic, payload)
        except BadInput as error:
            why = why or error
            continue
        for other in sent.others:
            _join(found, sent, other)
        return Read(one, found, topic, frame)
    assert why is not None
    raise why


def _join(found: Found, sent: Sent, other: tuple[str, str]) -> None:
    """The keys of another message of the same device in the same format; beyond DRAFTED_KEYS_MAX none."""
    try:
        topic, content, _ = _message(sent._replace(topic=other[0], sample=other[1], cut_bytes=0))
        if topic.startswith(PATH):
            samples = mapping.read(pushing.push(found.push.table()), content).samples if found.push else []
        else:
            name, every = _formatted(topic, content)
            samples = [one for one in every if one.device == found.behind] if name == found.payload else []
    except BadInput:
        return
    keys = {key for one in samples for key in (*one.values, *one.states)}
    if keys <= found.seen or len(found.seen | keys) > DRAFTED_KEYS_MAX:
        return
    found.messages += 1
    for sample in samples:
        _sort(found, sample)


def _message(sent: Sent) -> tuple[str, bytes, str]:
    """Topic and payload as a format reads them, and as a person gives them to `profile try`."""
    if sent.cut_bytes:
        raise BadInput(
            f"Only the beginning of this message is kept; {sent.cut_bytes} bytes of it are missing."
        )
    if not sent.topic.startswith(f"{GB26875}/"):
        return sent.topic, sent.sample.encode(), sent.sample
    try:
        data = telling.from_hex(sent.sample)
    except BadInput:
        data = _framed(sent)
    unit = capture.with_unit(data).unit
    return topic_of_unit(unit), unit, data.hex()


def _framed(sent: Sent) -> bytes:
    """Of a known transmitter the unit alone is kept, as text; a frame around it, with noughts for its addresses."""
    unit = redact.restored(sent.sample)
    try:
        is_whole = topic_of_unit(unit) == sent.topic and objects.read(unit) is not None
    except objects.BadUnit:
        is_whole = False
    if not is_whole:
        raise BadInput(
            "No whole frame or unit of GB/T 26875.3 is kept of this message: take a row whose newest message is whole."
        )
    nobody = bytes(6)
    return encode(Frame(0, 1, 0, nobody, nobody, nobody, numbers.SEND, unit))


def _pushed(body: bytes) -> Found:
    """Of a message that a platform pushed."""
    if not body:
        raise BadInput(
            "Nothing of this message is kept: it was refused before it was read. Let it in, or pair it."
        )
    push = shape(body)
    try:
        samples = mapping.read(pushing.push(push.table()), body).samples
    except BadInput as error:
        raise BadInput(f"This message can't be read: {error}.") from error
    found = Found("", push=push, body=body)
    for sample in samples:
        _sort(found, sample)
    return _checked(found)


def _sorted(topic: str, content: bytes) -> Found:
    name, samples = _formatted(topic, content)
    behind = next((one.device for one in samples if one.device and (one.values or one.states)), "")
    found = Found(name, behind)
    for sample in (one for one in samples if one.device == behind):
        _sort(found, sample)
    return _checked(found)


def _formatted(topic: str, content: bytes) -> tuple[str, Sequence[Sample]]:
    """The name of the format whose topic this is, and what it reads."""
    payload, _ = route(topic)
    if payload is None:
        raise BadInput(
            f"No payload format knows the topic {topic!r}, so no profile can read it: send to a topic of "
            "docs/devices.md, or write a plug-in (docs/own-plug-in.md)."
        )
    name = next(name for name, one in plugins.find(payloads).items() if one is payload)
    return name, _samples(payload, topic, content)


def _checked(found: Found) -> Found:
    if not (found.keys or found.words):
        raise BadInput("This message holds no value: draft from one that does.")
    if len(found.seen) > DRAFTED_KEYS_MAX:
        raise BadInput(f"It has more than {DRAFTED_KEYS_MAX} keys; write the profile from the maker's table.")
    return found


def _samples(payload: Payload, topic: str, content: bytes) -> Sequence[Sample]:
    try:
        return payload.parse(topic, content)
    except BadInput as error:
        raise BadInput(f"Its payload format can't read this message: {error}.") from error


def _sort(found: Found, sample: Sample) -> None:
    for key, value in sample.values.items():
        if key in found.seen:
            continue
        found.seen.add(key)
        kind = sample.kinds.get(key)
        if type(value) not in (int, float) or not abs(value) < 1e15:
            found.words.append(f"{quoted(key)} ({quoted(str(value)[:40])})")
        elif kind is not None:
            found.keys.append(key)
            if kind.name not in found.kind_names:
                found.kinds += _of_kind(kind.name, kind.unit, key, value)
            found.kind_names.add(kind.name)
        elif key.lower().rpartition(".")[2] in guessing.TIMES:
            found.words.append(f"{quoted(key)} (a time, {value})")
        else:
            found.keys.append(key)
            _guess(found, key, value)
    found.keys += [key for key in sample.states if key not in found.seen]
    found.seen.update(sample.states)


def _guess(found: Found, key: str, value: float) -> None:
    one = guessing.guess(key, value)
    if len(key) > KEY_CHARACTERS_MAX or re.search(r"\s", key):
        found.open_questions.append(f"{quoted(key)}: seen {value:g}; no point can have this key")
        return
    parts = [f"quantity: {one.quantity}"]
    parts += [f"scale: {one.scale:g}"] if one.scale != 1.0 else []
    parts += [f"phase: {one.phase}"] if one.phase else []
    line = f"{_key(key)}: {{{', '.join(parts)}}}"
    if not one.quantity:
        found.open_questions.append(f"{_key(key)}: {{quantity: }}  # seen {value:g}; {one.doubt}")
    elif one.doubt:
        found.open_questions.append(f"{line}  # seen {value:g}; {one.doubt}")
    else:
        found.points.append(f"{line}  # seen {value:g}")


def _of_kind(kind: str, unit: str, key: str, value: float) -> Iterator[str]:
    """What is known of a type; of a maker's own, nothing but the value."""
    if int(kind) < _MAKERS_OWN:
        yield f"# type {kind} is the standard's own, in {unit or 'no unit'}: seen {value:g} at {key}"
    else:
        yield f'#   "{kind}": {{quantity: }}  # the maker\'s own; seen {value:g} at {key}'


def _key(key: str) -> str:
    """A key as YAML takes it for a text."""
    is_plain = _PLAIN.fullmatch(key) and key.lower() not in (
        "y",
        "n",
        "yes",
        "no",
        "on",
        "off",
        "true",
        "false",
        "null",
    )
    return key if is_plain else json.dumps(key, ensure_ascii=False)


def quoted(text: str) -> str:
    """`text` in a comment: whatever it holds, it stays in its line."""
    return json.dumps(text, ensure_ascii=False)
