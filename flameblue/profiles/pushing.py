"""What a device model says of the messages that a platform pushes: where things stand in them, and how they are signed.

A place is a JSON Pointer (RFC 6901): "/data/params", "" is the whole. In a form its fields are "/name".
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

PROTOCOL = "http_push"
Pointer = tuple[str, ...]


class Place(NamedTuple):
    """Where a text of a request stands: `kind` is header, query, json, text (it is `name` itself), body or secret."""

    kind: str
    name: str = ""
    pointer: Pointer = ()


@dataclass(frozen=True, slots=True)
class Signature:
    """How a platform proves that it knows the source's secret.

    `over`: what is joined, by `separator`, or first put into order (`sort`). An hmac has the secret as its key, a
    plain hash has it among `over`. `within_s`: how far from now the time at `time` may be (None: it is not looked at).
    """

    at: Place
    hash: str
    over: tuple[Place, ...]
    sort: bool = False
    separator: str = ""
    encoding: str = "hex"
    prefix: str = ""
    time: Place | None = None
    unit: str = "s"
    within_s: float | None = None


@dataclass(frozen=True, slots=True)
class Validation:
    """How the platform asks whether the address is ours: a GET, answered with what stands at `echo`."""

    echo: Place
    signature: Signature | None


@dataclass(frozen=True, slots=True)
class Each:
    """What stands in each value of a report, where it is no plain number. `key` None: its name is the key."""

    value: Pointer
    key: Pointer | None
    time: Pointer | None


class Is(NamedTuple):
    """A report counts where one of `words` stands at `pointer`."""

    pointer: Pointer
    words: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Push:
    """A model's messages. `identity`: of the message, in the body; the other places are in a report.

    `inside`: where the reports stand in the body; a text there is JSON itself. `reports`: where they stand in that;
    an array is several. `device` None, or nothing there: the source speaks for itself. `unit` of times: ms, s, text.
    `there`, `gone`: what at `online` says that the device is connected, or is not.
    """

    form: str
    identity: Pointer | None
    inside: Pointer
    reports: Pointer
    only: tuple[Is, ...]
    device: Pointer | None
    time: Pointer | None
    unit: str
    values: tuple[Pointer, ...]
    each: Each | None
    states: Pointer | None
    online: Pointer | None
    there: tuple[Any, ...]
    gone: tuple[Any, ...]
    strict: bool
    token: Place | None
    signature: Signature | None
    validation: Validation | None
    answer: str


def pointer(text: str) -> Pointer:
    """The steps of a JSON Pointer."""
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in text.split("/")[1:])


def push(table: Mapping[str, Any]) -> Push:
    """What the section `push` says."""
    online, each = table.get("online", {}), table.get("each")
    validation = table.get("validation")
    return Push(
        form=table.get("form", "json"),
        identity=_optional(table, "id"),
        inside=pointer(table.get("inside", "")),
        reports=pointer(table.get("reports", "")),
        only=tuple(Is(pointer(one["at"]), tuple(one["is"])) for one in table.get("only", ())),
        device=_optional(table, "device"),
        time=_optional(table, "time"),
        unit=table.get("unit", "ms"),
        values=tuple(pointer(one) for one in _several(table["values"])),
        each=None if each is None else _each(each),
        states=_optional(table, "states"),
        online=_optional(online, "at"),
        there=tuple(online.get("there", ())),
        gone=tuple(online.get("gone", ())),
        strict=table.get("strict", False),
        token=_place(table["token"]) if "token" in table else None,
        signature=_signature(table["signature"]) if "signature" in table else None,
        validation=None if validation is None else _validation(validation),
        answer=table.get("answer", ""),
    )


def mistakes(profile: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with a table that the schema allows: keys that don't belong together, proofs that prove nothing."""
    pushed, table = profile["protocol"] == PROTOCOL, profile.get("push")
    if table is not None and not pushed:
        yield f"push: only a model with the protocol {PROTOCOL!r} has it"
    if pushed and "payload" in profile:
        yield "payload: what is pushed has none; push says what stands where"
    if table is None:
        return
    validation = table.get("validation", {})
    for where, one in (("push", table), ("push/validation", validation)):
        signature = one.get("signature")
        if signature and not signature["hash"].startswith("hmac-") and "secret" not in signature["over"]:
            yield f"{where}/signature/over: without the secret anybody can compute a {signature['hash']}"
    if not table.get("online", {"there": ()}).keys() & {"there", "gone"}:
        yield "push/online: it says neither what means there nor what means gone"
    if "answer" in table and not _is_json(table["answer"]):
        yield "push/answer: it is no JSON"


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _optional(table: Mapping[str, Any], name: str) -> Pointer | None:
    return pointer(table[name]) if name in table else None


def _several(value: str | Sequence[str]) -> Sequence[str]:
    return (value,) if isinstance(value, str) else value


def _each(table: Mapping[str, Any]) -> Each:
    return Each(pointer(table["value"]), _optional(table, "key"), _optional(table, "time"))


def _place(said: str | Mapping[str, str]) -> Place:
    if isinstance(said, str):  # body, secret
        return Place(said)
    ((kind, name),) = said.items()
    return Place(kind, name.lower() if kind == "header" else name, pointer(name) if kind == "json" else ())


def _signature(table: Mapping[str, Any]) -> Signature:
    time = table.get("time")
    return Signature(
        at=_place(table["at"]),
        hash=table["hash"],
        over=tuple(_place(one) for one in table["over"]),
        sort=table.get("sort", False),
        separator=table.get("separator", ""),
        encoding=table.get("encoding", "hex"),
        prefix=table.get("prefix", ""),
        time=None if time is None else _place(time["at"]),
        unit="s" if time is None else time.get("unit", "s"),
        within_s=None if time is None else float(time["within_s"]),
    )


def _validation(table: Mapping[str, Any]) -> Validation:
    return Validation(_place(table["echo"]), _signature(table["signature"]) if "signature" in table else None)
