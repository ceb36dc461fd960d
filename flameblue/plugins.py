"""A plug-in is a folder, found, not listed."""

import pkgutil
from importlib import import_module
from types import ModuleType
from typing import Any


def find(package: ModuleType) -> dict[str, Any]:
    """Every folder inside `package` is one plug-in, named after the folder; its object is named PLUGIN."""
    return {name: one(package, name) for name in names(package)}


def one(package: ModuleType, name: str) -> Any:
    """The plug-in `name` alone."""
    return import_module(f"{package.__name__}.{name}").PLUGIN


def names(package: ModuleType) -> list[str]:
    """The plug-ins' names alone: nothing is imported."""
    return sorted(module.name for module in pkgutil.iter_modules(package.__path__) if module.ispkg)
