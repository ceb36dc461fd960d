"""What stands where in a message that a platform pushed: read off the names and values of one, for a draft.

Invariants: nothing here is used for a reading; what is found is a section `push` that the loader takes, and what one
message can't tell stands in a comment for a person to decide.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from flameblue.domain.errors import BadInput
from flameblue.domain.limits import PAYLOAD_DEPTH_MAX, READINGS_PER_MESSAGE_MAX
from flameblue.intake import lenient_json, written_times
from flameblue.intake.push import pointers
from flameblue.profiles.pushing import Pointer

SHARE = 0.6  # of the numbers of a message: where so many stand together, they are its values
SEEN_MAX = 40
_NUMBER = re.compile(r"[+-]?\d{1,9}(\.\d{1,9})?", re.ASCII)  # more digits are an identity or a time
_PLAIN = re.compile(r"(/[A-Za-z0-9_.~-]{1,80}){1,8}", re.ASCII)  # what YAML and the schema take as it stands
_PLACE = re.compile(r"(/[^\s]{0,80}){0,8}")
_TIMES = frozenset({"t", "at", "ts", "date", "datetime", "dateutc"})  # and whatever has "time" in it
_DEVICES = frozenset(
    {
        "device",
        "deviceid",
        "devicename",
        "devicesn",
        "deviceno",
        "dev",
        "devid",
        "devname",
        "devsn",
        "did",
        "sn",
    }
    | {"imei", "mac", "serial", "serialno", "meter", "meterno", "terminal", "terminalid", "gateway", "nodeid"}
    | {"eui", "deveui"}
)
_IDS = frozenset(
    {"id", "msgid", "messageid", "uuid", "requestid", "packetid", "eventid", "seq", "sequence", "msgno"}
)
_KEYS = ("key", "name", "code", "identifier", "tag", "param", "metric", "dsid", "k", "n", "id")
_VALUES = ("value", "val", "v")
_BESIDE = frozenset({"unit", "quality", "q", "type", "status", "name", "desc", "u"})  # of one value
_CUT = "(redacted)"
_YEARS_S = (1_000_000_000, 10_000_000_000)  # 2001 to 2286


class Seen(NamedTuple):
    """A place, and what stood there."""

    place: Pointer
    value: Any


@dataclass(slots=True)
class Shape:
    """What `push` would say, and what is left to people. `each`: by name, places in a value of its own."""

    form: str = "json"
    inside: Pointer = ()
    reports: Pointer = ()
    values: Pointer = ()
    each: dict[str, Pointer] = field(default_factory=dict)
    device: Seen | None = None
    time: Seen | None = None
    unit: str = ""
    needs_zone: bool = False
    identity: Seen | None = None
    proofs: list[str] = field(default_factory=list)

    def table(self) -> dict[str, Any]:
        """The section `push`."""
        said: dict[str, Any] = {"form": self.form} if self.form != "json" else {}
        named = {"inside": self.inside, "reports": self.reports}
        said |= {name: pointers.written(place) for name, place in named.items() if place}
        found = {"device": self.device, "time": self.time}
        said |= {name: pointers.written(one.place) for name, one in found.items() if one is not None}
        said |= {"unit": self.unit} if self.unit else {}
        said["values"] = pointers.written(self.values)
        each = {name: pointers.written(one) for name, one in self.each.items()}
        return said | ({"each": each} if each else {})

    def lines(self) -> Iterator[str]:
        """The same in YAML, with what one message can't tell."""
        told = {
            "device": "in the registry it is SOURCE>that; without this line the source itself measures",
            "time": "of the measurement, or of the sending?",
        }
        seen = {"device": self.device, "time": self.time}
        for name, said in self.table().items():
            one = seen.get(name)
            yield f"  {name}: {_yaml(said)}{_comment(one, told[name]) if one is not None else ''}"
        if self.identity is not None:
            place = _yaml(pointers.written(self.identity.place))
            told_id = "if each message has one of its own, and the same when it is sent again"
            yield f"  # id: {place}{_comment(self.identity, told_id)}"
        if not self.proofs:
            yield "  # signature:  # if the platform signs what it sends; else only its credential is asked for"
        else:
            named = ", ".join(json.dumps(name[:SEEN_MAX], ensure_ascii=False) for name in self.proofs)
            yield f"  # signature: or token: it has {named}; what that proves is in the platform's papers."


