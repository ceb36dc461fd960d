"""Which case event tells whom, by which medium, with which text, why, and when. Pure.

Invariants: whom and when an announcing or escalating event tells is what its `steps` say (cases/policy.yaml); a
step that finds nobody is planned too, with what is missing, so that it is seen; a test never tells as if it were
real; nobody is told twice of one event by one text.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flameblue.cases import kinds
from flameblue.cases.escalation import morning
from flameblue.cases.policy import QuietHours
from flameblue.notices import reasons

SMS, VOICE, GROUP = "sms", "voice", "group"
LAY = frozenset({"owner", "second"})
STATION = frozenset({"duty", "leader", "next_station"})
FAULTS = {"silence": "group_silent", "system": "group_system"}
ANNOUNCING = {
    kinds.OPENED: reasons.FIRST_NOTICE,
    kinds.UNSHELVED: reasons.FIRST_NOTICE,
    kinds.JOINED: reasons.NEW_PLACE,
    kinds.RAISED: reasons.LEVEL_RAISED,
    kinds.REOPENED: reasons.RELAPSE,
    kinds.LATE: reasons.LATE,
    kinds.RANG_AGAIN: reasons.RANG_AGAIN,
}
GROUP_NEWS = {
    kinds.OPENED: "group_news",
    kinds.UNSHELVED: "group_news",
    kinds.JOINED: "group_joined",
    kinds.RAISED: "group_raised",
    kinds.REOPENED: "group_reopened",
}
OFFICER_NEWS = {
    kinds.JOINED: "officer_joined",
    kinds.RAISED: "officer_raised",
    kinds.REOPENED: "officer_reopened",
    kinds.RANG_AGAIN: "officer_rang_again",
    kinds.LATE: "officer_late",
}
FAMILY_OF_QUANTITY = {
    "temperature_c": "heat",
    "ambient_temperature_c": "ambient",
    "residual_current_ma": "leakage",
    "current_a": "load",
    "arc_count": "arc",
}
MISSING = {
    "owner": "No owner is known.",
    "second": "No second contact is known.",
    "duty": "Nobody of the station is known.",
    "leader": "No leader of the station is known.",
    "next_station": "No next station, or nobody there, is known.",
}


@dataclass(frozen=True, slots=True)
class People:
    """Whom a case concerns, as ids of persons. `had_it`: who has it now, or had it until this event."""

    owner: tuple[int, ...] = ()
    second: tuple[int, ...] = ()
    duty: tuple[int, ...] = ()
    leader: tuple[int, ...] = ()
    next_station: tuple[int, ...] = ()
    had_it: tuple[int, ...] = ()
    assigned: tuple[int, ...] = ()
    told: frozenset[int] = frozenset()  # who has been told of the case before
    by: int | None = None  # who did what the event says

    def role(self, to: str) -> tuple[int, ...]:
        """The persons that a step's `to` names."""
        found: tuple[int, ...] = getattr(self, to)
        return found

    @property
    def contacts(self) -> tuple[int, ...]:
        return (*self.owner, *self.second)


@dataclass(frozen=True, slots=True)
class Event:
    """A case event as planning sees it. `local`: its time in the site's own time."""

    kind: str
    data: Mapping[str, Any]
    local: datetime
    is_incident: bool = False
    has_proof: bool = False  # closed: the readings had proven it


@dataclass(frozen=True, slots=True)
class Planned:
    """One message to one person, or the reason why there is none (`person` None, `missing` says what).

    `held_until`: quiet hours hold it till then; None: it leaves at once.
    """

    person: int | None
    to: str
    medium: str
    template: str
    family: str
    reason: str
    held_until: datetime | None = None
    missing: str = ""


def plan(event: Event, people: People, quiet: QuietHours) -> list[Planned]:
    """The messages of `event`, each person and text once, in the order of the steps."""
    if event.data.get("shelved"):
        return []
    found: dict[tuple[object, ...], Planned] = {}
    for planned in _all(event, people, quiet):
        found.setdefault((planned.person or planned.to, planned.medium, planned.template), planned)
    return list(found.values())


