"""Many silences of one site with one cause are one incident with members.

Invariants: an incident is formed, joined and ended by transitions' arrival times alone; a member is not
announced singly; nobody is told before the incident has settled, so that the first message names nearly all
of it.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Min

from flameblue.cases import events, grouping, kinds
from flameblue.cases.announcing import REOPENED, Run, break_through, clear_shelf, of_case, reopen
from flameblue.cases.event_data import EventData
from flameblue.cases.events import Draft
from flameblue.cases.loads import Latest
from flameblue.cases.models import AppliedTransition, Case, CaseEvent, Family, State
from flameblue.domain.quantities import NO_VALUE, QUANTITIES
from flameblue.domain.transitions import Level, Rule
from flameblue.fleet.models import Point, Premises, Site

VOLTAGE = QUANTITIES["voltage_v"]
GOING_ON = (State.OPEN, State.TAKEN, State.MADE_SAFE, State.REPAIRED)


def gather(run: Run, case: Case, at: datetime, offset: int) -> None:
    """Lets a silent premises' case join its site's incident, or forms one where enough are silent."""
    if case.incident_id is not None or case.site is None:
        return
    site = case.site
    incident = _incident(site)
    if incident is not None and incident.state in GOING_ON:
        if at - _began(run, incident) <= timedelta(seconds=run.policy.incident.join_s):
            _join(run, incident, [case], at, offset)
        return
    policy = run.policy.incident
    silent = _silent_since(site, at - timedelta(seconds=policy.window_s))
    chosen = grouping.incident_members(silent, at, policy.window_s, policy.premises_min)
    if not chosen:
        return
    members = list(Case.objects.select_for_update().filter(pk__in=chosen).order_by("number"))
    incident = _formed(run, incident, site, at)
    data: EventData = {**of_case(incident), "members": len(members), "offset": offset}
    run.drafts.append(Draft(incident, kinds.SUSPECTED, at, data))
    _join(run, incident, members, at, offset)


def returned(run: Run, case: Case, at: datetime, offset: int) -> None:
    """A member's readings are back; the incident ends when every member's are."""
    if case.incident_id is None or case.level != Level.NORMAL:
        return
    incident = Case.objects.select_for_update().get(pk=case.incident_id)
    if incident.state not in GOING_ON:
        return
    members = incident.members.exclude(state=State.CLOSED)
    if members.exclude(pk=case.pk).exclude(level=Level.NORMAL).exists():
        return
    _end(run, incident, at, offset)
    for member in members.select_for_update().order_by("number"):
        member.state, member.proven_at, member.closed_at = State.CLOSED, at, at
        member.cause = "outage"
        member.save()
        data: EventData = {**of_case(member), "cause": "outage", "offset": offset}
        run.drafts.append(Draft(member, kinds.CLOSED, at, data))


def is_incident(case: Case) -> bool:
    """One case for many premises of a site."""
    return case.premises_id is None and case.family == Family.SILENCE


def counts(incident: Case) -> EventData:
    """How many members it has, how many lost their supply before, how many are silent, what is heard well."""
    zero = network = 0
    joined = CaseEvent.objects.filter(case__incident=incident, kind=kinds.INCIDENT_JOINED)
    latest: dict[int, Any] = {event.case_id: event.data for event in joined.order_by("number")}
    for data in latest.values():
        zero += data.get("voltage_zero") is True
        network += data.get("voltage_zero") is False
    equipped = Premises.objects.filter(site=incident.site, devices__enabled=True).distinct().count()
    members = incident.members.count()
    return {
        "members": members,
        "members_voltage_zero": zero,
        "members_network_only": network,
        "members_silent": incident.members.exclude(level=Level.NORMAL).count(),
        "monitored": max(0, equipped - members),
    }


def left_over(incident: Case) -> list[str]:
    """The short names of the members that are still silent."""
    silent = incident.members.exclude(level=Level.NORMAL).order_by("premises__short_name")
    return list(silent.values_list("premises__short_name", flat=True))


def _incident(site: Site) -> Case | None:
    cases = Case.objects.select_for_update().filter(
        site=site, premises=None, family=Family.SILENCE, is_test=False
    )
    return cases.exclude(state=State.CLOSED).first()


def _silent_since(site: Site, begin: datetime) -> dict[int, datetime]:
    """The silent cases of the site that are in no incident, each with its first silence since `begin`."""
    rows = (
        AppliedTransition.objects.filter(
            rule=Rule.SILENCE,
            level=Level.FAULT,
            arrival__gte=begin,
            case__premises__site=site,
            case__family=Family.SILENCE,
            case__incident=None,
            case__is_test=False,
            case__level=Level.FAULT,
        )
        .exclude(case__state=State.CLOSED)
        .values_list("case")
        .annotate(first=Min("arrival"))
    )
    return {case: first for case, first in rows if case is not None}


def _formed(run: Run, incident: Case | None, site: Site, at: datetime) -> Case:
    """A new incident; one that had ended and is not closed yet goes on."""
    quiet_until = at + timedelta(seconds=run.policy.incident.settle_s)
    if incident is not None:
        run.drafts += break_through(incident, REOPENED, at, of_case(incident))
        reopen(incident)
        incident.level = Level.FAULT
        incident.announced, incident.quiet_until = False, quiet_until
        incident.save()
        return incident
    return Case.objects.create(
        number=events.next_case_number(),
        site=site,
        family=Family.SILENCE,
        level=Level.FAULT,
        worst_level=Level.FAULT,
        opened_at=at,
        announced=False,
        announced_at=run.now,
        quiet_until=quiet_until,
    )


def _began(run: Run, incident: Case) -> datetime:
    assert incident.quiet_until is not None
    return incident.quiet_until - timedelta(seconds=run.policy.incident.settle_s)


def _join(run: Run, incident: Case, members: list[Case], at: datetime, offset: int) -> None:
    for member in members:
        member.incident = incident
        member.save(update_fields=["incident"])
        assert member.premises_id is not None
        voltage = _voltage_before(member.premises_id, run.latest)
        data: EventData = {**of_case(member), "offset": offset, "voltage_before_v": voltage}
        if voltage is not None:
            data["voltage_zero"] = voltage < run.policy.incident.voltage_zero_v
        run.drafts.append(Draft(member, kinds.INCIDENT_JOINED, at, data))


def _voltage_before(premises: int, latest: Latest) -> float | None:
    """The lowest of the premises' newest voltages, in volt; None where none is known."""
    points = Point.objects.filter(device__premises=premises, quantity=VOLTAGE.name, retired=False)
    readings = [latest(point) for point in points.order_by("pk").values_list("pk", flat=True)]
    known = [reading[1] for reading in readings if reading is not None and reading[1] != NO_VALUE]
    return VOLTAGE.value(min(known)) if known else None


def _end(run: Run, incident: Case, at: datetime, offset: int) -> None:
    incident.level = Level.NORMAL
    incident.proven_at = at
    clear_shelf(incident)
    data: EventData = {**of_case(incident), **counts(incident), "offset": offset}
    run.drafts.append(Draft(incident, kinds.INCIDENT_ENDED, at, data))
    incident.state = State.PROVEN
    if incident.quiet_until is not None and at < incident.quiet_until:
        incident.state, incident.closed_at, incident.cause = State.CLOSED, at, "returned_by_itself"
        closing: EventData = {**data, "cause": incident.cause}
        run.drafts.append(Draft(incident, kinds.CLOSED, at, closing))
    incident.save()