def shape(body: bytes) -> Shape:
    """The shape of `body`. BadInput: it is neither JSON nor a form, or no number is in it."""
    found, whole = _content(body)
    node = _inside(found, whole)
    if isinstance(node, list) and not any(isinstance(one, dict) and _numbers(one) for one in node):
        raise BadInput("This message is neither an object nor an array of them.")
    if not _numbers(node):
        raise BadInput("This message holds no value: draft from one that does.")
    report = _walk(found, node)
    beside = [
        one for one in _fields(report) if one.place[: len(found.values)] != found.values or not found.values
    ]
    found.device = next((one for one in beside if _is_device(one)), None)
    if "time" not in found.each:
        found.time = next((one for one in beside if _unit_of(one)[0]), None)
    found.unit, found.needs_zone = _unit_of(found.time or _time_of_each(found, report))
    named = [one for one in _fields(whole) if _plain(one.place[-1]) in _IDS and _is_name(one.value)]
    found.identity = named[0] if named else None
    found.proofs = [one.place[-1] for one in _fields(whole) if _is_proof(one)]
    return found


def _time_of_each(found: Shape, report: Any) -> Seen:
    """That of the first value."""
    if "time" not in found.each:
        return Seen(("",), None)
    values = pointers.at(report, found.values)
    items = values if isinstance(values, list) else [values] if "key" in found.each else list(values.values())
    return Seen(found.each["time"], pointers.at(items[0], found.each["time"]))


def _content(body: bytes) -> tuple[Shape, Any]:
    try:
        whole = lenient_json.loads(body)
    except BadInput as error:
        return Shape(form="urlencoded"), _form(body, str(error))
    if not isinstance(whole, dict | list):
        raise BadInput("This message is neither an object nor an array of them.")
    lenient_json.check_depth(whole, PAYLOAD_DEPTH_MAX)
    return Shape(), whole


def _form(body: bytes, why: str) -> dict[str, str]:
    try:
        found = dict(
            parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=READINGS_PER_MESSAGE_MAX)
        )
    except ValueError:
        found = {}
    if not any(found.values()) or any(re.search(r'[\s{}"<>]', name) for name in found):
        raise BadInput(f"This message is neither JSON nor a form: {why}.")
    return found


def _inside(found: Shape, whole: Any) -> Any:
    """The body, or the JSON that is written as a text in it."""
    texts = whole.items() if isinstance(whole, dict) and found.form == "json" else ()
    for name, value in texts:
        if isinstance(value, str) and value[:1] in ("{", "[") and _is_written(name):
            try:
                inner = lenient_json.loads(value.encode("utf-8", "surrogatepass"))
            except BadInput:
                continue
            if isinstance(inner, dict | list) and _numbers(inner):
                found.inside = (name,)
                return inner
    return whole


def _walk(found: Shape, node: Any) -> Any:
    """Sets where the reports and the values are; the report that was looked at."""
    path: Pointer = ()
    report, is_in_reports = node, False
    while True:
        if isinstance(node, list):
            items = [one for one in node if isinstance(one, dict) and _numbers(one)]
            pair = _pair(items)
            if pair and not any(map(_is_device, _fields(items[0]))):
                found.values, found.each = path, pair
                return report
            found.reports, is_in_reports = path, True
            report = node = max(items, key=lambda one: (bool(_pair([one])), _numbers(one)))
            path = ()
        if pair := _pair([node]) or _valued(node):
            found.values, found.each = path, pair
            return report
        step = _step(node, is_in_reports=is_in_reports)
        if step is None:
            found.values = path
            return report
        path, node = (*path, step), node[step]


def _step(node: Mapping[str, Any], *, is_in_reports: bool) -> str | None:
    """The field in which most numbers are, where it can hold values; None: they stand here."""
    names = [name for name, one in node.items() if _can_hold(one, is_in_reports) and _is_written(name)]
    best = max(names, key=lambda name: _numbers(node[name]), default=None)
    return best if best is not None and _numbers(node[best]) >= SHARE * _numbers(node) else None


def _can_hold(one: Any, is_in_reports: bool) -> bool:
    if isinstance(one, dict):
        return bool(_numbers(one))
    items = (
        [item for item in one if isinstance(item, dict) and _numbers(item)] if isinstance(one, list) else []
    )
    return bool(items) and (not is_in_reports or bool(_pair(items)))


def _pair(items: Sequence[Mapping[str, Any]]) -> dict[str, Pointer]:
    """Where each of `items` has its key and its value; empty: they are no such pairs."""
    shared = [name for name in items[0] if all(name in one for one in items)] if items else []
    plain = {name: _plain(name) for name in shared if _is_written(name)}
    key = _first(plain, _KEYS, lambda name: all(isinstance(one[name], str) for one in items))
    value = _first(plain, _VALUES, lambda name: any(_is_number(one[name]) for one in items))
    if key is None or value is None:
        return {}
    return {"key": (key,), "value": (value,), **_time_of(items[0], shared)}


