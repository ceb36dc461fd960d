"""A device model drafted from what a device has sent: `flameblue profile new`.

Promises: the draft is a profile that the loader takes; a point stands in it only where name, unit and size agree
(sent_messages.py), all else is a comment that says what a person must decide. BadInput where nothing gives a draft.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from flameblue.domain.errors import BadInput
from flameblue.domain.limits import KEY_CHARACTERS_MAX, PROFILES_SUGGESTED_MAX
from flameblue.domain.readings import NS_PER_S
from flameblue.intake.push import mapping
from flameblue.intake.push.admitting import PATH
from flameblue.intake.push.shapes import Shape
from flameblue.intake.sent_messages import GB26875, Found, Sent, quoted, read
from flameblue.profiles import pushing
from flameblue.profiles.loader import Profile

INTERVAL_S = 60.0  # where one message tells of no other
INTERVAL_S_MAX = 86_400.0
NAME_CHARACTERS_MAX = 64
MQTT = "mqtt"


class Draft(NamedTuple):
    """A model's file, and the message that it was drafted from as `profile try` takes it."""

    name: str
    text: str
    topic: str
    frame: str


def draft(sent: Sent, profiles: Mapping[str, Profile], name: str = "") -> Draft:
    """The draft of `sent`. `name`: as its file will be called; "": made from the device's."""
    sent, found, topic, frame = read(sent)
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


def _head(sent: Sent, name: str) -> Iterator[str]:
    when = datetime.fromtimestamp(sent.last_ns // NS_PER_S, UTC)
    yield f"# Drafted from what {quoted(sent.device or 'somebody')} sent on {when:%Y-%m-%d %H:%M:%S} UTC."
    yield f"# The file must be called {name}.yaml."
    yield "# What is not behind a # was read off a name and one value: compare it with the device's display."
    yield "# What is behind a # has to be decided from the maker's papers; take the # away, or the line."


def _suggested(found: Found, profiles: Mapping[str, Profile]) -> Iterator[str]:
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


def _suggested_of_pushed(found: Found, profiles: Mapping[str, Profile]) -> Iterator[str]:
    fitting = []
    for one in profiles.values():
        keys = _read_by(one, found)
        known = keys & set(one.points) if one.points else keys & set(found.keys)
        if known and len(known) * 2 >= len(found.keys):
            fitting.append((len(known), one.name))
    for count, name in sorted(fitting, reverse=True)[:PROFILES_SUGGESTED_MAX]:
        yield f"# The model {name} reads {count} of its {len(found.keys)} keys already: try it first."


def _read_by(profile: Profile, found: Found) -> set[str]:
    """The keys that a model that is pushed finds in the same message."""
    if profile.push is None or found.push is None or profile.push.form != found.push.form:
        return set()
    try:
        samples = mapping.read(profile.push, found.body).samples
    except BadInput:
        return set()
    return {key for one in samples for key in one.values}


def _settings(found: Found, sent: Sent, name: str) -> Iterator[str]:
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
    sent_by = "A message of" if found.messages == 1 else "Messages of"
    yield f"source: {quoted(f'{sent_by} {who}, from quarantine; no manual was read.')}"
    yield "caveats:"
    what = "one message" if found.messages == 1 else f"{found.messages} messages"
    yield f"  - Drafted from {what}; nothing was compared with the device's display or the maker's papers."


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


def _body(found: Found) -> Iterator[str]:
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
    yield from found.kinds
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
