"""The device models of this installation: the package's own and those in the data folder."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.db.models import Count
from django.utils.translation import gettext as _

from flameblue.fleet.models import Device
from flameblue.profiles.loader import Profile, Shelf, package_folder


def shelf() -> Shelf:
    """This process's shelf; it re-reads changed files when it is asked."""
    return _shelf(settings.CONFIG.data)


@lru_cache(maxsize=1)
def _shelf(data: Path) -> Shelf:
    return Shelf(package_folder(), data / "profiles")


def profiles() -> Mapping[str, Profile]:
    """Every profile that a device of the registry can have, by name."""
    return shelf().current()


def missing(name: str) -> str:
    """Why there is no profile `name`, a clause without a full stop; of a file that can't be used, what is wrong."""
    known = profiles()
    if why := shelf().problems.get(f"{name}.yaml"):
        return _("the profile '%(name)s' can't be used: %(why)s") % {"name": name, "why": why.rstrip(".")}
    return _("there is no profile '%(name)s'; known are %(known)s") % {
        "name": name,
        "known": ", ".join(sorted(known)),
    }


def in_use() -> dict[str, int]:
    """How many devices that are enabled have each model, by its name."""
    used = Device.objects.filter(enabled=True).order_by("profile").values_list("profile")
    return dict(used.annotate(Count("id")))
