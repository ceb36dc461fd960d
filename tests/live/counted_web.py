"""The web process as it is started, with the number of its queries in the file that is named: `python -m … FILE`."""

import mmap
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db.backends.signals import connection_created

from flameblue.asgi import application
from flameblue.runtime import web_process
from flameblue.settings import CONFIG

_lock, _asked = threading.Lock(), [0]


def main(path: str) -> None:
    with Path(path).open("r+b") as file:
        shared = mmap.mmap(
            file.fileno(), 8
        )  # a write to the file would let go of the interpreter at each query

    def count(execute: Callable[..., Any], *arguments: Any) -> Any:
        with _lock:
            _asked[0] += 1
            shared[:] = _asked[0].to_bytes(8, "little")
        return execute(*arguments)

    def watch(connection: Any, **_named: Any) -> None:
        if count not in connection.execute_wrappers:  # one that is opened again has it already
            connection.execute_wrappers.append(count)

    connection_created.connect(watch, weak=False)
    web_process.serve(CONFIG, application)


if __name__ == "__main__":
    main(sys.argv[1])
