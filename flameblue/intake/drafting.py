"""A device model drafted from what a device has sent: `flameblue profile new`.

Promises: the draft is a profile that the loader takes; a point stands in it only where name, unit and size agree
(guessing.py), all else is a comment that says what a person must decide. BadInput where the sample gives no draft.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from flameblue import plugins
from flameblue.domain.errors import BadInput
from flameblue.domain.limits import DRAFTED_KEYS_MAX, KEY_CHARACTERS_MAX, PROFILES_SUGGESTED_MAX
from flameblue.domain.readings import NS_PER_S
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
from flameblue.profiles.loader import Profile

INTERVAL_S = 60.0  # where one message tells of no other
INTERVAL_S_MAX = 86_400.0
NAME_CHARACTERS_MAX = 64
GB26875, MQTT = "gb26875", "mqtt"
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


class Draft(NamedTuple):
    """A model's file, and the message that it was drafted from as `profile try` takes it."""

    name: str
    text: str
    topic: str
    frame: str


@dataclass
class _Found:
    """What stands in the message, sorted. Each line is YAML or a comment of it."""

    payload: str
    behind: str = ""
    push: Shape | None = None  # of what a platform pushed, which has no payload
    body: bytes = b""  # of that
    points: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)  # numeric
    open_questions: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)  # keys without a number


def draft(sent: Sent, profiles: Mapping[str, Profile], name: str = "") -> Draft:
    """The draft of `sent`. `name`: as its file will be called; "": made from the device's."""
    topic, payload, frame = _message(sent)
    found = _pushed(payload) if topic.startswith(PATH) else _sorted(topic, payload)
    name = name or _name(sent.device)
    lines = [
        *_head(sent, name),
        *_suggested(found, profiles),
        *_settings(found, sent, name),
        *_body(found),
        *_vector(name, topic, frame),
    ]
    if topic.startswith(f"{GB26875}/") and frame not in "".join(sent.sample.split()).lower():
        lines.append(
            "# Only the unit of this frame was kept; its serial number, time and addresses are noughts."
        )
    return Draft(name, "\n".join(lines) + "\n", topic, frame)


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


def _pushed(body: bytes) -> _Found:
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
    found = _Found("", push=push, body=body)
    for sample in samples:
        _sort(found, sample)
    return _checked(found)


def _sorted(topic: str, content: bytes) -> _Found:
    payload, _ = route(topic)
    if payload is None:
        raise BadInput(
            f"No payload format knows the topic {topic!r}, so no profile can read it: send to a topic of "
            "docs/devices.md, or write a plug-in (docs/own-plug-in.md)."
        )
    name = next(name for name, one in plugins.find(payloads).items() if one is payload)
    samples = _samples(payload, topic, content)
    behind = next((one.device for one in samples if one.device and (one.values or one.states)), "")
    found = _Found(name, behind)
    for sample in (one for one in samples if one.device == behind):
        _sort(found, sample)
    return _checked(found)


def _checked(found: _Found) -> _Found:
    if not (found.keys or found.words):
        raise BadInput("This message holds no value: draft from one that does.")
    if len(found.keys) + len(found.words) > DRAFTED_KEYS_MAX:
        raise BadInput(f"It has more than {DRAFTED_KEYS_MAX} keys; write the profile from the maker's table.")
    return found


def _samples(payload: Payload, topic: str, content: bytes) -> Sequence[Sample]:
    try:
        return payload.parse(topic, content)
    except BadInput as error:
        raise BadInput(f"Its payload format can't read this message: {error}.") from error


def _sort(found: _Found, sample: Sample) -> None:
    for key, value in sample.values.items():
        if key in found.keys or key in found.words:
            continue
        kind = sample.kinds.get(key)
        if type(value) not in (int, float) or not abs(value) < 1e15:
            found.words.append(f"{_quoted(key)} ({_quoted(str(value)[:40])})")
        elif kind is not None:
            found.keys.append(key)
            found.kinds += _of_kind(kind.name, kind.unit, key, value)
        elif key.lower().rpartition(".")[2] in guessing.TIMES:
            found.words.append(f"{_quoted(key)} (a time, {value})")
        else:
            found.keys.append(key)
            _guess(found, key, value)
    found.keys += [key for key in sample.states if key not in found.keys]


def _guess(found: _Found, key: str, value: float) -> None:
    one = guessing.guess(key, value)
    if len(key) > KEY_CHARACTERS_MAX or re.search(r"\s", key):
        found.open_questions.append(f"{_quoted(key)}: seen {value:g}; no point can have this key")
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


