"""What a cell of the registry file may say.

Pure: each reader takes the cell's text, stripped and not empty, and returns its value, or raises ValueError
with a clause that says why not, in the language that is active.
"""

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from flameblue.domain.errors import BadInput
from flameblue.domain.limits import NETWORKS_PER_DEVICE_MAX
from flameblue.domain.visible import BRACKETS, Flaw, flaw
from flameblue.fleet.actions import NAME
from flameblue.intake.sources import spelled
from flameblue.people.registry_speech import shown
from flameblue.people.registry_words import SET, is_set, language, phase, quantity, season

STATION = "station"
FORMULA = re.compile(r"'*[=+@-]")  # a spreadsheet would compute such a cell; a ' before it forbids that
MOBILE = re.compile(r"1[3-9]\d{9}")
CREDENTIAL_MAX = 128
ADDRESS_MAX = 200  # as typed; how it is kept is shorter


def phone(text: str) -> str:
    """The number in E.164; a bare 11-digit mobile number is a Chinese one."""
    plain = re.sub(r"[\s().'-]", "", unicodedata.normalize("NFKC", text))
    if re.fullmatch(r"\d(\.\d+)?[eE]\+?\d+", unicodedata.normalize("NFKC", text)):
        raise ValueError(
            _("'%(text)s' was shortened by a spreadsheet; format the column as text") % {"text": shown(text)}
        )
    if plain.startswith("00"):
        plain = "+" + plain[2:]
    if MOBILE.fullmatch(plain):
        plain = "+86" + plain
    elif plain.startswith("86") and MOBILE.fullmatch(plain[2:]):
        plain = "+" + plain
    if not re.fullmatch(r"\+[1-9]\d{6,14}", plain):
        why = _("'%(text)s' is no phone number like +8613800000000 or 13800000000")
        if plain.isdigit():
            why = _(
                "'%(text)s' is no phone number like +8613800000000 or 13800000000, "
                "and a spreadsheet may have dropped a 0 before it"
            )
        raise ValueError(why % {"text": shown(text)})
    return plain


def device_name(text: str) -> str:
    """What stands in the device's topic."""
    if unseen := flaw(text):
        raise ValueError(_not_seen(unseen))
    if not NAME.fullmatch(text):
        raise ValueError(
            _("'%(text)s' can't name a device: 64 characters at most, no blank at its ends, no / + #")
            % {"text": shown(text)}
        )
    return text


def credential(text: str) -> str:
    """What the device presents; `(set)`, in either language, as `(set)`."""
    if is_set(text):
        return SET
    if len(text) > CREDENTIAL_MAX or flaw(text):
        raise ValueError(
            _("a credential has %(most)d characters at most, none of them invisible")
            % {"most": CREDENTIAL_MAX}
        )
    return text


def networks(text: str) -> str:
    """`any`, or networks; as intake.sources writes them."""
    try:
        return str(spelled(text))
    except BadInput:
        raise ValueError(
            _(
                "'%(text)s' is no list of networks: any, or up to %(most)d like 10.1.0.0/16, with commas between them"
            )
            % {"text": shown(text), "most": NETWORKS_PER_DEVICE_MAX}
        ) from None


def words(most: int) -> Callable[[str], str]:
    """A reader of text with at most `most` characters; 【】 belong to the signature of a message."""

    def read(text: str) -> str:
        plain = text[1:] if text[0] == "'" and FORMULA.match(text) else text
        if unseen := flaw(plain):
            raise ValueError(_not_seen(unseen))
        if len(plain) > most:
            raise ValueError(_("it has %(n)d characters, %(most)d at most") % {"n": len(plain), "most": most})
        return plain

    return read


def _not_seen(unseen: Flaw) -> str:
    """In words, with its place: it can't be seen there."""
    why = _("character %(at)d is %(name)s: no line break, nothing invisible, none of %(brackets)s")
    return why % {"at": unseen.at, "name": unseen.name, "brackets": BRACKETS}


def number(least: float, most: float) -> Callable[[str], float]:
    """A reader of a number in [least, most]."""

    def read(text: str) -> float:
        try:
            value = float(unicodedata.normalize("NFKC", text))
        except ValueError:
            value = math.nan
        if not least <= value <= most:
            raise ValueError(
                _("'%(text)s' is no number from %(least)s to %(most)s")
                % {"text": shown(text), "least": f"{least:g}", "most": f"{most:g}"}
            )
        return value

    return read


def written(text: str) -> str:
    """`text` as a file holds it, so that `words` reads the same and a spreadsheet computes nothing."""
    return f"'{text}" if FORMULA.match(text) else text


READERS: Mapping[str, Callable[[str], Any]] = {
    "site": words(80),
    "premises": words(80),
    "short_name": words(20),
    "kind": words(40),
    "address": words(120),
    "latitude": number(-90, 90),
    "longitude": number(-180, 180),
    "owner": words(80),
    "phone": phone,
    "language": language,
    "contact2": words(80),
    "phone2": phone,
    "language2": language,
    "key_holder": words(80),
    "season": season,
    "panel": words(20),
    "isolator": words(20),
    "circuit": words(20),
    "rated_current_a": number(0.1, 6_000),
    "device": device_name,
    "device_serial": words(64),
    "profile": words(64),
    "device_address": words(ADDRESS_MAX),  # its spelling is its protocol's matter
    "networks": networks,
    "credential": credential,
    "point": words(64),
    "quantity": quantity,
    "phase": phase,
    "place": words(20),
    STATION: words(80),
}
COLUMNS = tuple(name for name in READERS if name != STATION)
EXACT = frozenset(
    {"device", "device_serial", "device_address", "credential", "point"}
)  # 007 is another one than 7
