"""The plan of the valley: who has what where, fixed by the number of premises and the seed."""

import hashlib
from dataclasses import dataclass, replace

import numpy as np

from flameblue.domain.errors import BadInput
from flameblue.simulation import names
from flameblue.simulation.appliances import APPLIANCES, Appliances

PREMISES_MIN = 3  # the demo's two and somewhere else
PREMISES_MAX = 1_000
EQUIPPED_PERCENT = 74  # 37 of 50
RATINGS_A = (16.0, 20.0, 25.0, 32.0, 40.0, 50.0, 63.0, 80.0, 100.0)  # of circuit breakers
LOADED_AT_MOST = 0.77  # of the rating, with everything on at 220 V: an electrician leaves room
NOMINAL_V = 220.0
OWNER_PHONE = 13_800_000_001
SECOND_PHONE = 13_700_005_001  # other last digits than the owner: both are shown masked
OFFICER_PHONE = 13_900_000_001
ENGLISH_EVERY = 9  # one owner in so many reads English


@dataclass(frozen=True, slots=True)
class CircuitPlan:
    """One breaker, what it feeds, and the detector on it."""

    panel: str
    isolator: str
    name: str
    place: str
    rated_current_a: float
    appliances: Appliances
    device: str
    serial: str
    credential: str


@dataclass(frozen=True, slots=True)
class PremisesPlan:
    """One building. Without circuits it is known but not equipped."""

    site: int
    name: str
    kind: str
    address: str
    latitude: float
    longitude: float
    owner: str
    phone: str
    language: str
    contact2: str
    phone2: str
    circuits: tuple[CircuitPlan, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole valley. Circuit number n everywhere is the n-th of `circuits()`."""

    premises: tuple[PremisesPlan, ...]
    seed: int

    def circuits(self) -> list[tuple[PremisesPlan, CircuitPlan]]:
        """Every equipped circuit with its premises, in the order of their numbers."""
        return [(place, circuit) for place in self.premises for circuit in place.circuits]


@dataclass(frozen=True, slots=True)
class _Wiring:
    panel: str
    isolator: str
    name: str
    place: str
    kind: str  # of APPLIANCES


def make_plan(premises: int, seed: int) -> Plan:
    """The plan of a valley of `premises` buildings; BadInput when there are too few or too many."""
    if not PREMISES_MIN <= premises <= PREMISES_MAX:
        raise BadInput(f"{premises} premises: a valley has {PREMISES_MIN} to {PREMISES_MAX}.")
    rng = np.random.default_rng([seed, 2])
    made: list[PremisesPlan] = []
    devices = 0
    for number in range(premises):
        wirings = _wirings(number) if _is_equipped(number) else ()
        circuits = []
        for wiring in wirings:
            devices += 1
            circuits.append(_circuit(wiring, devices, seed, float(rng.uniform(0.85, 1.15))))
        shift = rng.uniform(-0.008, 0.008, 2)
        made.append(_premises(number, (float(shift[0]), float(shift[1])), tuple(circuits)))
    return Plan(tuple(made), seed)


def with_devices(plan: Plan, most: int) -> Plan:
    """The same valley where only the first `most` circuits have a detector; BadInput where it has fewer."""
    there = len(plan.circuits())
    if not 0 < most <= there:
        raise BadInput(f"{most} devices: a valley of {len(plan.premises)} premises has 1 to {there}.")
    left, premises = most, []
    for place in plan.premises:
        premises.append(replace(place, circuits=place.circuits[:left]))
        left -= len(premises[-1].circuits)
    return replace(plan, premises=tuple(premises))


def _is_equipped(number: int) -> bool:
    """Spread evenly: of the first n premises, 74 % (rounded up) are equipped."""
    before, after = number * EQUIPPED_PERCENT, (number + 1) * EQUIPPED_PERCENT
    return -(-after // 100) > -(-before // 100)


def _premises(number: int, shift: tuple[float, float], circuits: tuple[CircuitPlan, ...]) -> PremisesPlan:
    site, name, kind = names.premises(number)
    station = names.STATIONS[site]
    return PremisesPlan(
        site=site,
        name=name,
        kind=kind,
        address=f"{number % 4 + 1}区{number // 4 + 1}号",
        latitude=round(station.latitude + shift[0], 5),
        longitude=round(station.longitude + shift[1], 5),
        owner=names.person(2 * number),
        phone=f"+86{OWNER_PHONE + number}",
        language="en" if number % ENGLISH_EVERY == ENGLISH_EVERY - 1 else "zh-hans",
        contact2=names.person(2 * number + 1),
        phone2=f"+86{SECOND_PHONE + number}",
        circuits=circuits,
    )


def _wirings(number: int) -> tuple[_Wiring, ...]:
    kind = names.premises(number).kind
    sockets = _Wiring("1号箱", "1号开关", "照明插座", "一层", "sockets")
    if kind == names.INN:
        room = f"{201 + (number + 2) % 6}房"
        bath = _Wiring("2号箱", "2号开关", "浴室", "浴室", "bath")
        heating = _Wiring("2号箱", "3号开关", f"{room}暖气", room, "heating")
        return (sockets, bath, heating) if number % 2 == 0 else (bath, heating)
    if kind == names.RESTAURANT:
        kitchen = _Wiring("1号箱", "1号开关", "厨房", "厨房", "kitchen")
        return kitchen, _Wiring("1号箱", "2号开关", "大厅暖气", "大厅", "heating")
    if kind == names.SHOP:
        return (_Wiring("1号箱", "1号开关", "店面", "店面", "shop"),)
    cabin = _Wiring("1号箱", "1号开关", "总路", "木屋", "cabin")
    sauna = _Wiring("1号箱", "2号开关", "桑拿房", "桑拿房", "sauna")
    return (cabin, sauna) if number % 2 == 0 else (cabin,)


def _circuit(wiring: _Wiring, number: int, seed: int, scale: float) -> CircuitPlan:
    appliances = APPLIANCES[wiring.kind].scaled(scale)
    device = f"D{number:04d}"
    # Not a secret: whoever has the seed has the registry.
    credential = hashlib.sha256(f"{seed}/{device}".encode()).hexdigest()[:20]
    most_a = appliances.phase_w_max() / NOMINAL_V / LOADED_AT_MOST
    rating = next(rating for rating in RATINGS_A if rating >= most_a)
    return CircuitPlan(
        panel=wiring.panel,
        isolator=wiring.isolator,
        name=wiring.name,
        place=wiring.place,
        rated_current_a=rating,
        appliances=appliances,
        device=device,
        serial=f"SIM-{seed}-{number:05d}",
        credential=credential,
    )
