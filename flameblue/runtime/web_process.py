"""The web process: Django under granian, in one process that its supervisor can kill and start again."""

import asyncio
import logging
import resource
import warnings
from collections.abc import Callable
from typing import Any

from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.embed import Server

from flameblue.config import Config
from flameblue.domain.limits import WEB_CONNECTION_BYTES_MAX, WEB_CONNECTIONS_MAX, WEB_HEAD_MS_MAX

OTHER_FILES = 1_000  # databases, the archive, what is uploaded


def serve(config: Config, application: Callable[..., Any]) -> None:
    """Serves until the process is told to stop."""
    allow_files(WEB_CONNECTIONS_MAX + OTHER_FILES)
    server = Server(
        application,
        address=config.web.host,
        port=config.web.port,
        interface=Interfaces.ASGINL,
        websockets=False,
        backpressure=WEB_CONNECTIONS_MAX,
        http1_settings=HTTP1Settings(
            header_read_timeout=WEB_HEAD_MS_MAX, max_buffer_size=WEB_CONNECTION_BYTES_MAX
        ),
        log_level=LogLevels.error,
        log_access=False,
    )
    logging.getLogger("django.request").addFilter(is_an_error)
    warnings.filterwarnings(
        "ignore", "StreamingHttpResponse must consume"
    )  # WhiteNoise's files: small, read at once
    asyncio.run(server.serve())


def allow_files(wanted: int) -> None:
    """As many open files as `wanted`, where the system lets us: a connection is one, and 1,024 is often the default."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def is_an_error(record: logging.LogRecord) -> bool:
    """A 503 is an answer that we mean: /healthz gives it until all stages are alive."""
    return getattr(record, "status_code", None) != 503
