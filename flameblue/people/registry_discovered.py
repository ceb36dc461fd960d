"""What a broker's devices announce, beside what the registry knows, and the rows that an import would take.

Where a device hangs nobody announces: site and premises come from whoever asks, or are filled in by hand.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from django.utils import translation
from django.utils.translation import gettext as _

from flameblue.config import Config
from flameblue.fleet.models import Point
from flameblue.fleet.shelf import profiles
from flameblue.intake.announcements import Refused, announced
from flameblue.intake.discovery import SENTENCES, Announced, Trouble
from flameblue.people.registry_cells import READERS, written
from flameblue.people.registry_exporting import Exported
from flameblue.people.registry_speech import ENGLISH
from flameblue.people.registry_words import said
from flameblue.profiles.loader import Profile

COLUMNS = ("site", "premises", "panel", "circuit", "device", "profile", "point", "quantity", "phase", "place")


@dataclass(slots=True)
class Found:
    """One device as it announces itself. `profile` empty: no device model here fits, or more than one does."""

    name: str
    label: str
    model: str
    maker: str
    profile: str = ""
    new: list[Announced] = field(default_factory=list)
    known: list[Announced] = field(default_factory=list)
    troubled: list[Announced] = field(default_factory=list)

    @property
    def is_useful(self) -> bool:
        """Whether anything of it can be measured here."""
        return bool(self.new or self.known)


def discovered(data: Path, prefix: str) -> tuple[list[Found], list[Refused]]:
    """The announced devices, those with something new first, and the announcements that can't be read."""
    sensors, refused = announced(data, prefix)
    points = Point.objects.filter(device__name__in={one.device for one in sensors})
    known = set(points.values_list("device__name", "key"))
    devices: dict[tuple[str, str], Found] = {}
    for one in sensors:
        label = (one.device, one.label)
        device = devices.setdefault(label, Found(one.device, one.label, one.model, one.maker))
        _sort_in(device, one, known)
    for device in devices.values():
        device.profile = profile_for([*device.new, *device.known], profiles())
    ordered = sorted(devices.values(), key=lambda device: (not device.new, not device.known, device.label))
    return ordered, refused


def _sort_in(device: Found, one: Announced, known: set[tuple[str, str]]) -> None:
    if one.trouble is not None:
        device.troubled.append(one)
    elif (one.device, one.key) in known:
        device.known.append(one)
    elif not (_is_taken("device", one.device) and _is_taken("point", one.key)):
        device.troubled.append(replace(one, trouble=Trouble.NAME))
    elif one.key not in {other.key for other in device.new}:
        device.new.append(one)


def _is_taken(column: str, text: str) -> bool:
    try:
        return bool(READERS[column](written(text)) == text)
    except ValueError:
        return False


def profile_for(sensors: Iterable[Announced], known: Mapping[str, Profile]) -> str:
    """The format's generic device model, which asserts nothing, else the only one with these points; empty: neither."""
    wanted = {one.key: one.quantity for one in sensors}
    formats = {one.payload for one in sensors}
    generic = {f"{name}-generic" for name in formats} & known.keys()
    fitting = [
        profile for profile in known.values() if {profile.payload} == formats and _has(profile, wanted)
    ]
    for names in (sorted(generic), [profile.name for profile in fitting]):
        if len(names) == 1:
            return names[0]
    return ""


def _has(profile: Profile, wanted: Mapping[str, str]) -> bool:
    return not profile.open_points and all(
        key in profile.points and profile.points[key].quantity.name == quantity
        for key, quantity in wanted.items()
    )


def table(devices: Iterable[Found], site: str, premises: str, language: str = ENGLISH) -> Exported:
    """The rows of what the registry does not know yet, as a file of the registry, with notes in `language`."""
    exported = Exported(language, list(COLUMNS))
    with translation.override(language):
        _fill(exported, devices, site, premises)
    return exported


def _fill(exported: Exported, devices: Iterable[Found], site: str, premises: str) -> None:
    for device in devices:
        for number, one in enumerate(device.new):
            cells = {
                "site": site,
                "premises": premises,
                "device": one.device,
                "profile": "" if number else device.profile,
                "point": one.key,
                "quantity": said("quantity", one.quantity, exported.language),
            }
            exported.rows.append([written(cells.get(name, "")) for name in COLUMNS])
        if device.new and not device.profile:
            exported.notes.append(
                _("%(device)s: choose its profile; none here fits, or more than one does.")
                % {"device": device.name}
            )
    if exported.rows and not (site and premises):
        exported.notes.append(
            _("Fill in site and premises in every row: nobody announces where a device hangs.")
        )


def lines(config: Config, devices: Iterable[Found], refused: Iterable[Refused]) -> Iterator[str]:
    """The same in words."""
    for device in devices:
        yield f"{device.label or device.name} ({' '.join(filter(None, (device.maker, device.model))) or 'no model'})"
        for sign, sensors in (("+", device.new), ("=", device.known)):
            for one in sensors:
                yield f"  {sign} {one.device}  {one.key}  {one.quantity}  {one.unit}  from {one.state_topic}"
        for one in device.troubled:
            assert one.trouble is not None
            yield f"  - {one.name}: {SENTENCES[one.trouble]} ({one.state_topic or 'no topic'})"
    for topic, why in refused:
        yield f"{topic}: not read: {why}."
    if not config.broker.discovery_prefix:
        yield "Nothing is listened to: set broker.url and broker.discovery_prefix, usually homeassistant."
