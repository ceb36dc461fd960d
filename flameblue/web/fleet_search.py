"""Finding things of the fleet by any word, a phone or a device's name, without a search engine.

Chinese writes no blanks between words, so each word of the question is looked for inside the texts. Every scan is
of one table, and stops at FOUND_MAX. Invariant: nobody learns more of a phone than a page shows anyway: a part of
a number is compared with its last digits, four of them for a viewer.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import islice
from operator import and_, or_
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from flameblue.domain.limits import FOUND_MAX, SEARCH_WORD_CHARACTERS_MAX, SEARCH_WORDS_MAX
from flameblue.fleet.models import Device
from flameblue.people.models import Contact, Person
from flameblue.people.registry_cells import phone as whole_phone
from flameblue.web import access, premises_kinds

SHOWN_DIGITS = 4  # of a masked phone
DIGITS = re.compile(r"\+?\d{3,}")
MOBILE_DIGITS = 11
PUNCTUATED = re.compile(r"[\d().'-]+")  # how people write a number without blanks
PUNCTUATED_DIGITS = 7  # fewer digits with a dash are a room or a house: 203-1
PIECES_MAX = 6  # of a number that is written with blanks: +86 138 00 00 00 02
PREMISES_TEXTS = ("name", "short_name", "address", "key_holder")
NUMBER_DIGITS = 5  # from so many on, digits are of a phone or a device: no house has such a number
DEVICE_TEXTS = ("name", "serial")


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a question. `phone`: the whole number that it is, in E.164."""

    text: str
    may_act: bool
    phone: str = ""

    @property
    def digits(self) -> str:
        """The digits of a part of a number, without what people write between them."""
        bare = re.sub(r"[().'-]", "", self.text)
        is_punctuated = PUNCTUATED.fullmatch(self.text) and len(bare) >= PUNCTUATED_DIGITS
        return bare if is_punctuated else self.text

    def within(self, *names: str) -> Q:
        """One of the fields contains it."""
        return reduce(or_, (Q(**{f"{name}__icontains": self.text}) for name in names))

    def of_phone(self, name: str = "phone") -> Q | None:
        """The phone is it or ends with it; None: it is no part of a phone that this reader may ask for."""
        if self.phone:
            return Q(**{name: self.phone})
        digits = self.digits
        if not DIGITS.fullmatch(digits):
            return None
        if digits.startswith("+") or len(digits) >= MOBILE_DIGITS:
            return Q(**{name: digits}) | Q(**{name: f"+86{digits}"})
        if len(digits) > SHOWN_DIGITS and not self.may_act:
            return None
        return Q(**{f"{name}__endswith": digits})

    def of_person(self, prefix: str = "") -> Q:
        """The person's name contains it, or the phone is it."""
        phone = self.of_phone(f"{prefix}phone")
        return self.within(f"{prefix}name") if phone is None else phone | self.within(f"{prefix}name")


@dataclass(frozen=True)
class Question:
    """What somebody looks for; each of `words` must be found."""

    user: access.AnyUser
    words: tuple[Word, ...]


def question(user: access.AnyUser, text: str) -> Question | None:
    """`text` as words; None where it has none."""
    may_act = access.role_of(user) in access.ACTS.roles
    plain = unicodedata.normalize("NFKC", text).replace("\x00", "").split()
    words = tuple(
        Word(said[:SEARCH_WORD_CHARACTERS_MAX], may_act, phone)
        for said, phone in islice(_said(plain), SEARCH_WORDS_MAX)
    )
    return Question(user, words) if words else None


