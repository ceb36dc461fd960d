"""Unknown devices as the commissioning pages show them: what each sends, which model fits, where it may hang."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from flameblue.commissioning import scanning
from flameblue.commissioning.models import Scan
from flameblue.domain.clock import to_datetime
from flameblue.domain.limits import PAGE_ROWS_MAX
from flameblue.fleet.models import Circuit, Device, Point, Premises
from flameblue.fleet.shelf import profiles
from flameblue.intake import fitting, redact
from flameblue.intake.asking import registration
from flameblue.intake.directory import BEHIND
from flameblue.intake.fitting import Fit, Heard, Meant, Said
from flameblue.intake.quarantine import KeptMessage, UnknownDeviceRow
from flameblue.profiles.loader import Profile
from flameblue.web import quarantine_facts
from flameblue.web.views.quarantine import BY_ADDRESS, shelf

PLACES_SHOWN = 20
IN_ORDER = ("panel__premises__site__name", "panel__premises__name", "panel__name", "id")
WORDS_MAX = 4
TOKEN = "token "  # how intake shows a name that is a secret


@dataclass(frozen=True, slots=True)
class Stranger:
    """One unknown device. `fits`: the models that speak as it does, the best first."""

    row: UnknownDeviceRow
    last: datetime
    came: Sequence[Said]
    fits: Sequence[Fit]
    scan: Scan | None

    @property
    def fit(self) -> Fit | None:
        """The best of them; None: no model speaks as it does."""
        return self.fits[0] if self.fits else None

    @property
    def address(self) -> str:
        """What it calls itself where its protocol knows no names."""
        return self.row.client_id if self.row.topic.startswith(BY_ADDRESS) else ""

    @property
    def is_free_to_name(self) -> bool:
        """Whether it is known by something else than its name: a token, or an address."""
        return bool(self.address) or self.row.name.startswith(TOKEN)

    @property
    def is_unit(self) -> bool:
        """Whether it is a 4G unit, with devices behind it that are asked by their numbers."""
        return self.row.topic == registration.TOPIC

    @property
    def shown(self) -> quarantine_facts.Shown:
        """Its message, where no key is known of it."""
        return quarantine_facts.shown(self.row)

    @property
    def suggested_name(self) -> str:
        """What it would be called."""
        if not self.is_free_to_name:
            return self.row.name
        return self.scan.serial if self.scan else self.address or self.row.client_id


@dataclass(frozen=True, slots=True)
class KeyLine:
    """One key in the form of a model that leaves its points open."""

    number: int
    key: str
    value: str
    meant: Meant


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """Where a device may hang. `value`: c and the circuit's id, or p and that of premises without a circuit."""

    value: str
    site: str
    premises: str
    circuit: str
    watched: int


@dataclass(frozen=True, slots=True)
class Places:
    """Those that are shown, and how many more there are."""

    shown: Sequence[PlaceLine]
    more: int


def strangers() -> list[Stranger]:
    """Those that the registry does not know yet, in the order in which they came: nothing moves under a finger."""
    rows = sorted(shelf().unknown_devices(limit=PAGE_ROWS_MAX), key=lambda row: (row.first_ns, row.name))
    names = set(Device.objects.filter(name__in=[row.name for row in rows]).values_list("name", flat=True))
    addresses = [row.client_id for row in rows if row.topic.startswith(BY_ADDRESS)]
    used = set(Device.objects.filter(device_address__in=addresses).values_list("device_address", flat=True))
    hashes = [row.credential_hash for row in rows if row.credential_hash]
    held = set(Device.objects.filter(credential_hash__in=hashes).values_list("credential_hash", flat=True))
    known, messages = profiles(), shelf().unknown_messages()
    return [
        _stranger(row, messages.get(row.name, []), known)
        for row in rows
        if row.name not in names
        and not (row.topic.startswith(BY_ADDRESS) and row.client_id in used)
        and not (row.name.startswith(TOKEN) and row.credential_hash in held)
    ]


def stranger(name: str) -> Stranger | None:
    """The one of that name."""
    return next((one for one in strangers() if one.row.name == name), None)


def choices(one: Stranger) -> list[tuple[str, str]]:
    """The models, those that fit first, each with how many of the keys it knows; what is asked is behind a 4G unit."""
    known = profiles()
    named = {fit.profile for fit in one.fits}
    first = [(fit.profile, f"{fit.profile} ({fit.recognised}/{fit.came})") for fit in one.fits]
    is_unit = one.row.topic == registration.TOPIC
    others = (name for name in sorted(known) if name not in named and known[name].is_asked == is_unit)
    return first + [(name, name) for name in others]


def key_lines(one: Stranger, profile: str) -> list[KeyLine]:
    """What came, as points of `profile`; empty where that names its own."""
    known = profiles().get(profile)
    if known is None or not known.open_points:
        return []
    return [
        KeyLine(number, said.key, shown(said), fitting.meaning(said, known))
        for number, said in enumerate(one.came)
    ]


def fixed_points(profile: str) -> int:
    """How many points a device of `profile` gets by its model."""
    known = profiles().get(profile)
    return len(known.points) if known is not None else 0


def shown(said: Said) -> str:
    """A value as it was sent, short enough for a row."""
    if isinstance(said.value, list | tuple):
        return ", ".join(str(one) for one in said.value)[:40]
    return f"{said.value:g}" if said.is_number else str(said.value)[:40]


def places(asked: str) -> Places:
    """Circuits, then premises without one, that have all words of `asked`; what nobody watches comes first.

    Both are in the order of villages, premises and panels.
    """
    words = asked.split()[:WORDS_MAX]
    circuits = Circuit.objects.select_related("panel__premises__site").annotate(watched=Count("points"))
    for word in words:
        circuits = circuits.filter(
            Q(name__icontains=word)
            | Q(panel__name__icontains=word)
            | Q(panel__premises__name__icontains=word)
            | Q(panel__premises__short_name__icontains=word)
            | Q(panel__premises__site__name__icontains=word)
        )
    found = [
        PlaceLine(
            f"c{one.pk}",
            one.panel.premises.site.name,
            one.panel.premises.name,
            f"{one.panel.name} · {one.name}",
            one.watched,
        )
        for one in circuits.order_by(Exists(Point.objects.filter(circuit=OuterRef("pk"))), *IN_ORDER)[
            :PLACES_SHOWN
        ]
    ]
    bare = _bare(words)
    shown = bare[: PLACES_SHOWN - len(found)]
    found += [PlaceLine(f"p{one.pk}", one.site.name, one.name, "", 0) for one in shown]
    return Places(found, circuits.count() + bare.count() - len(found))


def _bare(words: Sequence[str]) -> QuerySet[Premises]:
    bare = Premises.objects.select_related("site").filter(panels__circuits=None)
    for word in words:
        bare = bare.filter(
            Q(name__icontains=word) | Q(short_name__icontains=word) | Q(site__name__icontains=word)
        )
    return bare.distinct().order_by("site__name", "name", "id")


def _stranger(
    row: UnknownDeviceRow, messages: Sequence[KeptMessage], known: Mapping[str, Profile]
) -> Stranger:
    heard = [Heard(one.topic, redact.restored(one.sample), one.last_ns) for one in messages]
    newest = Heard(row.topic, redact.restored(row.sample), row.last_ns)
    came, fits = fitting.look(row.name, heard or [newest], known)
    names = [row.name, row.client_id, row.name.rpartition(BEHIND)[2]]
    return Stranger(row, to_datetime(row.last_ns), came, fits, scanning.of_names(names))
