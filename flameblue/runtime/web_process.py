"""The web process: Django under granian, in one process that its supervisor can kill and start again."""

import asyncio
import logging
import warnings
from collections.abc import Callable
from typing import Any

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from flameblue.config import Config


def serve(config: Config, application: Callable[..., Any]) -> None:
    """Serves until the process is told to stop."""
    server = Server(
        application,
        address=config.web.host,
        port=config.web.port,
        interface=Interfaces.ASGINL,
        websockets=False,
        backpressure=512,
        log_level=LogLevels.error,
        log_access=False,
    )
    logging.getLogger("django.request").addFilter(is_an_error)
    warnings.filterwarnings(
        "ignore", "StreamingHttpResponse must consume"
    )  # WhiteNoise's files: small, read at once
    asyncio.run(server.serve())


def is_an_error(record: logging.LogRecord) -> bool:
    """A 503 is an answer that we mean: /healthz gives it until all stages are alive."""
    return getattr(record, "status_code", None) != 503
