"""Sites, premises, panels and circuits become as a registry file wishes them."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from flameblue.fleet.models import Circuit, Panel, Premises, Site, Station
from flameblue.people.registry_cells import STATION
from flameblue.people.registry_columns import called
from flameblue.people.registry_ledger import Ledger, Settling, by_key
from flameblue.people.registry_speech import listed
from flameblue.people.registry_wishes import CIRCUIT, Key, Wish, Wishes

SHORT_NAME_MAX = 20
FIELD_OF = {"season": "closed_until"}  # where a column is called otherwise than the field


@dataclass(frozen=True)
class Places:
    """The places that the file names, by their keys, as they are in the database now."""

    premises: dict[Key, Premises]
    circuits: dict[Key, Circuit]


def settle_places(wishes: Wishes, ledger: Ledger) -> Places:
    """Makes the places of `wishes`; what can't be goes into the ledger."""
    sites = _sites(wishes, ledger)
    premises = _premises(wishes, ledger, sites)
    numbers = [site.pk for site in sites.values()]
    panels = _panels(wishes, ledger, premises, numbers)
    return Places(premises, _circuits(wishes, ledger, panels, numbers))


def _sites(wishes: Wishes, ledger: Ledger) -> dict[Key, Site]:
    known = by_key(Site.objects.filter(name__in=[key[0] for key in wishes.sites]), lambda site: (site.name,))
    stations = {station.name: station for station in Station.objects.order_by("id")}
    settling = Settling(ledger)
    for key, wish in wishes.sites.items():
        name = wish.get(STATION)
        if name is not None and name not in stations:
            why = _("there is no station '%(name)s'; create it first") % {"name": name}
            ledger.wrong(wish.where(STATION, STATION), why)
        station = stations.get(name) if name else None
        if key in known:
            settling.change(known[key], {"station": station} if station else {})
            continue
        known[key] = Site(name=key[0], station=station or _only_station(wish, ledger, stations))
        settling.add(known[key], {"station": known[key].station})
    settling.write()
    return known


def _only_station(wish: Wish, ledger: Ledger, stations: dict[str, Station]) -> Station:
    """The station of a new site that names none."""
    if len(stations) == 1:
        return next(iter(stations.values()))
    if not wish.get(STATION):
        why = _("a new site needs one of the stations %(names)s; add the column '%(column)s'")
        why %= {"names": listed(stations), "column": called(STATION)}
        if not stations:
            why = _("a new site needs a station and there is none; create one on the admin page first")
        ledger.missing((wish.row, STATION), why)
    # The import is lost by now and will be rolled back; with a stand-in the other troubles are found as well.
    return Station.objects.get_or_create(name="?", defaults={"signature": "?"})[0]


def _premises(wishes: Wishes, ledger: Ledger, sites: dict[Key, Site]) -> dict[Key, Premises]:
    found = Premises.objects.filter(site__in=sites.values()).select_related("site")
    known = by_key(found, lambda one: (one.site.name, one.name))
    settling = Settling(ledger)
    for key, wish in wishes.premises.items():
        values = {FIELD_OF.get(name, name): said.value for name, said in wish.said.items()}
        if key in known:
            settling.change(known[key], values)
            continue
        site, name = key
        if "short_name" not in values and len(name) > SHORT_NAME_MAX:
            why = _(
                "it must be given, since a message has no room for a name of more than %(most)d characters"
            )
            ledger.missing((wish.row, "short_name"), why % {"most": SHORT_NAME_MAX})
        known[key] = Premises(site=sites[(site,)], name=name, short_name=name[:SHORT_NAME_MAX])
        settling.add(known[key], values)
    settling.write()
    return known


def _panels(
    wishes: Wishes, ledger: Ledger, premises: dict[Key, Premises], sites: list[int]
) -> dict[Key, Panel]:
    found = Panel.objects.filter(premises__site__in=sites).select_related("premises__site")
    known = by_key(found, lambda one: (one.premises.site.name, one.premises.name, one.name))
    settling = Settling(ledger)
    for key in wishes.panels:
        if key in known:
            settling.change(known[key], {})
            continue
        known[key] = Panel(premises=premises[key[:2]], name=key[2])
        settling.add(known[key], {})
    settling.write()
    return known


def _circuits(
    wishes: Wishes, ledger: Ledger, panels: dict[Key, Panel], sites: list[int]
) -> dict[Key, Circuit]:
    found = Circuit.objects.filter(panel__premises__site__in=sites).select_related("panel__premises__site")
    known = by_key(found, _circuit_key)
    settling = Settling(ledger)
    for key, wish in wishes.circuits.items():
        values: dict[str, Any] = {name: wish.get(name) for name in CIRCUIT if name in wish.said}
        if key in known:
            settling.change(known[key], values)
            continue
        known[key] = Circuit(panel=panels[key[:3]], name=key[3])
        settling.add(known[key], values)
    settling.write()
    return known


def _circuit_key(circuit: Circuit) -> Key:
    premises = circuit.panel.premises
    return premises.site.name, premises.name, circuit.panel.name, circuit.name
