"""The logs of the cases are followed from our own saved place, and what a centre is to be told is put into the outbox.

Invariants: the place moves in the transaction that writes the uploads; each applied transition is looked at once, in
the order in which they were applied (there is one who applies, under the lock of its cursor, so that their keys are in
commit order); what is so when the following begins is told as it is then, what was before is not. Case events say what
people did, and which alarms of a test turned out to be real: those have no transition of their own.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from django.db import transaction
from django.db.models import Max, QuerySet

from flameblue.cases import kinds
from flameblue.cases.models import Alarm, AppliedTransition, Case, CaseEvent, Family
from flameblue.domain.limits import UPLINK_A_LOOK
from flameblue.domain.transitions import Level, Rule, Why
from flameblue.fleet.models import Point
from flameblue.uplink import mapping, planning
from flameblue.uplink.mapping import ALL
from flameblue.uplink.models import Ask, Component, Standing, Upload
from flameblue.uplink.planning import Happened, Known, Place, Planned

ANEW = "another centre, or another agreement"
OFF = "the uplink was switched off"
MADE_REAL = (kinds.OPENED, kinds.JOINED, kinds.RAISED, kinds.REOPENED, kinds.NOTED)


@dataclass(frozen=True, slots=True)
class Centre:
    """Whom we tell. `agreement`: what tells it from another one."""

    agreed: mapping.Mapping
    agreement: str


@dataclass(slots=True)
class _Round:
    """One look: what is known of the points that it meets, and the uploads that it makes.

    `told_to`: the key of the last transition that an earlier look has told.
    """

    centre: Centre
    now: datetime
    points: Mapping[int, Point]
    known: dict[int, Known]
    changed: set[int]
    uploads: list[Upload]
    told_to: int = 0


def follow(centre: Centre, now: datetime) -> int:
    """Plans what has happened since the last look; how many uploads that made."""
    if not _has_news(centre):
        return 0
    with transaction.atomic():
        standing = Standing.objects.select_for_update().first()
        if standing is None or standing.agreement != centre.agreement:
            return _begin(centre, standing, now)
        return _go_on(centre, standing, now)


@transaction.atomic
def switch_off(now: datetime) -> int:
    """Nothing is followed any more, and what waits is not sent later; how many uploads were dropped."""
    Standing.objects.all().delete()
    return _drop(now, OFF)


def place_of(point: Point, agreed: mapping.Mapping) -> Place:
    """A point as the centre is to know it."""
    return Place(
        quantity=point.quantity,
        address=agreed.address_of(point.pk, f"{point.device.name}/{point.key}"),
        premises=point.device.premises.short_name,
        circuit=point.circuit.name if point.circuit is not None else point.place,
        phase=point.phase,
    )


def wanted(agreed: mapping.Mapping) -> QuerySet[Point]:
    """The points of the premises that were agreed on."""
    points = Point.objects.select_related("circuit", "device__premises__site").defer("row")
    return (
        points if agreed.premises == ALL else points.filter(device__premises__site__name__in=agreed.premises)
    )


def known_of(found: Component) -> Known:
    """What a component's row says."""
    levels, held = ({int(rule): level for rule, level in row.items()} for row in (found.levels, found.held))
    return Known(levels, held, found.told)


def _drop(now: datetime, why: str) -> int:
    waiting = Upload.objects.filter(state=Upload.State.WAITING)
    return waiting.update(state=Upload.State.DROPPED, ended_at=now, detail=why)


def _has_news(centre: Centre) -> bool:
    """Asked without a lock: a quarter of a second is soon over."""
    standing = Standing.objects.first()
    return (
        standing is None
        or standing.agreement != centre.agreement
        or AppliedTransition.objects.filter(pk__gt=standing.transition).exists()
        or CaseEvent.objects.filter(number__gt=standing.event).exists()
        or _answered().exists()
    )


def _answered() -> QuerySet[Ask]:
    return Ask.objects.exclude(answered_at=None).filter(planned=False)