def for_group(event: Event, quiet: QuietHours) -> Planned | None:
    """The message of `event` to the station's group chat; None where it is no news to the station.

    What is no alarm waits for the morning. That the group can't be reached is no news to the group, nor that
    somebody is called before anybody had time to answer.
    """
    data = event.data
    if (
        data.get("is_test")
        or data.get("shelved")
        or data.get("because")
        or str(data.get("what", "")).startswith(GROUP)
    ):
        return None
    template, reason = _group_text(event)
    if not template:
        return None
    waits = level_of(data) != "alarm" and not event.is_incident and data.get("family") != "system"
    held = morning(event.local, quiet) if waits and reason != reasons.GROUP_CLOSED else None
    return Planned(None, GROUP, GROUP, template, family_of(data), reason, held)


def _group_text(event: Event) -> tuple[str, str]:
    data = event.data
    plain = event.is_incident or _is_fault(data)
    if event.kind == kinds.CLOSED:
        proven = "group_closed" if event.has_proof and not _is_fault(data) else "group_closed_plain"
        unproven = data.get("without_proof")
        return "group_closed_unproven" if unproven else proven, reasons.GROUP_CLOSED
    if event.kind == kinds.ESCALATED and any(step["to"] in STATION for step in data.get("steps") or ()):
        return "group_unanswered_plain" if plain else "group_unanswered", reasons.GROUP_UNANSWERED
    if event.kind not in GROUP_NEWS or not data.get("announces"):
        return "", ""
    if event.is_incident:
        return "group_incident", reasons.GROUP_NEWS
    if _is_fault(data):
        return FAULTS.get(str(data["family"]), "group_fault"), reasons.GROUP_NEWS
    return GROUP_NEWS[event.kind], reasons.GROUP_NEWS


def family_of(data: Mapping[str, Any]) -> str:
    """The phrases that say a value: one of texts.catalogue.FAMILIES; `reported` where no number says why."""
    if data.get("value") is None or data.get("limit") is None or data.get("rule") == "reported":
        return "reported"
    if data.get("rule") == "phase_loss":
        return "phase_loss"
    quantity = str(data.get("quantity", ""))
    if quantity == "voltage_v":
        return "voltage_low" if data["value"] <= data["limit"] else "voltage_high"
    return FAMILY_OF_QUANTITY.get(quantity, "reported")


def level_of(data: Mapping[str, Any]) -> str:
    """The level that a message speaks of: of what happened; once that has returned, of the case."""
    for key in ("level", "case_level"):
        if data.get(key) not in {None, "normal"}:
            return str(data[key])
    return "fault" if _is_fault(data) else "alarm"


def _all(event: Event, people: People, quiet: QuietHours) -> Iterator[Planned]:
    yield from _of_steps(event, people, quiet)
    if event.kind in {kinds.JOINED, kinds.RAISED, kinds.REOPENED, kinds.RANG_AGAIN} and event.data.get(
        "announces"
    ):
        yield from _each(people.had_it, event, _officer_text(event), reasons.TAKEN_AWAY)
    if not event.data.get("is_test") and event.kind in OTHERS:
        yield from OTHERS[event.kind](event, people)


def _of_steps(event: Event, people: People, quiet: QuietHours) -> Iterator[Planned]:
    for step in event.data.get("steps") or ():
        to, medium = step["to"], step["channel"]
        if medium not in {SMS, VOICE}:
            continue  # the desk: the board shows the case by itself
        template = _text(event, to, medium)
        held = morning(event.local, quiet) if step["waits_for_morning"] else None
        reason = _reason(event, to)
        persons = people.role(to)
        for person in persons:
            yield Planned(person, to, medium, template, family_of(event.data), reason, held)
        if not persons:
            yield Planned(None, to, medium, template, family_of(event.data), reason, missing=MISSING[to])


def _reason(event: Event, to: str) -> str:
    if event.kind in ANNOUNCING:
        return ANNOUNCING[event.kind]
    if event.data.get("hours_to_limit") is not None:
        return reasons.FIRST_NOTICE
    if event.data.get("because"):
        return reasons.NO_BOARD
    return reasons.NO_ANSWER if to in LAY else reasons.NOT_ACKNOWLEDGED


def _text(event: Event, to: str, medium: str) -> str:
    if event.data.get("is_test"):
        return "owner_test" if to in LAY else "officer_test"
    if medium == VOICE:
        return _voice_text(event, to)
    return _lay_text(event, to) if to in LAY else _officer_text(event)


def _lay_text(event: Event, to: str) -> str:
    level = level_of(event.data)
    if event.kind == kinds.LATE:
        return "owner_late"
    if _is_fault(event.data) or level == "fault":
        return "owner_fault"
    if level == "warning":
        return "owner_warning"
    return "second_alarm" if to == "second" else "owner_alarm"


