"""The pictures of a place as pages show them: the premises first, then its panels."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse

from flameblue.fleet.models import Panel, Premises
from flameblue.fleet.pictures import Pictured, Pictures


@dataclass(frozen=True, slots=True)
class Picture:
    """One thing and its picture. `address` empty: it has none."""

    kind: str
    number: int
    name: str
    address: str


def folder() -> Pictures:
    """The pictures of this installation."""
    return Pictures(settings.CONFIG.data / "pictures")


def of(premises: Premises, panels: Iterable[Panel]) -> list[Picture]:
    """The premises and each of `panels`, in this order."""
    kept = folder()
    return [_picture(kept, premises), *(_picture(kept, panel) for panel in panels)]


def one(thing: Pictured) -> Picture:
    """`thing` alone."""
    return _picture(folder(), thing)


def _picture(kept: Pictures, thing: Pictured) -> Picture:
    kind, number = str(thing._meta.model_name), int(thing.pk)
    found = kept.find(thing)
    address = f"{reverse('picture', args=(kind, number))}?v={found.version}" if found else ""
    return Picture(kind, number, thing.name, address)
