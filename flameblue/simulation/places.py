"""Where each circuit's detector is found: its kind, its model, its addresses, fixed by the plan and the wishes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flameblue.intake.protocols.gb26875.fields import address
from flameblue.simulation.device import Address
from flameblue.simulation.plan import CircuitPlan

HOST = "127.0.0.1"
MQTT = "mqtt"
UNITS_MAX = 247  # MODBUS over Serial Line V1.02, 2.2: addresses 1 to 247; more take the next port
GB26875_FIRST = 0x5AA_0000_0000  # source addresses of the false valley, by the seed and the circuit's number
IMEI_FIRST = "8600000"  # 7 of 15 digits; no device of anybody has it
LUHN = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)  # what every other digit counts, from the one before the last
METER_FIRST = "26"  # 2 of 12 digits


@dataclass(frozen=True, slots=True)
class Wishes:
    """`turns`: the circuits' kinds in turn, each with its model ("": the usual one). `ports`: others than usual."""

    host: str = HOST
    ports: Mapping[str, int] = field(default_factory=dict)
    turns: Sequence[tuple[str, str]] = ((MQTT, ""),)


@dataclass(frozen=True, slots=True)
class Place:
    """One circuit's detector. `number`: of the circuit; `rank`: among those of its kind, from 0.

    `port`: of the other end, or the one at which its kind listens.
    """

    model: str
    number: int
    rank: int
    circuit: CircuitPlan
    seed: int
    host: str
    port: int

    @property
    def name(self) -> str:
        """Of the device."""
        return self.circuit.device

    @property
    def there(self) -> Address:
        """Where the other end is."""
        return Address(self.host, self.port)

    @property
    def here(self) -> Address:
        """Where it listens itself: UNITS_MAX devices share a port, more take the next one."""
        return Address(self.host, self.port + self.rank // UNITS_MAX)

    @property
    def unit(self) -> int:
        """Its Modbus address behind the port that it shares."""
        return self.rank % UNITS_MAX + 1

    @property
    def imei(self) -> str:
        """Of its DTU, with its check digit (3GPP TS 23.003, annex B)."""
        digits = f"{IMEI_FIRST}{self.seed % 100:02}{self.number + 1:05}"
        total = sum(LUHN[int(one)] for one in digits[1::2]) + sum(int(one) for one in digits[::2])
        return f"{digits}{-total % 10}"

    @property
    def meter(self) -> str:
        """The twelve digits of DL/T 645."""
        return f"{METER_FIRST}{self.seed % 100_000:05}{self.number + 1:05}"

    @property
    def transmitter(self) -> bytes:
        """The source address of its transmitter."""
        return address(GB26875_FIRST + self.seed % 65_536 * 65_536 + self.number + 1)
