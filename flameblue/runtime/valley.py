"""What a simulation brings to a demo: plain data, so that the wiring knows no simulation."""

from collections.abc import Mapping, Sequence
from typing import Protocol


class Valley(Protocol):
    """The registry, the stations and their people, and the module that speaks for the devices.

    A station has `name`, `signature`, `phone`, `latitude`, `longitude`, `next_station` (or ""); a person
    has `name`, `phone`, `station` and `role` (duty or leader); `roads` is GeoJSON.
    """

    @property
    def registry_csv(self) -> str: ...

    @property
    def stations(self) -> Sequence[Mapping[str, object]]: ...

    @property
    def people(self) -> Sequence[Mapping[str, str]]: ...

    @property
    def roads(self) -> str: ...

    @property
    def module(self) -> str: ...