def _begin(centre: Centre, before: Standing | None, now: datetime) -> int:
    """Tells what is so now, and what the centre was told that is so no more; remembers where the logs end."""
    serial = 0 if before is None else before.next_serial
    Standing.objects.all().delete()
    Standing.objects.create(
        agreement=centre.agreement,
        transition=AppliedTransition.objects.aggregate(last=Max("pk"))["last"] or 0,
        event=CaseEvent.objects.aggregate(last=Max("number"))["last"] or 0,
        next_serial=serial,
    )
    _answered().update(planned=True)
    waiting = Upload.objects.filter(state=Upload.State.WAITING).exclude(point=None)
    unsure = set(waiting.values_list("point_id", flat=True))
    _drop(now, ANEW)
    active = Alarm.objects.exclude(level=Level.NORMAL).exclude(rule=Rule.LATE).exclude(case__is_test=True)
    alarms = list(active.order_by("since", "pk"))
    told = Component.objects.exclude(told=planning.NORMAL).values_list("point_id", flat=True)
    look = _look(centre, {*told, *unsure, *(alarm.point_id for alarm in alarms)}, now)
    look.known = {point: Known(told=known.told) for point, known in look.known.items()}
    look.changed = set(look.known)
    for alarm in alarms:
        happened = Happened(alarm.rule, alarm.level, alarm.since, alarm.value, alarm.why & Why.TEST)
        _tell(look, alarm.point_id, happened)
    _correct(look, unsure)
    return _write(look)


def _correct(look: _Round, unsure: set[int]) -> None:
    """The present state of what was told otherwise, and of what may not have been told."""
    agreed, said = look.centre.agreed, {upload.point_id for upload in look.uploads}
    for pk in sorted(set(look.points) - said):
        known, place = look.known.get(pk, Known()), place_of(look.points[pk], agreed)
        state = planning.bits(known.levels, agreed)
        if place.address is None or (state == known.told and pk not in unsure):
            continue
        unit = planning.component_state(place, state, look.now, agreed)
        look.uploads.append(_upload(look, Planned(unit), pk))
        look.known[pk] = Known(known.levels, known.held, state)
        look.changed.add(pk)


def _go_on(centre: Centre, standing: Standing, now: datetime) -> int:
    applied = AppliedTransition.objects.filter(pk__gt=standing.transition).select_related("case")
    transitions = list(applied.order_by("pk")[:UPLINK_A_LOOK])
    events = _events(standing, transitions)
    ids = {one.point_id for one in transitions}
    look = _look(centre, ids | {event.data["point"] for event in events if "point" in event.data}, now)
    look.told_to = standing.transition
    for one in _in_order(transitions, events):
        if isinstance(one, CaseEvent):
            _tell_event(look, one)
        else:
            _tell(look, one.point_id, _of_transition(one))
    answered = list(_answered().order_by("pk"))
    for ask in answered:
        assert ask.answered_at is not None
        look.uploads.append(_upload(look, planning.duty_answer(ask.answered_at, centre.agreed), None))
    Ask.objects.filter(pk__in=[ask.pk for ask in answered]).update(planned=True)
    standing.transition = transitions[-1].pk if transitions else standing.transition
    standing.event = events[-1].number if events else standing.event
    standing.save(update_fields=["transition", "event"])
    return _write(look)


def _events(standing: Standing, transitions: list[AppliedTransition]) -> list[CaseEvent]:
    """Those that follow; while transitions are being caught up with, none from beyond them."""
    found = CaseEvent.objects.filter(number__gt=standing.event).select_related("case__premises__site")
    rows = list(found.select_related("case__site").order_by("number")[:UPLINK_A_LOOK])
    if len(transitions) < UPLINK_A_LOOK:
        return rows
    last = transitions[-1].offset
    return list(takewhile(lambda event: event.data.get("offset", 0) <= last, rows))


def _in_order(
    transitions: list[AppliedTransition], events: list[CaseEvent]
) -> list[AppliedTransition | CaseEvent]:
    """By the journal's record; what people did comes after what they had seen."""
    keyed: list[tuple[tuple[int, int, int], AppliedTransition | CaseEvent]]
    keyed = [((one.offset, 0, one.pk), one) for one in transitions]
    offset = 0
    for event in events:
        offset = max(offset, event.data.get("offset", 0))
        keyed.append(((offset, 1, event.number), event))
    return [one for _, one in sorted(keyed, key=lambda pair: pair[0])]


