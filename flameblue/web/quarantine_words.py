"""What quarantine has noted beside a reason, in the reader's language: intake writes it in English, by these patterns.

A detail that no pattern knows (what a decoder says of bytes) is shown as it was written.
"""

import re
from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

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
    (re.compile(r"(?P<keys>.+) and (?P<n>\d+) more"), _("%(keys)s and %(n)s more")),
)


def detail(text: str) -> str:
    """`text` as the reader should have it."""
    if text in WHYS:
        return str(WHYS[text])
    for pattern, said in PATTERNS:
        if found := pattern.fullmatch(text):
            parts = found.groupdict()
            return str(said) % (parts | {"why": str(WHYS.get(parts.get("why", ""), parts.get("why")))})
    return text
