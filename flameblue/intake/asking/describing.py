"""A device model in sentences: what its devices are asked or send, and what in it looks like a slip of its author.

Invariant: nothing here refuses a model; what can't be used is the loader's to say.
"""

from collections.abc import Iterator

from flameblue.intake.asking.blocks import planned, wanted
from flameblue.intake.asking.metering import METERING, items
from flameblue.intake.push import pointers
from flameblue.profiles import items as data_items
from flameblue.profiles import registers
from flameblue.profiles.loader import Profile, ProfilePoint
from flameblue.profiles.pushing import Push

# A manual that counts registers from 1 writes a digit for their table before them; on the wire they count from 0
# (MODBUS Application Protocol Specification V1.1b3, 4.4).
TABLES = {3: range(40_001, 50_000), 4: range(30_001, 40_000)}


def sentences(profile: Profile) -> Iterator[str]:
    """The model as people read it, a line each."""
    count = "1 point" if len(profile.points) == 1 else f"{len(profile.points)} points"
    yield f"{profile.name} can be used: {'its points come from the registry' if profile.open_points else count}."
    yield from _way(profile)
    for point in profile.points.values():
        yield f"  {point.key}: {_what(point)}{_where(point)}"
    yield from (f"Look at this: {hint}" for hint in hints(profile))


def hints(profile: Profile) -> list[str]:
    """What may be meant otherwise than it is written."""
    return [
        f"points/{key}: address {address} is {address:#06x} on the wire. Where the manual counts from {first}, "
        f"it is register {address - first}: write address: {address - first:#06x}."
        for key, point in profile.points.items()
        for address, first in _counted_from_one(point)
    ]


def _counted_from_one(point: ProfilePoint) -> Iterator[tuple[int, int]]:
    """Addresses of a point that look like a manual's numbers, and that of the table's first register there."""
    for one in (point.register, *(state.register for state in point.states)):
        if one is not None and one.address in TABLES[one.function]:
            yield one.address, TABLES[one.function].start


def _way(profile: Profile) -> Iterator[str]:
    """How its readings come to us."""
    every = f"every {profile.interval_s:g} s"
    if profile.modbus is not None:
        blocks = planned(profile.modbus, wanted(profile, profile.points))
        yield f"It is asked over Modbus {every}, in {len(blocks)} {'read' if len(blocks) == 1 else 'reads'}:"
        yield from (f"  {block}" for block in blocks)
    elif profile.dlt645 is not None:
        asked = METERING.questions(profile, profile.points)
        yield f"It is asked by DL/T 645-2007 {every}: identifiers {', '.join(one.identifier for one in asked)}."
    elif profile.push is not None:
        yield from _pushed(profile.push)
    else:
        often = f"on change, at the latest {every}" if profile.on_change else every
        yield f"It speaks {profile.protocol} {often}; its messages are of the format {profile.payload}."


def _pushed(push: Push) -> Iterator[str]:
    form = "JSON" if push.form == "json" else "a form"
    proof = "a signature" if push.signature is not None else "its credential"
    yield f"A platform pushes it over HTTP as {form}, and proves itself by {proof}."
    places = [
        ("reports", push.inside + push.reports),
        ("id", push.identity),
        ("device", push.device),
        ("time", push.time),
        *(("values", place) for place in push.values),
    ]
    named = (
        f"{name} at {pointers.written(place) or 'the whole'}" for name, place in places if place is not None
    )
    yield f"  {', '.join(named)}"


def _what(point: ProfilePoint) -> str:
    phase = f", phase {point.phase}" if point.phase else ""
    scale = f", what is sent × {point.scale:g}" if point.scale != 1.0 else ""
    offset = f" {'+' if point.offset > 0 else '-'} {abs(point.offset):g}" if point.offset else ""
    unit = f" in {point.quantity.unit}" if point.quantity.unit != "1" else ""
    return f"{point.quantity.name}{unit}{phase}{scale}{offset}"


def _where(point: ProfilePoint) -> str:
    if point.register is not None:
        return f" ({registers.told([point.register])[0]})"
    return f" ({data_items.told(items(point)[:1])[0]})" if point.item is not None else ""
