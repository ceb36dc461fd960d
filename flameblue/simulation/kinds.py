"""The kinds of devices: what each has in the registry, and how it comes to speak.

A kind edits nothing else: the command line, the scenario's lines and the registry ask the objects in KINDS.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import groupby

from flameblue.domain.errors import BadInput
from flameblue.intake.protocols.dlt645.identifiers import Variant
from flameblue.profiles.loader import Profile, Shelf, package_folder
from flameblue.simulation import asked, detector, pushing, slave, transmitter, transmitting
from flameblue.simulation.device import Device, Speaker, Surroundings
from flameblue.simulation.measuring import PHASES
from flameblue.simulation.meter import Meter
from flameblue.simulation.places import Place

Cells = dict[str, str]
RESIDUAL = "residual_current_ma"
QUANTITIES = {"t": "temperature_c", "i": "current_a", "u": "voltage_v"}
POINTS: Sequence[Cells] = (  # of a sample, where the model leaves them to the registry
    {"point": "ir", "quantity": RESIDUAL},
    *(
        {"point": f"{letter}{phase}", "quantity": quantity, "phase": phase.upper()}
        for letter, quantity in QUANTITIES.items()
        for phase in PHASES
    ),
    {"point": "amb", "quantity": "ambient_temperature_c"},
)
Made = tuple[list[Device], list[Speaker]]


class Kind(ABC):
    """One kind. `model`: the profile of its devices where nobody wishes another; `port`: the usual one."""

    name: str
    model: str
    port: int

    def profile(self, model: str) -> Profile:
        """The model of that name ("": the usual one); BadInput where it is none of this kind."""
        found = _shelf().get(model or self.model)
        if found is None or not self.fits(found):
            raise BadInput(f"{model or self.model!r} is no model of a device of kind {self.name}.")
        return found

    @abstractmethod
    def fits(self, profile: Profile) -> bool:
        """Whether its devices can be of this model."""

    @abstractmethod
    def rows(self, place: Place) -> list[Cells]:
        """The registry's cells of one device beside its name: a row, or a row a point."""

    @abstractmethod
    def made(self, places: Sequence[Place], around: Surroundings) -> Made:
        """The devices at `places`, in their order, and whoever has a line."""


class Mqtt(Kind):
    """Speaks for itself."""

    name, model, port = detector.KIND, "flameblue-efm8", 1883

    def fits(self, profile: Profile) -> bool:
        """Its keys are this model's."""
        return profile.name == self.model

    def rows(self, place: Place) -> list[Cells]:
        """The model has all points."""
        return [{"credential": place.circuit.credential}]

    def made(self, places: Sequence[Place], around: Surroundings) -> Made:
        """Each has its line."""
        found = [
            detector.Detector(place.name, place.circuit.credential, place.there, around) for place in places
        ]
        return [*found], [*found]


class Gb26875(Kind):
    """A transmitter of its own for each detector."""

    name, model, port = transmitting.KIND, "gb26875-four-faith", 5200

    def fits(self, profile: Profile) -> bool:
        """The types of its values are this maker's."""
        return profile.name == self.model

    def rows(self, place: Place) -> list[Cells]:
        """The component's state, and what it measures."""
        head = {"device_address": place.transmitter.hex()}
        rows = [head | {"point": transmitter.STATE_KEY, "quantity": RESIDUAL}]
        for name in transmitter.ANALOGUES:
            phase = "" if name == "ir" else name[-1].upper()
            quantity = "temperature_c" if phase else RESIDUAL
            rows.append(head | {"point": transmitter.key(name), "quantity": quantity, "phase": phase})
        return rows

    def made(self, places: Sequence[Place], around: Surroundings) -> Made:
        """Each has its line."""
        found = [
            transmitting.TransmittingDetector(
                transmitter.Transmitter(place.transmitter, place.circuit.name),
                place.name,
                place.there,
                around,
            )
            for place in places
        ]
        return [*found], [*found]


