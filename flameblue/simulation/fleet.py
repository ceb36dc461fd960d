"""Who speaks what: the circuits' detectors take the wished kinds in turn.

Invariant: the same plan and the same wishes give the same devices here and in the registry's file.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from flameblue.domain.errors import BadInput
from flameblue.simulation.device import Device, Speaker, Surroundings
from flameblue.simulation.kinds import KINDS, Kind
from flameblue.simulation.places import Place, Wishes
from flameblue.simulation.plan import Plan

PORT_MAX = 65_535


@dataclass(frozen=True, slots=True)
class Fleet:
    """All devices, in the order of the circuits, and whoever has a line."""

    devices: Sequence[Device]
    speakers: Sequence[Speaker]


def turns_of(text: str) -> tuple[tuple[str, str], ...]:
    """The kinds in `mqtt,gb26875,modbus:eastron-sdm630`; BadInput names what there is instead."""
    turns = []
    for word in text.split(","):
        kind, _, model = word.strip().partition(":")
        known = _known(kind)
        if model:
            known.profile(model)
        turns.append((kind, model))
    return tuple(turns)


def ports_of(texts: Iterable[str]) -> dict[str, int]:
    """The ports in `gb26875=5200`, …; BadInput where one is none."""
    ports = {}
    for text in texts:
        kind, _, number = text.partition("=")
        _known(kind)
        if not number.isdecimal() or not 0 < int(number) <= PORT_MAX:
            raise BadInput(f"{text!r} is no port: KIND=NUMBER, such as gb26875=5200.")
        ports[kind] = int(number)
    return ports


def places(plan: Plan, wishes: Wishes) -> list[tuple[Kind, Place]]:
    """What each circuit has, in the order of the circuits."""
    counted: dict[str, int] = {}
    found = []
    for number, (_, circuit) in enumerate(plan.circuits()):
        name, model = wishes.turns[number % len(wishes.turns)]
        kind, rank = KINDS[name], counted.get(name, 0)
        counted[name] = rank + 1
        port = wishes.ports.get(name, kind.port)
        found.append((kind, Place(model, number, rank, circuit, plan.seed, wishes.host, port)))
    return found


def fleet(plan: Plan, wishes: Wishes, around: Surroundings) -> Fleet:
    """The devices of the valley, ready to speak."""
    found = places(plan, wishes)
    devices: dict[int, Device] = {}
    speakers: list[Speaker] = []
    for kind in KINDS.values():
        own = [place for other, place in found if other is kind]
        made, speaking = kind.made(own, around)
        devices |= dict(zip((place.number for place in own), made, strict=True))
        speakers += speaking
    return Fleet([devices[number] for number in sorted(devices)], speakers)


def registry_rows(plan: Plan, wishes: Wishes) -> Mapping[str, list[dict[str, str]]]:
    """By device, its cells in the registry: a row a point, or one row where the model has them all."""
    rows = {}
    for kind, place in places(plan, wishes):
        head = {
            "device": place.name,
            "device_serial": place.circuit.serial,
            "profile": place.model or kind.model,
        }
        rows[place.name] = [head | cells for cells in kind.rows(place)]
    return rows


def _known(kind: str) -> Kind:
    if kind not in KINDS:
        raise BadInput(f"There is no kind {kind!r} of device; there are {', '.join(KINDS)}.")
    return KINDS[kind]
