"""What a case event says, as the values that a text takes, in a reader's language. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flameblue.notices.planning import family_of, level_of
from flameblue.notices.texts.catalogue import Catalogue
from flameblue.notices.texts.lengths import units
from flameblue.notices.texts.names import VARIABLE_UNITS_MAX, Name, name, place, switch
from flameblue.notices.texts.rendering import Values

ARCS_MAX = 9_999
LISTED_MAX = 3
FAULT_WORDS = ("sensor_open", "sensor_short", "implausible", "frozen", "foreign", "new_address")


@dataclass(frozen=True, slots=True)
class Standing:
    """What a text says beside the event's own data. Times are in the site's own time."""

    number: int
    at: datetime
    opened_at: datetime
    since: datetime  # of the announcement; of the taking, where it rings again
    by: str = ""
    owner: str = ""
    owner_answer: str = ""  # owner_unanswered, owner_received, owner_answered, owner_unknown
    second: str = ""
    had_by: str = ""  # who has the case, or had it until now
    left_after_s: float = 0.0
    proof: Mapping[str, Any] | None = None  # the data of the event that proved it


def values(data: Mapping[str, Any], standing: Standing, words: Catalogue) -> Values:
    """Every value that this event can fill in; what is not known is empty."""
    return {
        **_where(data),
        **_measured(data, standing, words),
        **_people(data, standing, words),
        **_incident(data),
        "number": str(standing.number),
        "time": _time(data, standing, words),
        "age": span((standing.at - standing.since).total_seconds(), words),
        "left_after": span(standing.left_after_s, words),
        "level": words.word(level_of(data)),
        "what": words.word(_fault(data)),
        "text": _system(data, words),
        "cold": words.word("cold") if standing.at.month in words.cold_months else "",
    }


def figure(value: float | None, quantity: str) -> str:
    """A number as people say it; empty where there is none."""
    if value is None:
        return ""
    if quantity == "arc_count" and value > ARCS_MAX:
        return f"{ARCS_MAX}+"
    if quantity == "current_a" and abs(value) < 10:
        return f"{value:.1f}".removesuffix(".0").replace("-0", "0")
    return f"{value:.0f}".replace("-0", "0") if abs(value) < 0.5 else f"{value:.0f}"


def span(seconds: float, words: Catalogue) -> str:
    """A duration in minutes, hours or days; empty for less than a minute."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return ""
    for limit, size, word in ((120, 1, "minutes"), (48 * 60, 60, "hours"), (10**9, 24 * 60, "days")):
        if minutes < limit:
            return words.word(word).replace("{n}", str(minutes // size))
    return ""


def listed(numbers: list[int], words: Catalogue) -> str:
    """Case numbers in one variable; those beyond its room are said to be more."""
    shown, joint = [str(number) for number in numbers], words.word("list")
    for count in range(min(len(shown), LISTED_MAX), 0, -1):
        said = joint.join(shown[:count]) + (words.word("more") if count < len(shown) else "")
        if units(said) + count <= VARIABLE_UNITS_MAX:  # a number of five digits is written in two groups
            return said
    return ""


def where_of(data: Mapping[str, Any]) -> Name:
    """Premises, room and circuit; of a silence the panel; of an incident the site."""
    short = str(data.get("short_name", ""))
    if not short:
        return name(str(data.get("site", "")))
    if data.get("family") == "silence":
        return place(short, str(data.get("panel", "")), "")
    return place(short, str(data.get("place", "")), str(data.get("circuit", "")))


def _where(data: Mapping[str, Any]) -> dict[str, str | Name]:
    return {
        "where": where_of(data),
        "switch": switch(str(data.get("panel", "")), str(data.get("isolator", ""))),
        "site": name(str(data.get("site", ""))),
        "address": name(str(data.get("address", ""))),
        "station": name(str(data.get("station", ""))),
        "device": name(str(data.get("device", ""))),
        "phase": str(data.get("phase", "")),
    }


def _measured(data: Mapping[str, Any], standing: Standing, words: Catalogue) -> dict[str, str | Name]:
    quantity = str(data.get("quantity", ""))
    value = data.get("value")
    if data.get("level") == "normal" and data.get("worst_value") is not None:
        value = data["worst_value"]
    proof = standing.proof or {}
    return {
        "value": figure(value, quantity) if family_of(data) != "reported" else "",
        "limit": figure(data.get("limit"), quantity),
        "load": _of_phase(data, "load", words) if quantity != "current_a" else "",
        "current": "0"
        if data.get("current_a") is None and data.get("how") == "zero_current"
        else _of_phase(data, "current", words),
        "rise": _rise(data, quantity),
        "rise_time": span(float(data.get("rise_s") or 0), words),
        "best": figure(proof.get("proof_max"), quantity),
        "proof": span(float(proof.get("proof_s") or 0), words),
    }


def _of_phase(data: Mapping[str, Any], key: str, words: Catalogue) -> str:
    """A current; where several phases are measured that of the one that is told, by its name: never their sum.

    The phase of the alarm stands in the text already.
    """
    phase = data.get(f"{key}_phase")
    if not phase:
        return figure(data.get(f"{key}_a"), "current_a")
    said = figure(data.get(f"{key}_phase_a"), "current_a")
    if phase == data.get("phase") and key == "load":
        return said
    return words.word("of_phase").replace("{phase}", str(phase)).replace("{n}", said)


def _rise(data: Mapping[str, Any], quantity: str) -> str:
    """How far it rose; nothing where that is too little to say anything."""
    rise = figure(data.get("rise"), quantity)
    return rise if float(data.get("rise") or 0) > 0 and rise not in {"", "0"} else ""


def _people(data: Mapping[str, Any], standing: Standing, words: Catalogue) -> dict[str, str | Name]:
    return {
        "who": name(standing.by),
        "by": name(standing.by),
        "owner": name(standing.owner),
        "owner_answer": words.word(standing.owner_answer) if standing.owner_answer else "",
        "second": name(standing.second),
        "taken_by": name(str(data.get("taken_by") or standing.had_by)),
    }


def _incident(data: Mapping[str, Any]) -> dict[str, str | Name]:
    left = [str(short) for short in data.get("left_over", ())]
    found: dict[str, str | Name] = {f"left{n}": name(short) for n, short in enumerate(left[:LISTED_MAX], 1)}
    found["left"] = str(len(left)) if left else ""
    found["more"] = str(len(left) - LISTED_MAX) if len(left) > LISTED_MAX else ""
    for key, field in (
        ("zero", "members_voltage_zero"),
        ("network", "members_network_only"),
        ("monitored", "monitored"),
    ):
        found[key] = str(data[field]) if data.get(field) else ""
    found["members"] = str(data.get("members", ""))
    return found


def _time(data: Mapping[str, Any], standing: Standing, words: Catalogue) -> str:
    """When it began; with the day where that is another one."""
    at = standing.opened_at if "members" in data else standing.at
    if data.get("device_at") and "members" not in data:
        at = datetime.fromisoformat(str(data["device_at"])).astimezone(standing.at.tzinfo)
    clock = at.strftime("%H:%M")
    if at.date() == standing.at.date():
        return clock
    return words.word("date").replace("{month}", str(at.month)).replace("{day}", str(at.day)) + " " + clock


def _fault(data: Mapping[str, Any]) -> str:
    for why in FAULT_WORDS:
        if why in (data.get("why") or ()):
            return why
    rule = str(data.get("rule", ""))
    return rule if rule in {"clock", "shielded", "reported_fault"} else "sensor"


def _system(data: Mapping[str, Any], words: Catalogue) -> str:
    what = str(data.get("what", "")).partition(" ")[0]
    key = f"system_{what}"
    return words.word(key if key in words.words else "system_other")