def _of_transition(one: AppliedTransition) -> Happened:
    """A silence has no reading that says when: its arrival does."""
    at = one.arrival if one.rule == Rule.SILENCE else one.at
    is_test = one.case is not None and one.case.is_test
    if one.rule == Rule.TEST:
        is_test = False  # that a test is over is told to what a real alarm holds
    return Happened(one.rule, one.level, at, one.value, one.why, is_test)


def _look(centre: Centre, points: Iterable[int], now: datetime) -> _Round:
    ids = set(points)
    found = {point.pk: point for point in wanted(centre.agreed).filter(pk__in=ids)}
    rows = Component.objects.filter(point__in=found)
    return _Round(centre, now, found, {row.point_id: known_of(row) for row in rows}, set(), [])


def _tell(look: _Round, point: int, happened: Happened) -> None:
    if point not in look.points:
        return
    agreed = look.centre.agreed
    before = look.known.get(point, Known())
    known, planned = planning.plan(before, happened, place_of(look.points[point], agreed), agreed)
    if known != before:
        look.known[point] = known
        look.changed.add(point)
    look.uploads += [_upload(look, one, point) for one in planned]


def _tell_event(look: _Round, event: CaseEvent) -> None:
    case, agreed = event.case, look.centre.agreed
    if case.is_test or event.data.get("is_test") or not _is_wanted(case, agreed):
        return
    if event.kind in MADE_REAL and _is_made_real(event, look.told_to):
        data = event.data
        at = datetime.fromisoformat(data["device_at"])
        level, rule = Level[data["level"].upper()], Rule[data["rule"].upper()]
        _tell(look, data["point"], Happened(rule, level, at))
    said = planning.operation(event.kind, event.at, agreed)
    if said is not None and _is_heard_of(case, agreed):
        look.uploads.append(_upload(look, said, None))


def _is_made_real(event: CaseEvent, told_to: int) -> bool:
    """The alarm has no transition of its own, and none that came after it was told before it."""
    data = event.data
    if not {"offset", "point", "rule", "level", "device_at"} <= set(data):
        return False
    rule, level = Rule[data["rule"].upper()], Level[data["level"].upper()]
    its = AppliedTransition.objects.filter(point=data["point"], rule=rule)
    own = its.filter(offset=data["offset"], level=level)
    return not (own | its.filter(offset__gt=data["offset"], pk__lte=told_to)).exists()


def _is_heard_of(case: Case, agreed: mapping.Mapping) -> bool:
    """Whether the level of the case is one that the centre is told of."""
    return planning.bits({Rule.OVER: case.worst_level}, agreed) != planning.NORMAL


def _is_wanted(case: Case, agreed: mapping.Mapping) -> bool:
    if case.family == Family.SYSTEM:
        return False
    if agreed.premises == ALL:
        return True
    site = case.premises.site if case.premises is not None else case.site
    return site is not None and site.name in agreed.premises


def _upload(look: _Round, planned: Planned, point: int | None) -> Upload:
    return Upload(point_id=point, unit=planned.unit, is_urgent=planned.is_urgent, made_at=look.now)


def _write(look: _Round) -> int:
    """An alarm overtakes all but what waits of its own point: the centre's last word of a component is the newest."""
    rows = [_row(point, look.known[point]) for point in sorted(look.changed)]
    fields = ["levels", "held", "told"]
    Component.objects.bulk_create(rows, update_conflicts=True, unique_fields=["point"], update_fields=fields)
    urgent = {upload.point_id for upload in look.uploads if upload.is_urgent} - {None}
    Upload.objects.filter(state=Upload.State.WAITING, point__in=urgent).update(is_urgent=True)
    for upload in _before_urgent(look.uploads):
        upload.is_urgent = True
    Upload.objects.bulk_create(look.uploads)
    return len(look.uploads)


def _before_urgent(uploads: list[Upload]) -> Iterator[Upload]:
    """Those of this look that stand before an urgent one of their point."""
    urgent: set[int] = set()
    for upload in reversed(uploads):
        if upload.point_id is None:
            continue
        if upload.is_urgent:
            urgent.add(upload.point_id)
        elif upload.point_id in urgent:
            yield upload


def _row(point: int, known: Known) -> Component:
    levels, held = (
        {str(rule): int(level) for rule, level in one.items()} for one in (known.levels, known.held)
    )
    return Component(point_id=point, levels=levels, held=held, told=known.told)
