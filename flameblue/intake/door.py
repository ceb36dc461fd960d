"""The ports: who comes is let in a few at a time, so that those who are in keep their turn."""

import asyncio
import socket
from collections.abc import Callable

from flameblue.domain.limits import ACCEPTS_PER_TURN

ACCEPT_BACKLOG = 1_024  # connections that wait in the kernel: a village comes back at once after an outage


async def open_port(factory: Callable[[], asyncio.BaseProtocol], host: str, port: int) -> asyncio.Server:
    """Serves `port` with a protocol of `factory` for each connection. OSError when it can't be opened.

    asyncio accepts as many connections a turn as it was told may wait, so it is told few and the kernel many. When
    descriptors run out it says so and tries again a second later.
    """
    loop = asyncio.get_running_loop()
    server = await loop.create_server(factory, host, port, backlog=ACCEPTS_PER_TURN)
    for listening in server.sockets:
        with socket.socket(fileno=listening.dup().detach()) as same:
            same.listen(ACCEPT_BACKLOG)
    return server