def _officer_text(event: Event) -> str:
    data = event.data
    if data.get("is_test"):
        return "officer_test"
    if event.is_incident:
        return "officer_incident"
    if data.get("family") == "system":
        return "officer_system"
    if data.get("family") == "silence":
        return "officer_silent"
    if _is_fault(data):
        return "officer_fault"
    if event.kind in OFFICER_NEWS:
        return OFFICER_NEWS[event.kind]
    return "officer_warning" if level_of(data) == "warning" else "officer_alarm"


def _voice_text(event: Event, to: str) -> str:
    who = {"owner": "owner", "second": "owner", "leader": "leader", "next_station": "next_station"}.get(
        to, "officer"
    )
    if event.is_incident and who in {"officer", "leader"}:
        return f"{who}_incident_voice"
    plain = event.is_incident or _is_fault(event.data) or level_of(event.data) != "alarm"
    return f"{who}_plain_voice" if plain else f"{who}_alarm_voice"


def _is_fault(data: Mapping[str, Any]) -> bool:
    return data.get("family") in {"silence", "equipment", "system"}


def _each(persons: tuple[int, ...], event: Event, template: str, reason: str) -> Iterator[Planned]:
    for person in dict.fromkeys(persons):
        yield Planned(person, "", SMS, template, family_of(event.data), reason)


def _told_contacts(people: People) -> tuple[int, ...]:
    return tuple(person for person in people.contacts if person in people.told)


def _made_safe(event: Event, people: People) -> Iterator[Planned]:
    measured = event.data.get("how") == "zero_current"
    template = "owner_made_safe" if measured else "owner_made_safe_said"
    yield from _each(_told_contacts(people), event, template, reasons.MADE_SAFE)
    if measured and not _is_fault(event.data):
        yield from _each(people.had_it, event, "officer_made_safe", reasons.MADE_SAFE)


def _load_back(event: Event, people: People) -> Iterator[Planned]:
    """Current flows before a repair was named. Where the value is beyond its limit too, the relapse says so."""
    if event.data.get("repaired") or event.data.get("level") in {"warning", "alarm"}:
        return
    yield from _each(_told_contacts(people), event, "owner_load_back", reasons.LOAD_BACK)
    yield from _each(people.had_it or people.duty, event, "officer_load_back", reasons.LOAD_BACK)


def _proven(event: Event, people: People) -> Iterator[Planned]:
    if not _is_fault(event.data):
        yield from _each(people.had_it, event, "officer_proven", reasons.PROVEN)


def _closed(event: Event, people: People) -> Iterator[Planned]:
    template = "owner_closed" if event.has_proof and not _is_fault(event.data) else "owner_closed_plain"
    if event.data.get("without_proof"):
        template = "owner_closed_unproven"
    yield from _each(_told_contacts(people), event, template, reasons.CLOSED)


def _help_asked(event: Event, people: People) -> Iterator[Planned]:
    """A contact's cry goes to the station; an officer's to the leader, or to the next station."""
    if people.by in people.contacts or people.by is None:
        yield from _each((*people.had_it, *people.duty), event, "officer_help", reasons.HELP_ASKED)
        return
    others = tuple(person for person in (people.leader or people.next_station) if person != people.by)
    yield from _each(others or people.next_station, event, "officer_reinforce", reasons.HELP_ASKED)


def _assigned(event: Event, people: People) -> Iterator[Planned]:
    others = tuple(person for person in people.assigned if person != people.by)
    yield from _each(others, event, "officer_assigned", reasons.ASSIGNED)


def _left_over(event: Event, people: People) -> Iterator[Planned]:
    yield from _each((*people.had_it, *people.duty), event, "officer_left_over", reasons.LEFT_OVER)


def _incident_ended(event: Event, people: People) -> Iterator[Planned]:
    told = tuple(person for person in (*people.had_it, *people.duty) if person in people.told)
    yield from _each(told, event, "officer_incident_over", reasons.INCIDENT_ENDED)


OTHERS = {
    kinds.MADE_SAFE: _made_safe,
    kinds.LOAD_BACK: _load_back,
    kinds.PROVEN: _proven,
    kinds.CLOSED: _closed,
    kinds.HELP_ASKED: _help_asked,
    kinds.ASSIGNED: _assigned,
    kinds.LEFT_OVER: _left_over,
    kinds.INCIDENT_ENDED: _incident_ended,
}
