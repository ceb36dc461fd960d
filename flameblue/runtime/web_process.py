"""The web process: Django under granian, in one process that its supervisor can kill and start again."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from granian.constants import Interfaces
from granian.server.embed import Server

from flameblue.config import Config

log = logging.getLogger("flameblue.web")


def serve(config: Config, application: Callable[..., Any]) -> None:
    """Serves until the process is told to stop."""
    server = Server(
        application,
        address=config.web.host,
        port=config.web.port,
        interface=Interfaces.ASGINL,
        websockets=False,
        backpressure=512,
        log_access=False,
    )
    asyncio.run(server.serve())
