"""A plug-in is found, not listed: a folder of ours, or an entry point of another package that is installed here.

A package of plug-ins says in its `__init__` who may add to it: `ENTRY_POINTS` is the group's name, `SHAPE` the Protocol
of a plug-in's object, `RESERVED` names that nobody may take. Without ENTRY_POINTS it has our folders alone.
Invariants: our folders come first and keep their names; another package's plug-in that can't be used is told in
`problems`, is as if it were not installed, and costs the others nothing; what is installed is looked up once a process.
"""

import logging
import pkgutil
import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Any, NamedTuple

from flameblue.domain.errors import BadInput

log = logging.getLogger("flameblue.plugins")
NAME = re.compile(r"[a-z0-9_]{1,32}")  # as a profile may write it
WHY_LENGTH_MAX = 300


class Problem(NamedTuple):
    """A plug-in of another package that can't be used. `package`: as `pip` calls it; `why`: a whole sentence."""

    name: str
    package: str
    why: str


class Judged(NamedTuple):
    """What other packages bring: the usable ones by name, and the others."""

    found: Mapping[str, Any]
    problems: tuple[Problem, ...]


def find(package: ModuleType) -> dict[str, Any]:
    """Every plug-in of `package`, ours first: the object PLUGIN of a folder, or what an entry point names."""
    return {name: one(package, name) for name in names(package)}


def one(package: ModuleType, name: str) -> Any:
    """The plug-in `name` alone."""
    if name in _folders(package):
        return import_module(f"{package.__name__}.{name}").PLUGIN
    return _foreign(package).found[name]


def names(package: ModuleType) -> list[str]:
    """The plug-ins' names, ours first; of ours nothing is imported."""
    return [*_folders(package), *_foreign(package).found]


def problems(package: ModuleType) -> tuple[Problem, ...]:
    """What other packages bring to `package` that can't be used."""
    return _foreign(package).problems


def foreign(package: ModuleType) -> list[str]:
    """The names of those that other packages bring."""
    return list(_foreign(package).found)


def judged(package: ModuleType, points: Iterable[EntryPoint]) -> Judged:
    """Which of `points` can be used in `package`; of two with one name, the first package in order of the alphabet."""
    found: dict[str, Any] = {}
    refused: list[Problem] = []
    for point in sorted(points, key=lambda one: (one.name, _package_of(one))):
        try:
            _check_name(package, point.name, found)
            found[point.name] = _loaded(package, point)
        except BadInput as error:
            refused.append(Problem(point.name, _package_of(point), str(error)[:WHY_LENGTH_MAX]))
    return Judged(found, tuple(refused))


def _folders(package: ModuleType) -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(package.__path__) if module.ispkg)


def _check_name(package: ModuleType, name: str, taken: Mapping[str, Any]) -> None:
    if not NAME.fullmatch(name):
        raise BadInput(f"Its name is {name!r}; it may have 32 small letters, digits and _.")
    if name in _folders(package) or name in getattr(package, "RESERVED", ()):
        raise BadInput(f"Flameblue has a {name!r} of its own, whose place nobody takes.")
    if name in taken:
        raise BadInput(f"Another package brings a {name!r} already; remove one of them.")


def _loaded(package: ModuleType, point: EntryPoint) -> Any:
    """The object that `point` names; BadInput where it can't be had or lacks what it is asked for."""
    try:
        plugin = point.load()
    except (Exception, SystemExit) as error:
        log.exception("The plug-in %s of %s can't be loaded.", point.name, _package_of(point))
        raise BadInput(f"{point.value} can't be loaded: {type(error).__name__}: {error}.") from error
    missing = [name for name in _asked_of(package.SHAPE) if not hasattr(plugin, name)]
    if missing:
        raise BadInput(f"{point.value} has no {', '.join(missing)}.")
    return plugin


def _asked_of(shape: type) -> list[str]:
    """What a Protocol asks for by name: its attributes and methods."""
    methods = [name for name, value in vars(shape).items() if callable(value) and not name.startswith("_")]
    return [*shape.__annotations__, *methods]


def _package_of(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else "an unknown package"


def _foreign(package: ModuleType) -> Judged:
    group = getattr(package, "ENTRY_POINTS", "")
    return _looked_up(package) if group else Judged({}, ())


@cache
def _looked_up(package: ModuleType) -> Judged:
    return judged(package, _installed().select(group=package.ENTRY_POINTS))


@cache
def _installed() -> Any:
    """All entry points of this machine: looking for them takes some 20 ms, so it is done once."""
    return entry_points()
