"""What a simulation brings to a demo: plain data, so that the wiring knows no simulation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Valley:
    """The registry, the stations and their people, and the module that speaks for the devices.

    A station has `name`, `signature`, `phone`, `latitude`, `longitude`, `next_station` (or ""); a person
    has `name`, `phone`, `station` and `role` (duty or leader).
    """

    registry_csv: str
    stations: Sequence[Mapping[str, object]]
    people: Sequence[Mapping[str, str]]
    module: str