def _said(plain: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each word, and the number that it is; a number that is written with blanks is one word."""
    at = 0
    while at < len(plain):
        count, phone = 1, _phone(plain[at])
        for pieces in range(PIECES_MAX, 1, -1):
            if phone:
                break
            phone = _phone(" ".join(plain[at : at + pieces]))
            count = min(pieces, len(plain) - at) if phone else 1
        yield phone if count > 1 else plain[at], phone
        at += count


def _phone(text: str) -> str:
    """The number that `text` is, in whichever way it is written; empty where it is none."""
    try:
        return whole_phone(text)
    except ValueError:
        return ""


def sites(asked: Question) -> list[int]:
    """The ids of the sites that the question means."""
    found = access.sites_for(asked.user)
    return _ids(found, reduce(and_, (word.within("name", "station__name") for word in asked.words)))


def premises(asked: Question) -> list[int]:
    """The premises, found by their own words, by their site, their devices or their contacts."""
    return _anchored(asked, access.premises_for(asked.user), PREMISES)


def devices(asked: Question) -> list[int]:
    """The devices, found by their own words or by what finds their premises."""
    return _anchored(asked, access.devices_for(asked.user), DEVICES)


def circuits(asked: Question) -> list[int]:
    """The circuits, found by their own words, their devices or by what finds their premises."""
    return _anchored(asked, access.circuits_for(asked.user), CIRCUITS)


def points(asked: Question) -> list[int]:
    """The points, found by device, circuit or premises, or by the whole name of their place."""
    return _anchored(asked, access.points_for(asked.user), POINTS)


def people(asked: Question) -> list[int]:
    """The people, found by name, phone or station; without any, those who answer for premises that are found."""
    at = access.people_for(asked.user)
    own = (word.of_person() | word.within("station__name") for word in asked.words)
    found = _ids(at, reduce(and_, own))
    if found:
        return found
    contacts = Contact.objects.filter(premises__in=premises(asked)[:FOUND_MAX]).values("person")
    return _ids(at, Q(id__in=contacts))


@dataclass(frozen=True, slots=True)
class _Kind:
    """Where the words of a thing are: `premises` leads to its premises, `own` are the texts of its row alone."""

    premises: str
    own: tuple[str, ...] = ()  # looked through where no premises are meant
    exact: str = ""  # the same by an index, where there are too many rows to look through
    texts: tuple[str, ...] = ()  # looked at in few rows
    devices: str = ""  # of Device, to what `OuterRef` names

    def words(self, word: Word) -> Q:
        """One of the texts contains it, or one of the premises'."""
        premises = (f"{self.premises}__{name}" if self.premises else name for name in PREMISES_TEXTS)
        others = (f"{self.premises}__{name}" if self.premises else name for name in ("site__name", "kind"))
        return word.within(*self.texts, *premises, *others)

    def says(self, word: Word) -> Q:
        """It is found by the word, in whichever way; for few rows."""
        contacts = Contact.objects.filter(
            word.of_person("person__"), premises=OuterRef(self.premises or "pk")
        )
        found = self.words(word) | Q(Exists(contacts))
        if not self.devices:
            return found
        devices = Device.objects.filter(word.within(*DEVICE_TEXTS), **{self.devices: OuterRef("pk")})
        return found | Q(Exists(devices))


PREMISES = _Kind("", devices="premises")
DEVICES = _Kind("premises", texts=DEVICE_TEXTS)
CIRCUITS = _Kind(
    "panel__premises",
    own=("name", "isolator"),
    texts=("name", "isolator", "panel__name"),
    devices="points__circuit",
)
POINTS = _Kind(
    "device__premises",
    exact="place",
    texts=("key", "place", "device__name", "device__serial", "circuit__name"),
)


def _anchored(asked: Question, at: QuerySet[Any], kind: _Kind) -> list[int]:
    """The things of `at` that every word finds.

    One word that finds few premises is enough to begin with: the others are looked for there. Words that find no
    premises are looked for in the things themselves; words that find very many are looked for until there are enough.
    """
    nowhere: list[Word] = []
    for word in sorted(asked.words, key=lambda one: -len(one.text)):
        found = _premises_of(asked, word)
        if found:
            there = Q(**{f"{kind.premises or 'id'}__in": found})
            rest = [one for one in asked.words if one != word or kind is not PREMISES]
            return _ids(at, reduce(and_, (kind.says(one) for one in rest), there))
        if found is not None:
            nowhere.append(word)
    if nowhere and not (kind.own or kind.exact):
        return []
    own = [word.within(*kind.own) if kind.own else Q(**{kind.exact: word.text}) for word in nowhere]
    return _ids(at, reduce(and_, (*own, *(kind.words(word) for word in asked.words if word not in nowhere))))


def _premises_of(asked: Question, word: Word) -> list[int] | None:
    """The premises that one word finds; None: more than FOUND_MAX, too common a word to begin with."""
    user, found = asked.user, set[int]()
    named = _ids(access.devices_for(user), Q(name=word.text), "premises_id")
    if named:
        return named  # who types a whole device name means that device
    persons = list(Person.objects.filter(word.of_person()).values_list("id", flat=True)[: FOUND_MAX + 1])
    sites = list(access.sites_for(user).filter(word.within("name")).values_list("id", flat=True))
    kinds = [kind for kind in premises_kinds.known() if word.text.casefold() in kind.casefold()]
    own = Q(site__in=sites) | Q(kind__in=kinds)
    if not (word.phone or (word.digits.isdigit() and len(word.digits) >= NUMBER_DIGITS)):
        own |= word.within(*PREMISES_TEXTS)
    looks: Sequence[tuple[QuerySet[Any], str, Q]] = (
        (access.devices_for(user), "premises_id", word.within(*DEVICE_TEXTS)),
        (access.premises_for(user), "id", Q(contacts__person__in=persons)),
        (access.premises_for(user), "id", own),
    )
    if len(persons) > FOUND_MAX:
        return None
    for things, name, condition in looks:
        found.update(_ids(things, condition, name))
        if len(found) > FOUND_MAX:
            return None
    return sorted(found)


def _ids(things: QuerySet[Any], condition: Q, name: str = "id") -> list[int]:
    """At most one more than FOUND_MAX: enough to say that there are more."""
    bare = things.select_related(None).order_by()
    return list(bare.filter(condition).values_list(name, flat=True)[: FOUND_MAX + 1])


FINDERS: dict[str, Callable[[Question], list[int]]] = {
    "sites": sites,
    "premises": premises,
    "circuits": circuits,
    "devices": devices,
    "points": points,
    "people": people,
}
