"""Our own endpoint for transmitters of GB/T 26875.3: one plain port. A confirm means "on disk"."""

import asyncio

from flameblue.config import Gb26875
from flameblue.domain.errors import WorldFailed
from flameblue.intake.door import open_port
from flameblue.intake.gb26875_conversation import PROTOCOL, Gb26875Conversation
from flameblue.intake.listener import Endpoint
from flameblue.intake.reception import Intake


class Gb26875Listener(Endpoint):
    """`settings` says where, and how long a transmitter may be quiet."""

    open_count = "gb26875_connections_open"

    def __init__(self, intake: Intake, settings: Gb26875) -> None:
        super().__init__(intake, PROTOCOL, Gb26875Conversation(intake, settings.quiet_s))
        self.settings = settings

    async def _open(self) -> list[asyncio.Server]:
        host, port = self.settings.host, self.settings.port
        if not port:
            return []
        try:
            return [await open_port(self._line, host, port)]
        except OSError as error:
            raise WorldFailed(f"The GB/T 26875.3 endpoint {host}:{port} can't be opened: {error}.") from error
