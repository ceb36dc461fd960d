"""The language of the stories: alarms as text that a fire officer can read and correct.

    # the first line says what the story is about
    cabin 松林客栈, owner Ailin, second 叶尔兰
      room 203房 on 2号箱 3号开关, 40 A
    start 23:00
    sms by smpp, then http                  (a second channel; without the line: one, the demo's)
    203房 temperature every 10s from 1m: 55 +0.5 x 60, 85 x 90
    203房 current     every 10s: 38 x 150
    水泵房 voltage phase B every 10s: 229 x 30, 4 x 90
    at 4m  松林客栈 falls silent            (and: sends again)
    at 5m  smpp breaks                      (refuses, stays silent, works)
    at 5m  board sounds                     (is muted, dies; without the line: there has never been one)
    at 6m  Bolat replies "1"
    at 9m  Bolat says made safe             (repaired, closes; with: cause C, action "…", reason "…")
    expect at 2m10s  case opened, heat, warning
    expect by 5m     notice sms to Ailin, "203房"
    expect none      notice voice to Chen

A series is a list of pieces: `55 +0.5 x 60` is sixty readings that start at 55 and rise by 0.5 each; `85 x 90`
is ninety readings of 85; `open x 90` ninety of a broken wire. `expect at T` allows two seconds; `by T` any time
before; `after T` any time after; `none` never (`none before T`, `none after T`).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$")
PIECE = re.compile(r"(-?[\d.]+)(?:\s*([+-][\d.]+))?\s*x\s*(\d+)$")
TOLERANCE_S = 2


class StoryError(ValueError):
    """A line that can't be read: its number, the line and why."""


@dataclass(frozen=True)
class Room:
    name: str
    panel: str
    isolator: str
    rated_a: float


@dataclass
class Cabin:
    name: str
    owner: str
    second: str = ""
    rooms: list[Room] = field(default_factory=list)


@dataclass(frozen=True)
class Series:
    """Readings of one room's quantity: values and the seconds after the start at which they are taken."""

    room: str
    quantity: str
    phase: str
    at_s: tuple[int, ...]
    values: tuple[float | None, ...]  # None: the sensor's wire is open


@dataclass(frozen=True)
class Deed:
    """Somebody or something does something at a time."""

    at_s: int
    who: str
    verb: str
    line: int


@dataclass(frozen=True)
class Expectation:
    """`what` holds words that must all stand in one happening between `from_s` and `to_s` (or in none)."""

    what: tuple[str, ...]
    from_s: int
    to_s: int
    never: bool
    line: int
    text: str


@dataclass
class Story:
    title: str = ""
    start: str = "03:00"
    sms: tuple[str, str] = ("console", "")  # the first and the second channel of SMS
    cabins: list[Cabin] = field(default_factory=list)
    series: list[Series] = field(default_factory=list)
    deeds: list[Deed] = field(default_factory=list)
    expectations: list[Expectation] = field(default_factory=list)
    ends_s: int = 0


FOREVER_S = 10**9


def seconds(text: str) -> int:
    """`1h5m10s` in seconds; ValueError when it is not a duration."""
    match = DURATION.match(text)
    if not text or match is None:
        raise ValueError(f"{text!r} is no duration like 2m10s")
    days, hours, minutes, rest = (int(group or 0) for group in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + rest


def parse(text: str) -> Story:
    """The story in `text`; StoryError names the line that can't be read."""
    story = Story()
    for number, line in _lines(text):
        try:
            _read(story, line, number)
        except (ValueError, IndexError) as error:
            raise StoryError(f"line {number}: {line!r}: {error}") from error
    last = [series.at_s[-1] for series in story.series] + [deed.at_s for deed in story.deeds]
    bounds = [e.to_s for e in story.expectations if e.to_s < FOREVER_S]
    story.ends_s = max([*last, *bounds, 0]) + 5
    return story


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            yield number, line.strip()


def _read(story: Story, line: str, number: int) -> None:
    if line.startswith("#"):
        story.title = story.title or line.lstrip("# ")
    elif line.startswith("cabin "):
        story.cabins.append(_cabin(line.removeprefix("cabin ")))
    elif line.startswith("room "):
        story.cabins[-1].rooms.append(_room(line.removeprefix("room ")))
    elif line.startswith("start "):
        story.start = line.removeprefix("start ").strip()
    elif line.startswith("sms by "):
        first, _, second = line.removeprefix("sms by ").partition(", then ")
        story.sms = (first.strip(), second.strip())
    elif line.startswith("at "):
        _, when, who, verb = line.split(None, 3)
        story.deeds.append(Deed(seconds(when), who, verb.strip(), number))
    elif line.startswith("expect "):
        story.expectations.append(_expectation(line.removeprefix("expect ").strip(), number))
    else:
        story.series.append(_series(line))


def _cabin(text: str) -> Cabin:
    name, *rest = (part.strip() for part in text.split(","))
    named = dict(part.split(None, 1) for part in rest)
    return Cabin(name, named["owner"], named.get("second", ""))


def _room(text: str) -> Room:
    match = re.match(r"(\S+) on (\S+) (\S+), ([\d.]+) A$", text)
    if match is None:
        raise ValueError("a room is: room 203房 on 2号箱 3号开关, 40 A")
    return Room(match[1], match[2], match[3], float(match[4]))


def _series(line: str) -> Series:
    match = re.match(r"(\S+) (\w+)(?: phase ([ABC]))?\s+every (\S+?)(?: from (\S+))?:\s*(.+)$", line)
    if match is None:
        raise ValueError("a series is: 203房 temperature every 10s: 55 +0.5 x 60, 85 x 90")
    values: list[float | None] = []
    for piece in match[6].split(","):
        values.extend(_piece(piece.strip()))
    step, start = seconds(match[4]), seconds(match[5]) if match[5] else 0
    return Series(
        match[1], match[2], match[3] or "", tuple(start + step * i for i in range(len(values))), tuple(values)
    )


def _piece(text: str) -> list[float | None]:
    if broken := re.match(r"open x (\d+)$", text):
        return [None] * int(broken[1])
    match = PIECE.match(text)
    if match is None:
        raise ValueError(f"{text!r} is no piece like '55 +0.5 x 60'")
    first, rise = float(match[1]), float(match[2] or 0)
    return [round(first + rise * i, 3) for i in range(int(match[3]))]


def _expectation(text: str, number: int) -> Expectation:
    words = text.split()
    never = words[0] == "none"
    if never:
        words = words[1:]
    start, end = 0, FOREVER_S
    if words[0] in {"at", "by", "before", "after"}:
        when = seconds(words[1])
        start, end = {
            "at": (when - TOLERANCE_S, when + TOLERANCE_S),
            "by": (0, when),
            "before": (0, when),
            "after": (when, FOREVER_S),
        }[words[0]]
        words = words[2:]
    what = tuple(part.strip(' "') for part in re.split(r",|\bto\b", " ".join(words)) if part.strip())
    if not what:
        raise ValueError("what is expected?")
    return Expectation(what, start, end, never, number, text)
