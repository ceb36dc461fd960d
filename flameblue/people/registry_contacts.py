"""Owners and second contacts become as a registry file wishes them.

A number belongs to one person: the person is found by it. A name without a number, or a number without a
name, speaks of the contact that the premises have already.
"""

from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from flameblue.fleet.models import Premises
from flameblue.people.models import Contact, Person
from flameblue.people.registry_ledger import Ledger, Settling
from flameblue.people.registry_speech import shown
from flameblue.people.registry_wishes import OWNER, Key, Said, Wish, Wishes, shown_of

GUARDED = ("name", "phone")  # of a person who signs in: changed on the admin page only


def settle_contacts(wishes: Wishes, ledger: Ledger, premises: dict[Key, Premises]) -> None:
    """Makes the contacts of `wishes`; what can't be goes into the ledger."""
    known = {(one.premises_id, one.order): one for one in Contact.objects.select_related("premises")}
    people = _People(ledger)
    links = Settling(ledger)
    for key, wish in wishes.contacts.items():
        place, order = premises[key[:2]], int(key[2])
        contact = known.get((place.pk, order))
        person = people.meant(contact.person_id if contact else None, key, wish)
        if person is None:
            continue
        if contact is None:
            links.add(Contact(premises=place, person=person, order=order), {})
        else:
            links.change(contact, {"person": person})
    people.write()
    links.write()


@dataclass
class _People:
    """Everybody, and what the file wishes of them; one person may be a contact of many premises."""

    ledger: Ledger
    wished: dict[int, tuple[Person, dict[str, Said]]] = field(default_factory=dict)  # by id() of the person
    named: dict[int, Key] = field(default_factory=dict)  # by the same: the place that names the person first

    def __post_init__(self) -> None:
        self._known = {person.pk: person for person in Person.objects.order_by("id")}
        self._holders: dict[str, list[Person]] = {}
        for person in self._known.values():
            self._holders.setdefault(person.phone, []).append(person)

    def meant(self, current_id: int | None, key: Key, wish: Wish) -> Person | None:
        """The person whom the contact `key` shall be; None, with a trouble told, where that can't be known."""
        current = self._known[current_id] if current_id is not None else None
        person = current if current and _speaks_of(wish, current) else self._other(current, key[2], wish)
        if person is not None:
            self.named.setdefault(id(person), key[:2])
            for name, said in wish.said.items():
                self._wish(person, name, said)
        return person

    def _other(self, current: Person | None, order: str, wish: Wish) -> Person | None:
        """Somebody else than the contact as it is, or the contact with a new number."""
        name, phone = wish.get("name"), wish.get("phone")
        name_column, phone_column = ("owner", "phone") if order == OWNER else ("contact2", "phone2")
        if phone is None:
            why = _("the number of '%(name)s' is needed") % {"name": name}
            self.ledger.missing((wish.row, phone_column), why)
            return None
        holders = self._holders.get(phone, [])
        if holders and name is not None and name not in [holder.name for holder in holders]:
            why = _("the number %(phone)s belongs to '%(name)s'; a number belongs to one person")
            why %= {"phone": phone, "name": shown(holders[0].name)}
            self.ledger.wrong(wish.where("name", name_column), why)
            return None
        if holders:
            return next((holder for holder in holders if holder.name == name), holders[0])
        if current is not None and name in (None, current.name):
            return current
        if name is None:
            self.ledger.missing((wish.row, name_column), _("whose number this is must be said"))
            return None
        person = Person(name=name, phone=phone)
        self._holders[phone] = [person]
        return person

    def _wish(self, person: Person, name: str, said: Said) -> None:
        known = self.wished.setdefault(id(person), (person, {}))[1].setdefault(name, said)
        if known.value != said.value:
            told = {"said": shown_of(said), "row": known.row, "other": shown_of(known)}
            why = _("it says %(said)s, but row %(row)d says %(other)s of the same person") % told
            self.ledger.wrong((said.row, said.column), why)
        elif name in GUARDED and person.user_id is not None and getattr(person, name) != said.value:
            why = _("%(name)s signs in here; change name and number on the admin page")
            why %= {"name": person.name}
            self.ledger.wrong((said.row, said.column), why)

    def write(self) -> None:
        """Into the database."""
        settling = Settling(self.ledger)
        for number, (person, said) in self.wished.items():
            values = {name: one.value for name, one in said.items()}
            if person._state.adding:
                settling.add(person, values, at=self.named[number])
            else:
                settling.change(person, values, at=self.named[number])
        settling.write()


def _speaks_of(wish: Wish, current: Person) -> bool:
    """The file names nobody else than `current`: the same number, or no number and no other name."""
    phone = wish.get("phone")
    return phone == current.phone or (phone is None and wish.get("name") in (None, current.name))
