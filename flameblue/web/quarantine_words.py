"""What quarantine has noted beside a reason, in the reader's language: intake writes it in English, by these patterns.

A detail that no pattern knows (what a decoder says of bytes) is shown as it was written.
"""

import re
from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from flameblue.web import words

WHYS: Mapping[str, str | Promise] = {
    "No such device, and no pairing window is open.": _("No such device, and no pairing window is open."),
    "The credential is not this device's.": _("The credential is not this device's."),
    "No credential was sent.": _("No credential was sent."),
    "The certificate names no device.": _("The certificate names no device."),
    "The certificate is this device's; the user name or password sent with it is not.": _(
        "The certificate is this device's; the user name or password sent with it is not."
    ),
    "no values": _("no values"),
    "retained, without a time": _("retained, without a time"),
}
CAUTIONS: Mapping[str, str | Promise] = {
    "; its step is 0.1 A; a maker's own type (130 = mA and so on) is declared in a profile, under kinds": _(
        "; its step is 0.1 A; a maker's own type (130 = mA and so on) is declared in a profile, under kinds"
    ),
}
PATTERNS: tuple[tuple[re.Pattern[str], str | Promise], ...] = (
    (
        re.compile(r"(?P<keys>.+) \(it has (?P<known>.+) and (?P<n>\d+) more\)"),
        _("%(keys)s (it has %(known)s and %(n)s more)"),
    ),
    (re.compile(r"(?P<keys>.+) \(it has (?P<known>.+)\)"), _("%(keys)s (it has %(known)s)")),
    (
        re.compile(r"(?P<name>.*) \(no client id\) from (?P<peer>\S+): (?P<why>.+)"),
        _("%(name)s (no client id) from %(peer)s: %(why)s"),
    ),
    (
        re.compile(r"(?P<name>.*) \((?P<how>.*)\) from (?P<peer>\S+): (?P<why>.+)"),
        _("%(name)s (%(how)s) from %(peer)s: %(why)s"),
    ),
    (
        re.compile(r"address (?P<address>[0-9a-f]+) \((?P<n>\d+)\) from (?P<peer>\S+)"),
        _("address %(address)s (%(n)s) from %(peer)s"),
    ),
    (re.compile(r"IMEI (?P<imei>\d+) from (?P<peer>\S+)"), _("IMEI %(imei)s from %(peer)s")),
    (
        re.compile(r"from (?P<peer>\S+); allowed: (?P<networks>.+)"),
        _("from %(peer)s; allowed: %(networks)s"),
    ),
    (
        re.compile(
            r"(?P<keys>\S+): it comes in (?P<unit>.+?), and the point is (?P<quantity>\w+)(?P<caution>(?:; .+)?)"
        ),
        _("%(keys)s: it comes in %(unit)s, and the point measures %(quantity)s%(caution)s"),
    ),
    (
        re.compile(r"(?P<keys>\S+): (?P<model>\S+) does not say under kinds what type (?P<n>\d+) measures"),
        _("%(keys)s: %(model)s does not say under kinds what type %(n)s measures"),
    ),
    (re.compile(r"(?P<keys>.+) and (?P<n>\d+) more"), _("%(keys)s and %(n)s more")),
)


def detail(text: str) -> str:
    """`text` as the reader should have it."""
    if text in WHYS:
        return str(WHYS[text])
    for pattern, said in PATTERNS:
        if found := pattern.fullmatch(text):
            parts = found.groupdict()
            why, caution, name = (parts.get(part, "") for part in ("why", "caution", "quantity"))
            return str(said) % (
                parts
                | {"why": str(WHYS.get(why, why)), "caution": str(CAUTIONS.get(caution, caution))}
                | {"quantity": str(words.QUANTITIES.get(name, name))}
            )
    return text
