"""What was agreed with one centre, as a YAML file: who we are there, and which level is which bit.

Invariants: nothing that calls people out is guessed, so that a file without `alarm_bit` is refused; a warning is never
bit 1; residual current never goes by analogue type 9, whose step is 0.1 A.
Source: GB/T 26875.3-2011, 6.6 (addresses, version), 8.2.1.1 to 8.2.1.3 (system, component, state bits, analogues).
"""

import hashlib
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

from flameblue.domain.errors import BadInput
from flameblue.domain.quantities import QUANTITIES
from flameblue.intake.protocols.gb26875.fields import spelled_address
from flameblue.intake.protocols.gb26875.numbers import ANALOGUES, USER_DEFINED_MIN
from flameblue.profiles import strict_yaml

Byte = Annotated[int, Meta(ge=0, le=255)]
NONE = "none"
ALL = "all"
COMPONENT_ADDRESS_BYTES = 4
COMPONENTS = {"residual_current_ma": 17, "temperature_c": 18}
OTHER_COMPONENT = 16
CURRENT = 9
STANDARD_ANALOGUES = {"temperature_c": 3, "ambient_temperature_c": 3, "voltage_v": 8, "current_a": CURRENT}
NO_ALARM_BIT = (
    "It says no alarm_bit. Agree with the centre what an electrical alarm is there: alarm_bit: 1 is a fire report, "
    "which may send a fire engine; 4 is supervisory (监管); none reports no alarms. Until then nothing is sent."
)
WARNING_IS_NO_FIRE = (
    "warning_bit is 1, the bit of a fire report: a warning is no fire. It may be 4 (监管) or none."
)


