"""A pushed message becomes samples, as its model's section `push` says (profiles/pushing.py).

Promises: `read` raises BadInput and nothing else on any bytes; a number may be written as text; nothing is computed:
units are converted by decode.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from flameblue.domain.errors import BadInput
from flameblue.domain.limits import KEY_CHARACTERS_MAX, PAYLOAD_DEPTH_MAX, READINGS_PER_MESSAGE_MAX
from flameblue.intake import lenient_json, written_times
from flameblue.intake.flattening import flatten
from flameblue.intake.push import pointers
from flameblue.intake.push.pointers import NOWHERE
from flameblue.intake.samples import Sample
from flameblue.profiles.pushing import Each, Pointer, Push

MS_PER_S = 1_000
NAME_CHARACTERS_MAX = 128
IDENTITY_CHARACTERS_MAX = 256
_NUMBER = re.compile(r"[+-]?\d{1,18}(?:\.\d{1,18})?(?:[eE][+-]?\d{1,2})?", re.ASCII)


class Pushed(NamedTuple):
    """What a message says. `identity` "": its model has none, or it does not stand there."""

    identity: str
    samples: tuple[Sample, ...]

    def can_be_known_again(self, arrival_ns: int) -> bool:
        """Two such messages with the same content are one, sent twice: they have an id, or all a time of their own.

        One that can't be of then is no time: many are of the day on which a clock without a battery begins.
        """
        return bool(self.identity) or all(
            written_times.may_be(sample.t_ms, arrival_ns) for sample in self.samples
        )

    def stamp(self) -> str:
        """What should be another in each message: its id and times, and of what they are."""
        of = [(one.device, one.t_ms, sorted(one.values), sorted(one.states)) for one in self.samples]
        return repr((self.identity, of))


def content(push: Push, body: bytes) -> Any:
    """The body as a value of JSON; the fields of a form are an object. BadInput where it is neither."""
    if push.form == "json":
        return lenient_json.loads(body)
    try:
        fields = parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=READINGS_PER_MESSAGE_MAX,
        )
    except UnicodeDecodeError as error:
        raise BadInput(f"not UTF-8 at byte {error.start}") from error
    except ValueError as error:
        raise BadInput(f"not the fields of a form: {error}") from error
    found: dict[str, str] = {}
    for name, value in fields:
        if found.setdefault(name, value) != value:
            raise BadInput(f"the field {name[:40]!r} stands twice in the form")
    return found


def read(push: Push, body: bytes) -> Pushed:
    """What `body` says: the reports that count, in their order; none where all are passed over."""
    whole = content(push, body)
    identity = NOWHERE if push.identity is None else pointers.at(whole, push.identity)
    samples = [sample for report in _reports(push, whole) for sample in _samples(push, report)]
    return Pushed(_as_text(identity)[:IDENTITY_CHARACTERS_MAX], tuple(samples))


def _reports(push: Push, whole: Any) -> Iterator[dict[str, Any]]:
    inner = pointers.at(whole, push.inside)
    if push.inside and isinstance(inner, str):
        inner = lenient_json.loads(inner.encode("utf-8", "surrogatepass"))
    found = pointers.at(inner, push.reports)
    if found is NOWHERE:
        where = pointers.written(push.inside + push.reports)
        raise BadInput(f"there is nothing at {where}, where the reports should be")
    for report in found if isinstance(found, list) else [found]:
        if not isinstance(report, dict):
            raise BadInput("a report is not an object")
        lenient_json.check_depth(report, PAYLOAD_DEPTH_MAX)
        if all(_is_one_of(pointers.at(report, one.pointer), one.words) for one in push.only):
            yield report


def _samples(push: Push, report: Mapping[str, Any]) -> Iterator[Sample]:
    device = "" if push.device is None else _as_text(pointers.at(report, push.device))[:NAME_CHARACTERS_MAX]
    online = None
    if push.online is not None:
        said = pointers.at(report, push.online)
        online = True if _is_one_of(said, push.there) else False if _is_one_of(said, push.gone) else None
    time = _time(push, report, push.time)
    states = {} if push.states is None else pointers.at(report, push.states)
    if not isinstance(states, dict):
        states = {}
    by_time = dict[Any, dict[str, Any]]()
    for key, value, own in _values(push, report):
        by_time.setdefault(time if own is None else own, {})[key] = _as_number(value)
    if not by_time:
        by_time[time] = {}
    for number, (at, values) in enumerate(by_time.items()):
        first = number == 0
        yield Sample(at, values, states if first else {}, device=device, online=online if first else None)


def _values(push: Push, report: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Key, value and own time (None: the report's) of each value of `report`."""
    places = (pointers.at(report, place) for place in push.values)
    found = next((one for one in places if isinstance(one, dict | list)), None)
    if found is None:
        return
    if push.each is not None:
        yield from _of_objects(push, push.each, found)
    elif isinstance(found, dict):
        own = _places(push)
        yield from ((key, value, None) for key, value in flatten(found).items() if key not in own)


def _places(push: Push) -> frozenset[str]:
    """Fields of a report that are no values, where its values stand beside them."""
    beside = () in push.values
    named = (push.device, push.time, push.states, push.online, push.identity) if beside else ()
    return frozenset(".".join(place) for place in named if place)


def _of_objects(push: Push, each: Each, found: Any) -> Iterator[tuple[str, Any, Any]]:
    for key, item in _named(each, found):
        value = pointers.at(item, each.value)
        if value is not NOWHERE and 0 < len(key) <= KEY_CHARACTERS_MAX:
            yield key, value, _time(push, item, each.time)


def _named(each: Each, found: Any) -> Iterator[tuple[str, Any]]:
    """Each value's object by its key."""
    if each.key is None:
        yield from found.items() if isinstance(found, dict) else ()
        return
    for item in found if isinstance(found, list) else [found]:
        yield _as_text(pointers.at(item, each.key)), item


def _time(push: Push, where: Any, place: Pointer | None) -> Any:
    """As `Sample` has it: milliseconds, local time, None where nothing stands there; decode judges the rest."""
    said = NOWHERE if place is None else pointers.at(where, place)
    if said is NOWHERE or said is None or said == "":
        return None
    if push.unit == "text":
        moment = written_times.read(said)
        return _as_text(said) if moment is None else moment
    number = _as_number(said)
    if type(number) is not int and type(number) is not float:
        return _as_text(number) or str(type(number).__name__)
    return number * MS_PER_S if push.unit == "s" else number


def _as_number(said: Any) -> Any:
    """The number that a text is, else `said` itself."""
    if not isinstance(said, str) or not _NUMBER.fullmatch(said.strip()):
        return said
    text = said.strip()
    return int(text) if text.lstrip("+-").isdigit() else float(text)


def _as_text(said: Any) -> str:
    if isinstance(said, str):
        return said.encode("utf-8", "backslashreplace").decode()
    return str(said) if type(said) is int and abs(said) < 10**30 else ""


def _is_one_of(said: Any, words: tuple[Any, ...]) -> bool:
    """A number may be written as text, as in a form."""
    return any(said == word and isinstance(said, bool) == isinstance(word, bool) for word in words) or (
        isinstance(said, str) and said in {str(word) for word in words}
    )
