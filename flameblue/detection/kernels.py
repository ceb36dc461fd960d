"""How detection is compiled, and where the compiled code is kept.

Every function of the kernel is compiled; its plain Python stays reachable as `.py_func`. Compiled code is cached in
a folder named after a hash of all sources of this package, the version of Numba and the processor, since Numba
itself looks only at the file of the function it has cached.
"""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import llvmlite.binding
import numba
from numba.core import config as numba_config

F = TypeVar("F", bound=Callable[..., Any])
_compiled: list[Any] = []


def compiled(function: F) -> F:
    """`function` compiled by Numba at its first call."""
    dispatcher = numba.njit(nogil=True)(function)
    _compiled.append(dispatcher)
    return cast("F", dispatcher)


def sources_hash(sources: Path) -> str:
    """A name for the compiled code of the package in `sources`, on this machine."""
    found = hashlib.sha256()
    for path in sorted(sources.rglob("*.py")):
        found.update(path.relative_to(sources).as_posix().encode())
        found.update(path.read_bytes())
    found.update(f"{numba.__version__} {llvmlite.binding.get_host_cpu_name()}".encode())
    return found.hexdigest()[:16]


def use_cache(folder: Path | None) -> Path | None:
    """Keeps compiled code under `folder`, from the first compilation on; uncached where nothing can be written.

    Returns the folder in use, or None.
    """
    if folder is None:
        return None
    place = folder / sources_hash(Path(__file__).parent)
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    if not os.access(place, os.W_OK):
        return None
    numba_config.CACHE_DIR = str(place)
    for dispatcher in _compiled:
        dispatcher.enable_caching()
    return place
