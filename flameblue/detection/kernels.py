"""How detection is compiled, and where the compiled code is kept.

Every function of the kernel is compiled; its plain Python stays reachable as `.py_func`. Compiled code is cached in
a folder named after a hash of all sources that it was made of (this package and the words of `domain`), the version
of Numba and the processor, since Numba itself looks only at the file of the function it has cached.
"""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import llvmlite.binding
import numba
import numba.extending
import numpy as np
from llvmlite import ir
from numba.core import cgutils
from numba.core import config as numba_config

import flameblue.domain
from flameblue.detection.fleet_state import HOT_BYTES

CACHE_LINE_BYTES = 64
WRITE, KEEP, DATA = 1, 3, 1  # arguments of llvm.prefetch

# The lock is free while detection runs; what C callers would need costs time to compile and is left out.
OPTIONS: dict[str, Any] = {"nogil": True, "no_cfunc_wrapper": True}
SOURCES = (Path(__file__).parent, Path(flameblue.domain.__file__).parent)

settings: Any = numba_config
code_tools: Any = cgutils

F = TypeVar("F", bound=Callable[..., Any])
_compiled: list[Any] = []
_folders: list[Path] = []  # the folder in use, once there is one


def compiled(function: F) -> F:
    """`function` compiled by Numba at its first call."""
    dispatcher = numba.njit(**OPTIONS)(function)
    _compiled.append(dispatcher)
    if _folders:
        dispatcher.enable_caching()
    return cast("F", dispatcher)


def code(number: int) -> int:
    """A stored number (a rule, a level, a mark) for compiled code: for a plain int Numba would compile each function
    anew for every value that it is called with."""
    return cast("int", np.int64(number))


def _prefetch(_typing_context: Any, record: Any) -> Any:
    """How Numba types and generates `prefetch`."""

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        byte_pointer, i32, i64 = ir.IntType(8).as_pointer(), ir.IntType(32), ir.IntType(64)
        kind = ir.FunctionType(ir.VoidType(), [byte_pointer, i32, i32, i32])
        function = code_tools.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        start = builder.bitcast(arguments[0], byte_pointer)
        for offset in range(0, min(record.size, HOT_BYTES), CACHE_LINE_BYTES):
            line = builder.gep(start, [i64(offset)])
            builder.call(function, [line, i32(WRITE), i32(KEEP), i32(DATA)])
        return context.get_dummy_value()

    return numba.types.void(record), generate


# Asks the memory for a record that is looked at soon: points come in any order, and a miss costs more than a rule.
# It changes nothing.
prefetch = cast("Callable[[Any], None]", numba.extending.intrinsic(_prefetch))


def sources_hash(*folders: Path) -> str:
    """A name for the code compiled from the sources in `folders`, on this machine."""
    found = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            found.update(path.relative_to(folder).as_posix().encode())
            found.update(path.read_bytes())
    found.update(f"{numba.__version__} {llvmlite.binding.get_host_cpu_name()}".encode())
    return found.hexdigest()[:16]


def use_cache(folder: Path | None) -> Path | None:
    """Keeps compiled code under `folder`, from the first compilation on; uncached where nothing can be written.

    Returns the folder in use, or None.
    """
    if folder is None:
        return None
    place = folder / sources_hash(*SOURCES)
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    if not os.access(place, os.W_OK):
        return None
    settings.CACHE_DIR = str(place)
    _folders[:] = [place]
    for dispatcher in _compiled:
        dispatcher.enable_caching()
    return place
