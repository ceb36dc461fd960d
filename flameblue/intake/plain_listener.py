"""The endpoint of a protocol that another package brings: one plain port. Its reply means "on disk"."""

import asyncio
from collections.abc import Iterator
from typing import NamedTuple

from flameblue.config import Protocols
from flameblue.domain.errors import BadInput, WorldFailed
from flameblue.intake.door import open_port
from flameblue.intake.listener import Endpoint
from flameblue.intake.plain_conversation import PlainConversation
from flameblue.intake.reception import Intake

PORT_MAX = 65_535


class Place(NamedTuple):
    """A protocol and the port that it is spoken on."""

    protocol: str
    port: int


def places(settings: Protocols) -> Iterator[Place]:
    """What `protocols.ports` says; BadInput names the item that says nothing."""
    for said in settings.ports:
        name, separator, port = said.strip().partition(":")
        if not (name and separator and port.isascii() and port.isdigit() and 0 < int(port) <= PORT_MAX):
            raise BadInput(f"protocols.ports has {said!r}; each item is NAME:PORT, such as acme_line:7001.")
        yield Place(name, int(port))


class PlainListener(Endpoint):
    """`place` says what is spoken where, `settings` for whom, and how long a device may be quiet."""

    def __init__(self, intake: Intake, settings: Protocols, place: Place) -> None:
        self.open_count = f"{place.protocol}_connections_open"
        super().__init__(intake, place.protocol, PlainConversation(intake, place.protocol, settings.quiet_s))
        self._host, self._place = settings.host, place

    async def _open(self) -> list[asyncio.Server]:
        try:
            return [await open_port(self._line, self._host, self._place.port)]
        except OSError as error:
            where = f"{self._host}:{self._place.port}"
            raise WorldFailed(
                f"The endpoint of {self._place.protocol} {where} can't be opened: {error}."
            ) from error
