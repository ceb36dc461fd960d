"""The device models of this installation: the package's own and those in the data folder."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from flameblue.profiles.loader import Profile, Shelf, package_folder


def shelf() -> Shelf:
    """This process's shelf; it re-reads changed files when it is asked."""
    return _shelf(settings.CONFIG.data)


@lru_cache(maxsize=1)
def _shelf(data: Path) -> Shelf:
    return Shelf(package_folder(), data / "profiles")


def profiles() -> Mapping[str, Profile]:
    """Every profile that a device of the registry can have, by name: it can't say yet where one is to be asked."""
    return {name: profile for name, profile in shelf().current().items() if profile.payload}


def missing(name: str) -> str:
    """Why there is no profile `name`, a clause without a full stop; of a file that can't be used, what is wrong."""
    known = profiles()
    if name in shelf().current():
        return _(
            "devices of the profile '%(name)s' are asked over Modbus, which this version does not do by itself; let a "
            "gateway read them and publish over MQTT"
        ) % {"name": name}
    if why := shelf().problems.get(f"{name}.yaml"):
        return _("the profile '%(name)s' can't be used: %(why)s") % {"name": name, "why": why.rstrip(".")}
    return _("there is no profile '%(name)s'; known are %(known)s") % {
        "name": name,
        "known": ", ".join(sorted(known)),
    }