def _valued(node: Mapping[str, Any]) -> dict[str, Pointer]:
    """Where each field of `node` has its value; empty: they are no objects of one value each."""
    items = list(node.values())
    if not items or not all(isinstance(one, dict) for one in items):
        return {}
    shared = [name for name in items[0] if all(name in one for one in items)]
    value = next((name for name in shared if _plain(name) in _VALUES and _is_written(name)), None)
    others = [Seen((name,), said) for one in items for name, said in one.items() if name != value]
    if value is None or not all(_plain(one.place[0]) in _BESIDE or _unit_of(one)[0] for one in others):
        return {}
    return {"value": (value,), **_time_of(items[0], shared)}


def _time_of(item: Mapping[str, Any], shared: Sequence[str]) -> dict[str, Pointer]:
    name = next((name for name in shared if _unit_of(Seen((name,), item[name]))[0]), None)
    return {} if name is None else {"time": (name,)}


def _first(plain: Mapping[str, str], ends: Sequence[str], fits: Any) -> str | None:
    """The name that ends with the first of `ends` that any does; of one letter, it is all of the name."""
    return next(
        (
            name
            for end in ends
            for name, said in plain.items()
            if (said == end if len(end) <= 2 else said.endswith(end)) and said not in _DEVICES and fits(name)
        ),
        None,
    )


def _fields(node: Any, path: Pointer = ()) -> list[Seen]:
    """The plain fields of `node`, those of the objects in it behind its own."""
    if not isinstance(node, dict) or len(path) >= PAYLOAD_DEPTH_MAX:
        return []
    written = {name: one for name, one in node.items() if _is_written(name)}
    own = [Seen((*path, name), one) for name, one in written.items() if not isinstance(one, dict | list)]
    return own + [one for name, inner in written.items() for one in _fields(inner, (*path, name))]


def _numbers(node: Any) -> int:
    """How many values may be in `node`."""
    if isinstance(node, dict):
        return sum(_numbers(one) for name, one in node.items() if not _is_of_the_message(name, one))
    if isinstance(node, list):
        return sum(map(_numbers, node))
    return int(_is_number(node))


def _is_number(one: Any) -> bool:
    if isinstance(one, str):
        return _NUMBER.fullmatch(one.strip()) is not None
    return type(one) in (int, float) and abs(one) < _YEARS_S[0]


def _is_of_the_message(name: str, one: Any) -> bool:
    """Whether a number of this name says who, when or which, and measures nothing."""
    plain = _plain(name)
    is_named = plain in _DEVICES | _IDS or plain.endswith(("id", "sn", "time", "timestamp"))
    return is_named or bool(_unit_of(Seen((name,), one))[0])


def _is_device(one: Seen) -> bool:
    return _plain(one.place[-1]) in _DEVICES and _is_name(one.value)


def _is_name(value: Any) -> bool:
    return type(value) is int or (isinstance(value, str) and bool(value) and _CUT not in value)


def _is_proof(one: Seen) -> bool:
    plain = _plain(one.place[-1])
    return "sign" in plain or plain == "nonce" or (isinstance(one.value, str) and _CUT in one.value)


def _unit_of(one: Seen) -> tuple[str, bool]:
    """In which unit a time stands there, and whether it names no zone; "": it is none."""
    plain, value = _plain(one.place[-1]), one.value
    if plain not in _TIMES and "time" not in plain:
        return "", False
    if isinstance(value, str) and not value.strip().isdigit():
        moment = written_times.read(value)
        return ("", False) if moment is None else ("text", isinstance(moment, datetime))
    number = int(value) if isinstance(value, str) and len(value) < 20 else value
    if type(number) not in (int, float):
        return "", False
    first, last = _YEARS_S
    return ("s" if first <= number < last else "ms" if first <= number / 1_000 < last else "", False)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _is_written(name: str) -> bool:
    """Whether a place can name it."""
    return _PLACE.fullmatch(pointers.written((name,))) is not None


def _yaml(said: Any) -> str:
    if isinstance(said, dict):
        return f"{{{', '.join(f'{name}: {_yaml(one)}' for name, one in said.items())}}}"
    is_plain = _PLAIN.fullmatch(said) or said.isalpha()
    return said if is_plain else json.dumps(said, ensure_ascii=False)


def _comment(one: Seen, question: str) -> str:
    return f"  # seen {json.dumps(str(one.value)[:SEEN_MAX], ensure_ascii=False)}; {question}"
