"""What a device of a model would send, as a person can type it: ordinary values, in the device's own numbers."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from flameblue import plugins
from flameblue.domain.limits import EXAMPLE_VALUES_MAX
from flameblue.intake import payloads
from flameblue.intake.push import pointers
from flameblue.intake.push.admitting import PATH
from flameblue.intake.samples import Payload
from flameblue.profiles.loader import Profile
from flameblue.profiles.pushing import Push

ORDINARY = {
    "temperature_c": 41.2,
    "residual_current_ma": 12.5,
    "current_a": 3.4,
    "voltage_v": 229.0,
    "power_w": 760.0,
    "ambient_temperature_c": 18.5,
    "humidity_percent": 45.0,
    "energy_kwh": 12.3,
    "arc_count": 0,
    "apparent_power_va": 780.0,
    "reactive_power_var": 90.0,
    "power_factor": 0.97,
    "frequency_hz": 50.0,
}  # in each quantity's unit; what is likely to be looked for comes first


class Example(NamedTuple):
    """One message. `topic`: of what is pushed over HTTP, the path."""

    topic: str
    text: str


class Behind(NamedTuple):
    """A device behind a source, as the platform names it, with its points (key, quantity)."""

    name: str
    points: Sequence[tuple[str, str]] = (("ir", "residual_current_ma"), ("t", "temperature_c"))


def can_be_typed(profile: Profile) -> bool:
    """Whether a device of this model can be tried by hand; a gateway or a binary format can't."""
    return any_of(profile, "x") is not None


def any_of(profile: Profile, device: str) -> Example | None:
    """A message of `device`, whatever its points are."""
    return of(profile, device, {"x.x": "temperature_c"}.items() if profile.open_points else ())


def of(profile: Profile, device: str, points: Iterable[tuple[str, str]]) -> Example | None:
    """A message of `device`, with `points` (key, quantity); those of the model itself where none are named.

    None: nobody can type it, the device is asked and sends none, or the package that reads it is not installed.
    """
    if profile.push is None and profile.payload not in plugins.names(payloads):
        return None
    named = list(points) or [(point.key, point.quantity.name) for point in profile.points.values()]
    firsts: dict[str, str] = {}
    for key, quantity in named:
        firsts.setdefault(quantity, key)
    shown = [(firsts[quantity], quantity) for quantity in ORDINARY if quantity in firsts]
    values = {key: _raw(profile, key, ORDINARY[quantity]) for key, quantity in shown[:EXAMPLE_VALUES_MAX]}
    if not values:
        return None
    if profile.push is not None:
        return _pushed(profile.push, device, values)
    payload: Payload = plugins.one(payloads, profile.payload)
    found = payload.example(device, values)
    return None if found is None else Example(*found)


def through(profile: Profile, source: str, behind: Behind) -> Example | None:
    """A message that the source `source` of `profile` pushes of the device `behind` it.

    None: such messages name no device, or `behind` has no point whose value is known here. It is not signed, and its
    time is that of its arrival.
    """
    push, firsts = profile.push, {quantity: key for key, quantity in reversed(list(behind.points))}
    values = {firsts[one]: ORDINARY[one] for one in ORDINARY if one in firsts}
    if push is None or push.device is None or push.form != "json" or not values:
        return None
    report: dict[str, Any] = {}
    for one in push.only:
        pointers.put(report, one.pointer, one.words[0])
    pointers.put(report, push.device, behind.name)
    _fill(report, push, list(values.items())[:EXAMPLE_VALUES_MAX])
    content = _wrapped(report, push)
    return Example(f"{PATH}{quote(source, safe='')}", json.dumps(content, ensure_ascii=False))


def _fill(report: dict[str, Any], push: Push, values: Iterable[tuple[str, float]]) -> None:
    """Puts `values` into `report`; where each has its key inside, a report has room for one."""
    at, each = push.values[0], push.each
    for key, value in values:
        if each is None or each.key is None:
            pointers.put(report, (*at, key, *(each.value if each is not None else ())), value)
            continue
        pointers.put(report, (*at, *each.key), key)
        pointers.put(report, (*at, *each.value), value)
        return


def _wrapped(report: dict[str, Any], push: Push) -> dict[str, Any]:
    """The body around `report`."""
    content: dict[str, Any] = report
    if push.reports:
        content = {}
        pointers.put(content, push.reports, [report])
    if not push.inside:
        return content
    body: dict[str, Any] = {}
    pointers.put(body, push.inside, json.dumps(content, ensure_ascii=False))
    return body


def _pushed(push: Push, device: str, values: Mapping[str, float]) -> Example | None:
    """What a source itself pushes; None where its messages are wrapped, or are of devices behind it."""
    if push.inside or push.reports or push.only or push.each is not None:
        return None
    path = f"{PATH}{quote(device, safe='')}"
    if push.form == "urlencoded":
        return Example(path, urlencode(values))
    content: dict[str, Any] = {}
    for key, value in values.items():
        pointers.put(content, (*push.values[0], key), value)
    return Example(path, json.dumps(content, ensure_ascii=False))


def _raw(profile: Profile, key: str, value: float) -> float:
    """`value` as the device says it, with as many digits as people write."""
    point = profile.points.get(key)
    return value if point is None else round((value - point.offset) / point.scale, 6)
