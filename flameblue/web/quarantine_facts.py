"""What the quarantine page shows of a message: text as text, bytes as hex, and what they say where that is known."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from flameblue.intake import redact
from flameblue.intake.payloads.gb26875_unit.codec import HEAD
from flameblue.intake.protocols.gb26875.telling import told, told_unit
from flameblue.intake.push.admitting import PATH
from flameblue.intake.quarantine import QuarantineRow, UnknownDeviceRow
from flameblue.web import device_answers, quarantine_words

GROUP = 8  # bytes, so that the eye keeps its place
OBJECTS_TOLD = 2
LOST = "\ufffd"  # what stands for bytes that are no text
ODD_SHARE = 0.1  # a text may be cut within a character, or hold a control character
_HEX = re.compile(r"[0-9a-f]{2}(?: [0-9a-f]{2})*(?: ?[0-9a-f]?)?")
_NAME = re.compile(r"(?P<name>.+?) \([^()]*\) from \S+: .+")


class Shown(NamedTuple):
    """A row as people read it. `said`: what its bytes say, where that is known."""

    topic: str
    sample: str
    said: str
    detail: str


def shown(row: QuarantineRow | UnknownDeviceRow) -> Shown:
    """What is shown of `row`."""
    detail = row.detail if isinstance(row, QuarantineRow) else ""
    return Shown(
        topic=where(row.topic, detail),
        sample=sample(row.sample, row.topic),
        said=said(row.sample, row.topic),
        detail=quarantine_words.detail(detail),
    )


def sample(text: str, topic: str = "") -> str:
    """What was kept of a message, fit to be read: bytes that are no text as hex in groups."""
    data = _bytes(text, topic)
    return text if data is None else _grouped(data)


def said(text: str, topic: str) -> str:
    """What bytes of GB/T 26875.3 say, in one line; "" where they are something else, or say nothing."""
    data = _bytes(text, topic)
    if data is None or not topic.startswith(HEAD):
        return ""
    first = next(iter(told(data)), {}) if data.startswith(b"@@") else told_unit(data)
    return " · ".join(_parts(first))


def where(topic: str, detail: str) -> str:
    """The topic; of a source that was refused, which is kept under one row for all, with the newest one's name."""
    found = _NAME.fullmatch(detail) if topic == PATH else None
    return topic if found is None else f"{topic}{found['name']}"


def _bytes(text: str, topic: str) -> bytes | None:
    """The bytes that `text` stands for; None: it is text. Whole frames of GB/T 26875.3 are kept as hex."""
    if topic.startswith(HEAD) and _HEX.fullmatch(text):
        pairs = re.findall("[0-9a-f]{2}", text)
        return bytes.fromhex("".join(pairs))
    data = redact.restored(text)
    odd = sum(
        one == LOST or not (one.isprintable() or one.isspace()) for one in data.decode("utf-8", "replace")
    )
    return None if odd <= ODD_SHARE * len(data) and not topic.startswith(HEAD) else data


def _grouped(data: bytes) -> str:
    return "  ".join(data[at : at + GROUP].hex(" ") for at in range(0, len(data), GROUP))


def _parts(one: Mapping[str, Any]) -> Iterator[str]:
    for key in ("command", "type"):
        if f"{key}_name" in one:
            yield device_answers.word(one, f"{key}_name")
    objects = one.get("objects", ())
    for each in objects[:OBJECTS_TOLD]:
        yield from (part for part in device_answers.parts(each) if part)
    if len(objects) > OBJECTS_TOLD:
        yield _("and %(n)d more") % {"n": len(objects) - OBJECTS_TOLD}