def _head(sent: Sent, name: str) -> Iterator[str]:
    when = datetime.fromtimestamp(sent.last_ns // NS_PER_S, UTC)
    yield f"# Drafted from what {_quoted(sent.device or 'somebody')} sent on {when:%Y-%m-%d %H:%M:%S} UTC."
    yield f"# The file must be called {name}.yaml."
    yield "# What is not behind a # was read off a name and one value: compare it with the device's display."
    yield "# What is behind a # has to be decided from the maker's papers; take the # away, or the line."


def _suggested(found: _Found, profiles: Mapping[str, Profile]) -> Iterator[str]:
    """Models that read this already: writing none is best."""
    if found.push is not None:
        yield from _suggested_of_pushed(found, profiles)
        return
    same = [one for one in profiles.values() if one.payload == found.payload]
    fitting = sorted(
        ((len(set(found.keys) & set(one.points)), one.name) for one in same if one.points), reverse=True
    )
    for count, name in fitting[:PROFILES_SUGGESTED_MAX]:
        if count * 2 >= len(found.keys):
            yield f"# The model {name} reads {count} of its {len(found.keys)} keys already: try it first."
    numbers = {one.split('"')[1] for one in found.kinds if '"' in one}
    for one in same:
        if known := numbers & set(one.kinds):
            share = f"{len(known)} of its {len(numbers)} types of the maker's own"
            yield f"# The model {one.name} knows {share}: try it first."


def _suggested_of_pushed(found: _Found, profiles: Mapping[str, Profile]) -> Iterator[str]:
    fitting = []
    for one in profiles.values():
        keys = _read_by(one, found)
        known = keys & set(one.points) if one.points else keys & set(found.keys)
        if known and len(known) * 2 >= len(found.keys):
            fitting.append((len(known), one.name))
    for count, name in sorted(fitting, reverse=True)[:PROFILES_SUGGESTED_MAX]:
        yield f"# The model {name} reads {count} of its {len(found.keys)} keys already: try it first."


def _read_by(profile: Profile, found: _Found) -> set[str]:
    """The keys that a model that is pushed finds in the same message."""
    if profile.push is None or found.push is None or profile.push.form != found.push.form:
        return set()
    try:
        samples = mapping.read(profile.push, found.body).samples
    except BadInput:
        return set()
    return {key for one in samples for key in one.values}


def _settings(found: _Found, sent: Sent, name: str) -> Iterator[str]:
    is_gb = sent.topic.startswith(f"{GB26875}/")
    yield f"name: {name}"
    yield f"protocol: {GB26875 if is_gb else MQTT if found.push is None else pushing.PROTOCOL}"
    if found.push is None:
        yield f"payload: {found.payload}"
    else:
        yield from _of_push(found.push)
    if is_gb:
        yield "interval_s: 3600  # components speak on change; what the maker promises counts"
        yield "on_change: true"
        yield "silence_s: 86400"
        yield "utc_offset_min: 480  # its clock is taken for China's"
        yield "# supervision: warning  # if its bit 4 of a state is an electrical warning"
    else:
        yield f"interval_s: {_interval(sent)}"
        yield "# on_change: true  # if it only speaks on change; interval_s is then its longest pause"
    who = sent.device or "an unknown sender"
    if found.behind:
        who = f"{found.behind[:KEY_CHARACTERS_MAX]} behind the gateway {who}"
    yield f"source: {_quoted(f'A message of {who}, from quarantine; no manual was read.')}"
    yield "caveats:"
    yield "  - Drafted from one message; nothing was compared with the device's display or the maker's papers."


def _of_push(push: Shape) -> Iterator[str]:
    if push.needs_zone:
        yield "utc_offset_min: 480  # its times name no zone: taken for China's"
    yield "# What stands where below was read off names: compare it with the platform's papers (docs/own-device.md)."
    yield "push:"
    yield from push.lines()


def _interval(sent: Sent) -> str:
    if sent.times < 2 or sent.last_ns <= sent.first_ns:
        return f"{INTERVAL_S:g}  # one message tells of no interval; what the maker promises counts"
    seconds = (sent.last_ns - sent.first_ns) / NS_PER_S / (sent.times - 1)
    kept = min(max(round(seconds, 1), 0.1), INTERVAL_S_MAX)
    return f"{kept:g}  # {sent.times} messages were seen, on average so far apart; what the maker promises counts"


def _body(found: _Found) -> Iterator[str]:
    if found.points:
        yield "points:"
        yield from (f"  {line}" for line in found.points)
    else:
        yield "open_points: true  # the registry names them; or take this line away and name them under points"
        if found.open_questions:
            yield "# points:"
    yield from (f"#  {line}" for line in found.open_questions)
    if any("maker's own" in line for line in found.kinds):
        yield "# kinds:"
    yield from dict.fromkeys(found.kinds)
    if found.kinds or not (found.points or found.open_questions):
        yield "# Keys to register as points:"
        yield from (f"#   {key}" for key in found.keys)
    if found.words:
        yield f"# Not numbers, and so no points: {', '.join(found.words)}"


def _vector(name: str, topic: str, frame: str) -> Iterator[str]:
    """How it is tried; in a shell a ' in the frame would end it, so a file is named instead."""
    shown = "".join(sign if sign.isprintable() else "\ufffd" for sign in frame)
    where = "" if topic.startswith((f"{GB26875}/", PATH)) else f" --topic {_shell(topic)}"
    yield f"# Try it: flameblue profile try {name}.yaml{where} --frame {name}.sample"
    yield f"# with this message in {name}.sample: {shown}"


def _shell(text: str) -> str:
    return "'" + text.replace("'", "'\\''").replace("\n", " ") + "'"


def _name(device: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", device.lower()).strip("-")[: NAME_CHARACTERS_MAX - len("-draft")]
    return f"{slug or 'device'}-draft"


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


def _quoted(text: str) -> str:
    """`text` in a comment: whatever it holds, it stays in its line."""
    return json.dumps(text, ensure_ascii=False)
