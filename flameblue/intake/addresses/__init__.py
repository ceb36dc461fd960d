"""How the devices of a protocol are addressed, where it knows no names: a folder a protocol, named after it. Pure.

Promise: what `normal` returns is the one spelling of an address, so that two devices never share one unseen.
"""

import sys
from enum import Enum
from functools import cache
from typing import Protocol

from flameblue import plugins
from flameblue.domain.errors import BadInput


class Slip(Enum):
    """What is wrong with an address; pages have a sentence for each, in the reader's language."""

    ORDER = "order"  # neither twelve hex digits in the order of travel nor a decimal number
    FORM = "form"  # it looks like none of the protocol's forms
    NUMBER_MISSING = "number_missing"  # it does not say which device of the line is meant
    NUMBER = "number"  # a number on the line that can't be
    SERIAL = "serial"  # speed, parity or stop bits of a serial line that can't be
    IMEI = "imei"
    METER_MISSING = "meter_missing"  # it does not say which meter of the line is meant
    METER = "meter"  # digits that no meter has


class Misspelt(BadInput):
    """A text is no address."""

    def __init__(self, slip: Slip, said: str) -> None:
        super().__init__(said)
        self.slip = slip


class Spelling(Protocol):
    """How one protocol writes addresses. Plug-ins are objects of this shape, named PLUGIN. `forms`: examples."""

    forms: tuple[str, ...]

    def normal(self, text: str) -> str:
        """The one spelling of the address that `text` means. Raises Misspelt."""


@cache
def spelling(protocol: str) -> Spelling | None:
    """That of `protocol`; None: its devices call themselves by name."""
    here = sys.modules[__name__]
    if protocol not in plugins.names(here):
        return None
    found: Spelling = plugins.one(here, protocol)
    return found