class OverModbus(Kind):
    """Of any model that is asked over Modbus, behind a gateway that listens."""

    name, model, port = asked.MODBUS, "lx47le-125", 1502

    def fits(self, profile: Profile) -> bool:
        """Whether it says its registers."""
        return profile.modbus is not None

    def rows(self, place: Place) -> list[Cells]:
        """The points that it measures."""
        profile = self.profile(place.model)
        head = {"device_address": self.spelled(place)}
        points = slave.measuring(profile)
        if len(points) == len(profile.points):
            return [head]
        return [
            head | {"point": point.key, "quantity": point.quantity.name, "phase": point.phase}
            for point in points.values()
        ]

    def spelled(self, place: Place) -> str:
        """Its address on the line."""
        return f"tcp://{place.here.host}:{place.here.port}?unit={place.unit}"

    def made(self, places: Sequence[Place], around: Surroundings) -> Made:
        """UNITS_MAX behind a gateway."""
        units = [asked.Unit(place.name, place.unit, self.profile(place.model), around) for place in places]
        return [*units], _servers(self.name, places, units, around)


class Dtu(OverModbus):
    """The same, each behind a 4G DTU of its own that dials in."""

    name, model, port = asked.DTU, "acrel-asj10l", 5300

    def spelled(self, place: Place) -> str:
        """By its IMEI."""
        return f"dtu:{place.imei}?unit={asked.DTU_UNIT}"

    def made(self, places: Sequence[Place], around: Surroundings) -> Made:
        """Each DTU has its line."""
        units = [asked.DtuUnit(place.name, place.imei, self.profile(place.model), around) for place in places]
        dtus = [asked.Dtu(unit, place.there) for unit, place in zip(units, places, strict=True)]
        return [*units], [*dtus]


class Dlt645(Kind):
    """Residual current breakers, or meters, behind a transparent converter that listens."""

    name, model, port = asked.DLT645, "dlt645-residual-breaker", 6450

    def fits(self, profile: Profile) -> bool:
        """Of its protocol."""
        return profile.protocol == self.name

    def rows(self, place: Place) -> list[Cells]:
        """The model has all points."""
        return [{"device_address": f"tcp://{place.here.host}:{place.here.port}?meter={place.meter}"}]

    def made(self, places: Sequence[Place], around: Surroundings) -> Made:
        """UNITS_MAX behind a converter."""
        units = [
            asked.MeterUnit(place.name, Meter(place.meter, self._variant(place.model)), around)
            for place in places
        ]
        return [*units], _servers(self.name, places, units, around)

    def _variant(self, model: str) -> Variant:
        """A model without a residual current is a meter's, whose currents have other steps."""
        known = _shelf().get(model or self.model)
        measured = {point.quantity.name for point in known.points.values()} if known else {RESIDUAL}
        return Variant.BREAKER if RESIDUAL in measured else Variant.METER


class Push(Kind):
    """Through its maker's cloud, each a source of its own."""

    name, model, port = pushing.KIND, "flameblue-push", 8900

    def fits(self, profile: Profile) -> bool:
        """Its messages are this model's."""
        return profile.name == self.model

    def rows(self, place: Place) -> list[Cells]:
        """Everything that it measures."""
        return [{"credential": place.circuit.credential} | cells for cells in POINTS]

    def made(self, places: Sequence[Place], around: Surroundings) -> Made:
        """Each has its line."""
        found = [
            pushing.PushingDetector(place.name, place.circuit.credential, place.there, around)
            for place in places
        ]
        return [*found], [*found]


KINDS: Mapping[str, Kind] = {
    kind.name: kind for kind in (Mqtt(), Gb26875(), OverModbus(), Dtu(), Dlt645(), Push())
}


def _servers(
    kind: str, places: Sequence[Place], units: Sequence[asked.Asked], around: Surroundings
) -> list[Speaker]:
    together = groupby(zip(places, units, strict=True), key=lambda pair: pair[0].here)
    return [asked.Server(kind, [unit for _, unit in pairs], here, around) for here, pairs in together]


@cache
def _shelf() -> Mapping[str, Profile]:
    return Shelf(package_folder()).current()
