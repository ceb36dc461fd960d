"""The words for why it happened and how it was made safe. Stored for ever; pages show the labels."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Cause:
    """One named cause; `families`: where a page offers it (empty: everywhere)."""

    word: str
    label: str | Promise
    families: frozenset[str] = frozenset()


def _cause(word: str, label: str | Promise, *families: str) -> Cause:
    return Cause(word, label, frozenset(families))


CAUSES: dict[str, Cause] = {
    cause.word: cause
    for cause in (
        _cause("loose_terminal", _("Loose terminal"), "heat", "arc"),
        _cause("bad_joint", _("Bad cable joint"), "heat", "arc"),
        _cause("overload", _("Too much load on the circuit"), "heat", "load", "voltage"),
        _cause("wrong_breaker", _("Breaker or cable too small"), "heat", "load"),
        _cause("wet_cable", _("Wet cable or box"), "leakage", "arc"),
        _cause("damaged_insulation", _("Damaged insulation"), "leakage", "arc", "heat"),
        _cause("appliance", _("Broken appliance"), "leakage", "heat", "load", "arc"),
        _cause("wrong_wiring", _("Wrong wiring"), "leakage", "voltage", "heat"),
        _cause("rodents", _("Gnawed by animals"), "leakage", "arc"),
        _cause("supply", _("The supply network"), "voltage", "silence"),
        _cause("neutral_lost", _("Broken neutral"), "voltage", "heat"),
        _cause("switched_off", _("Switched off on purpose"), "silence", "voltage"),
        _cause("outage", _("Power outage"), "silence", "voltage"),
        _cause("network", _("Mobile network or antenna"), "silence", "equipment"),
        _cause("device", _("Broken detector"), "silence", "equipment"),
        _cause("probe", _("Broken or unplugged probe"), "equipment", "heat", "leakage"),
        _cause("clock", _("The device's clock"), "equipment"),
        _cause("season", _("Closed for the season"), "silence", "equipment"),
        _cause("returned_by_itself", _("Came back by itself"), "silence", "equipment", "voltage"),
        _cause("limit_too_low", _("Limit set too low (false alarm)")),
        _cause("test", _("A test")),
        _cause("duplicate", _("The same as another case")),
        _cause("system", _("Flameblue itself"), "system"),
        _cause("unknown", _("Not found")),
    )
}

MADE_SAFE: dict[str, str | Promise] = {
    "switched_off": _("The circuit is switched off"),
    "zero_current": _("The readings show no current"),
    "unplugged": _("The appliance is unplugged"),
    "other": _("In another way"),
}


def offered(family: str) -> list[Cause]:
    """The causes that a page offers for a family."""
    return [cause for cause in CAUSES.values() if not cause.families or family in cause.families]