class Version(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The protocol version: the standard's, and the centre's own."""

    major: Byte = 1
    user: Byte = 1


class System(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Our system there. The standard has no number for electrical fire monitoring: 1 is the fire alarm system."""

    type: Byte = 1
    address: Byte = 0


class Heartbeat(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The standard knows none: an empty unit, the device's time (28) or its state (21)."""

    kind: Literal["empty", "time", "state"] = "state"
    every_s: Annotated[float, Meta(ge=5, le=3_600)] = 30.0


class AnalogueType(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The number of an analogue type, and of a type of the centre's own how many steps make one of our unit."""

    type: Byte
    steps_per_unit: float | None = None


class Mapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole file. Addresses: 12 hex digits in the order of travel, or a number; of components 8 hex digits.

    They are texts, in quotes: YAML would read 010000000000 as a number of another base.
    """

    source_address: str
    centre_address: str
    alarm_bit: Literal[1, 4, "none"] | None = None
    warning_bit: Literal[1, 4, "none"] = "none"
    fault_bit: Literal[2, "none"] = 2
    shielded_bit: Literal[3, "none"] = 3
    version: Version = Version()
    system: System = System()
    components: dict[str, Byte] = {}
    addresses: dict[str, str] = {}
    analogues: dict[str, AnalogueType | Literal["none"]] = {}
    premises: Literal["all"] | list[str] = "all"
    heartbeat: Heartbeat = Heartbeat()
    state_every_s: Annotated[float, Meta(ge=60, le=86_400)] = 3_600.0
    time_zone: str = "Asia/Shanghai"

    @property
    def source(self) -> bytes:
        return spelled_address(self.source_address)

    @property
    def centre(self) -> bytes:
        return spelled_address(self.centre_address)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def component_of(self, quantity: str) -> int:
        """The component type of a point of `quantity`."""
        return self.components.get(quantity, COMPONENTS.get(quantity, OTHER_COMPONENT))

    def address_of(self, point: int, name: str) -> bytes | None:
        """The address of a point, which the table names `device/key`; None: the table leaves it out."""
        if not self.addresses:
            return point.to_bytes(COMPONENT_ADDRESS_BYTES, "little")
        spelled = self.addresses.get(name)
        return None if spelled is None else bytes.fromhex(spelled)

    def analogue_of(self, quantity: str) -> tuple[int, float] | None:
        """The analogue type of `quantity` and its steps a unit of ours; None: its values are not sent."""
        found = self.analogues.get(quantity)
        if found is None:
            number = STANDARD_ANALOGUES.get(quantity)
            return None if number is None else (number, float(ANALOGUES[number].steps))
        if isinstance(found, str):
            return None
        steps = found.steps_per_unit
        return found.type, float(ANALOGUES[found.type].steps) if steps is None else steps


def load(path: Path) -> Mapping:
    """The mapping in the file `path`; BadInput says what is wrong with it."""
    table = strict_yaml.read(path)
    if isinstance(table, dict) and "alarm_bit" not in table:
        raise BadInput(NO_ALARM_BIT)
    try:
        found = msgspec.convert(table, Mapping)
    except msgspec.ValidationError as error:
        raise BadInput(f"{error}.") from error
    if mistake := _mistake(found):
        raise BadInput(mistake)
    return found


def of_setting(path: Path) -> Mapping:
    """As `load`, of the file that `uplink.mapping` names; what is wrong with it says so."""
    try:
        return load(path)
    except BadInput as error:
        raise BadInput(f"uplink.mapping {path}: {error}") from error


def agreement(path: Path, host: str, port: int) -> str:
    """What tells that another centre, or something else, was agreed on."""
    return hashlib.sha256(path.read_bytes() + f"\n{host}:{port}".encode()).hexdigest()


def _mistake(found: Mapping) -> str:
    """The first thing that the types do not say; empty: there is none."""
    if found.alarm_bit is None:
        return NO_ALARM_BIT
    if found.warning_bit == 1:
        return WARNING_IS_NO_FIRE
    for spelled in (found.source_address, found.centre_address):
        spelled_address(spelled)
    try:
        ZoneInfo(found.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return f"time_zone {found.time_zone!r} is no time zone such as Asia/Shanghai."
    if unknown := sorted((set(found.components) | set(found.analogues)) - set(QUANTITIES)):
        return f"There is no quantity {unknown[0]!r}; there are: {', '.join(QUANTITIES)}."
    return _mistake_of_addresses(found.addresses) or _mistake_of_analogues(found)


def _mistake_of_addresses(addresses: dict[str, str]) -> str:
    owners: dict[bytes, str] = {}
    for name, spelled in addresses.items():
        try:
            address = bytes.fromhex(spelled)
        except ValueError:
            address = b""
        if len(address) != COMPONENT_ADDRESS_BYTES:
            return f"addresses: {name} has {spelled!r}; an address is 8 hex digits in the order of travel."
        if (other := owners.setdefault(address, name)) != name:
            return f"addresses: {name} and {other} have the same one, {spelled}."
    return ""


def _mistake_of_analogues(found: Mapping) -> str:
    for quantity, one in found.analogues.items():
        if isinstance(one, str):
            continue
        if mistake := _mistake_of_analogue(quantity, one):
            return f"analogues: {quantity} has type {one.type}{mistake}"
    return ""


def _mistake_of_analogue(quantity: str, one: AnalogueType) -> str:
    if one.type >= USER_DEFINED_MIN:
        if one.steps_per_unit is None or not one.steps_per_unit > 0:
            unit = QUANTITIES[quantity].unit
            return f", of the centre's own: steps_per_unit has to say how many make one {unit}."
    elif quantity == "residual_current_ma" and one.type == CURRENT:
        return ", which steps by 0.1 A: 300 mA would be a 3. Agree on a type from 128 on, or say none."
    elif STANDARD_ANALOGUES.get(quantity) != one.type:
        return ", which is not its type in the standard. Agree on a type from 128 on, or say none."
    elif one.steps_per_unit is not None:
        return ", whose steps are the standard's: steps_per_unit is for types from 128 on."
    return ""
