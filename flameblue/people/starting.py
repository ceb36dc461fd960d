"""The first people of an installation: the owner of premises that are added by hand, and whoever sets it up."""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from flameblue.domain.errors import BadInput
from flameblue.fleet.keeping import Hand, keep, keep_new
from flameblue.fleet.models import Circuit, Panel, Premises, Site, Station
from flameblue.people.models import Contact, Person, Shift


@dataclass(frozen=True, slots=True)
class NewPerson:
    """`phone` in E.164."""

    name: str
    phone: str
    language: str


@dataclass(frozen=True, slots=True)
class NewPremises:
    """A cabin with the panel and the circuit that are watched first."""

    site: Site
    name: str
    kind: str
    address: str
    latitude: float | None
    longitude: float | None
    panel: str
    circuit: str
    isolator: str
    rated_current_a: float | None


@transaction.atomic
def add_premises(wish: NewPremises, owner: NewPerson, hand: Hand) -> Circuit:
    """The circuit of the new premises, whose first contact is `owner`; BadInput where they exist."""
    said = {"name": wish.name, "site": wish.site.name}
    premises = Premises(
        site=wish.site,
        name=wish.name,
        short_name=wish.name[:20],
        kind=wish.kind,
        address=wish.address,
        latitude=wish.latitude,
        longitude=wish.longitude,
    )
    keep_new(premises, hand, _("There are already premises “%(name)s” in %(site)s.") % said)
    keep(Contact(premises=premises, person=_person(owner, hand), order=1), hand)
    panel = Panel(premises=premises, name=wish.panel)
    keep(panel, hand)
    circuit = Circuit(
        panel=panel, name=wish.circuit, isolator=wish.isolator, rated_current_a=wish.rated_current_a
    )
    keep(circuit, hand)
    return circuit


@transaction.atomic
def introduce(user: User, wish: NewPerson, station: Station, *, on_duty: bool, hand: Hand) -> Person:
    """Whom `user` is: a person of `station`, `on_duty` until the roster says otherwise. BadInput where known."""
    if Person.objects.filter(user=user).exists():
        raise BadInput(_("The user %(name)s is linked to a person already.") % {"name": user.username})
    person = _person(wish, hand)
    if person.user_id is not None:
        raise BadInput(_("This number belongs to somebody who signs in already."))
    person.user, person.station = user, station
    keep(person, hand)
    if on_duty:
        keep(Shift(station=station, person=person, role=Shift.Role.DUTY), hand)
    return person


def whose(phone: str) -> Person | None:
    """Who has this number."""
    return Person.objects.filter(phone=phone, active=True).order_by("id").first()


def _person(wish: NewPerson, hand: Hand) -> Person:
    """Who has the number, or somebody new: a number belongs to one person."""
    known = whose(wish.phone)
    if known is None:
        known = Person(name=wish.name, phone=wish.phone, language=wish.language)
        keep(known, hand)
    elif known.name != wish.name:
        raise BadInput(_("This number is %(name)s's: write the name so.") % {"name": known.name})
    return known
