"""What an event says in words: which phrases fit, and the values of a text's variables. Pure."""

from collections.abc import Mapping
from typing import Any

from flameblue.notices.facts import Contacts, EventFacts
from flameblue.notices.texts.names import Name, name, place

FAMILY_OF = {
    "temperature_c": "heat",
    "ambient_temperature_c": "ambient",
    "residual_current_ma": "leakage",
    "current_a": "load",
    "arc_count": "arc",
}


def text_family(event: EventFacts) -> str:
    """The family of phrases: what was measured, and for voltage in which direction."""
    quantity, rule = event.data.get("quantity", ""), event.data.get("rule", "")
    if rule == "reported" and event.data.get("value") is None:
        return "reported"
    if quantity == "voltage_v":
        return "voltage_low" if rule == "under" else "voltage_high"
    return FAMILY_OF.get(quantity, "reported")


def number(value: float | None, digits: int = 0) -> str:
    """A value as people say it; empty where there is none."""
    if value is None:
        return ""
    return f"{value:.{digits}f}" if digits else f"{value:.0f}"


def values_of(
    event: EventFacts, contacts: Contacts, words: Mapping[str, str], zone: Any
) -> dict[str, str | Name]:
    """Every variable that a text may ask for; one that is not known is absent or empty."""
    data = event.data
    panel, isolator = str(data.get("panel", "")), str(data.get("isolator", ""))
    current = data.get("current_a")
    found: dict[str, str | Name] = {
        "where": place(
            str(data.get("short_name", "")), str(data.get("place", "")), str(data.get("circuit", ""))
        ),
        "switch": name(panel, isolator),
        "site": name(str(data.get("site", ""))),
        "address": name(str(data.get("address", ""))),
        "station": name(str(data.get("station", ""))),
        "number": str(event.number),
        "time": event.at.astimezone(zone).strftime("%H:%M"),
        "value": number(data.get("value")),
        "limit": number(data.get("limit")),
        "load": number(data.get("load_a")),
        "phase": str(data.get("phase", "")),
        "device": name(str(data.get("device", ""))),
        "level": words.get(str(data.get("level", "")), ""),
        "taken_by": name(str(data.get("taken_by", ""))),
        "by": name(str(data.get("by", ""))),
        "who": name(str(data.get("by", ""))),
        "current": number(current, 1) if current else ("0" if current is not None else ""),
        "proof": duration(data.get("proof_s"), words),
        "best": number(data.get("proof_max")),
        "age": duration((event.at - event.opened_at).total_seconds(), words),
        "owner": name(contacts.owner.name) if contacts.owner else "",
        "owner_answer": words.get("owner_unanswered", "") if contacts.owner else "",
        "second": name(contacts.second.name) if contacts.second else "",
        "members": str(data.get("members", "")),
        "zero": str(data.get("members_voltage_zero") or ""),
        "network": str(data.get("members_network_only") or ""),
        "monitored": str(data.get("monitored") or ""),
        "left_after": words.get("minutes", "{n}").format(n=30),
        "left": str(len(data.get("left_over", ()))),
        "text": name(str(data.get("text", ""))),
        "what": what_is_wrong(data, words),
        "cold": words.get("cold", "") if event.at.astimezone(zone).month in {10, 11, 12, 1, 2, 3, 4} else "",
    }
    rise, rise_s = data.get("rise"), data.get("rise_s")
    if rise and rise_s and rise >= 1:
        found["rise"], found["rise_time"] = number(rise), duration(rise_s, words)
    for i, short_name in enumerate(data.get("left_over", ())[:3], 1):
        found[f"left{i}"] = name(str(short_name))
    return found


def duration(seconds: float | None, words: Mapping[str, str]) -> str:
    """A duration in whole minutes or hours; empty where there is none."""
    if not seconds or seconds < 60:
        return ""
    if seconds < 5_400:
        return words.get("minutes", "{n} min").format(n=round(seconds / 60))
    return words.get("hours", "{n} h").format(n=round(seconds / 3_600))


def what_is_wrong(data: Mapping[str, Any], words: Mapping[str, str]) -> str:
    """Which fault of the equipment it is."""
    for why in data.get("why", ()):
        if why in words:
            return words[why]
    return words.get(str(data.get("rule", "")), words.get("fault", ""))
