"""The device models of this installation: the package's own and those in the data folder."""

from collections.abc import Mapping
from functools import cache

from django.conf import settings

from flameblue.profiles.loader import Profile, Shelf, package_folder


@cache
def shelf() -> Shelf:
    """This process's shelf; it re-reads changed files when it is asked."""
    return Shelf(package_folder(), settings.CONFIG.data / "profiles")


def profiles() -> Mapping[str, Profile]:
    """Every profile that can be used now, by name."""
    return shelf().current()
