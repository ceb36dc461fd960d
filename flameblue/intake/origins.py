"""From which addresses the devices have spoken: what the directory knows, and what was heard since it was read.

Invariants: a device without networks has one first address, and one new address at most; while it has a new one, all
that it says is marked, from wherever it comes; what is not written yet is handed out until `written` takes it back.
"""

from collections.abc import Mapping
from typing import NamedTuple

from flameblue.domain.readings import Mark
from flameblue.intake.directory import DeviceEntry
from flameblue.intake.sources import Origin, one_address, origin

NOTHING, NEW, FOREIGN = 0, int(Mark.NEW_ADDRESS), int(Mark.FOREIGN)


class Heard(NamedTuple):
    """Addresses of a device that the database does not hold yet; "": none."""

    first: str = ""
    new: str = ""


class Origins:
    """The memory of the core; `fleet.sources` keeps it for the next start."""

    def __init__(self) -> None:
        self._first: dict[str, str] = {}  # by device
        self._new: dict[str, str] = {}
        self._unwritten: dict[str, Heard] = {}

    def marks(self, entry: DeviceEntry, peer: str) -> int:
        """What is to be marked in readings that `peer` sends as `entry`: NOTHING, NEW or FOREIGN."""
        match origin(entry.allowed, peer, self._known(entry)):
            case Origin.FOREIGN:
                return FOREIGN
            case Origin.FIRST:
                self._remember_first(entry, peer)
            case Origin.NEW:
                self._remember_new(entry, peer)
        return NEW if self._awaits(entry) else NOTHING

    def unwritten(self) -> Mapping[str, Heard]:
        """By device, what is to be kept durably."""
        return dict(self._unwritten)

    def written(self, told: Mapping[str, Heard]) -> None:
        """`told` is durable; what was heard since is not."""
        for device, heard in told.items():
            if self._unwritten.get(device) == heard:
                del self._unwritten[device]

    def _known(self, entry: DeviceEntry) -> tuple[str, ...]:
        if entry.addresses:
            return entry.addresses
        first = self._first.get(entry.name)
        return (first,) if first else ()

    def _remember_first(self, entry: DeviceEntry, peer: str) -> None:
        address = one_address(peer)
        if address:
            self._first[entry.name] = address
            self._unwritten[entry.name] = Heard(first=address)

    def _remember_new(self, entry: DeviceEntry, peer: str) -> None:
        address = one_address(peer)
        if address and address != self._new.get(entry.name, entry.new_address):
            self._new[entry.name] = address
            self._unwritten[entry.name] = self._unwritten.get(entry.name, Heard())._replace(new=address)

    def _awaits(self, entry: DeviceEntry) -> bool:
        """Whether a new address of it waits for somebody to accept it."""
        if entry.allowed.anywhere or entry.allowed.networks:
            return False
        new = self._new.get(entry.name)
        if new is not None and new in entry.addresses:
            del self._new[entry.name]
            new = None
        return bool(new or entry.new_address)
