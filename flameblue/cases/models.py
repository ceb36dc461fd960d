"""What people handle. Case events are append-only; a case's row is what its events add up to."""

from typing import Any

from django.db import models
from django.db.models import Q

from flameblue.fleet.models import Point, Premises, Site, Station
from flameblue.people.models import Person


class Cursor(models.Model):
    """How far a stage has come in the journal: the last record whose transitions are applied."""

    name = models.CharField(max_length=20, primary_key=True)
    offset = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} at {self.offset}"


class Counter(models.Model):
    """Numbers in commit order: taken last in the transaction, under one lock."""

    name = models.CharField(max_length=20, primary_key=True)
    value = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} {self.value}"


class SkippedRecord(models.Model):
    """A record that a stage passed over after the third failure; a replay passes it over too."""

    offset = models.BigIntegerField(unique=True)
    stage = models.CharField(max_length=20)
    reason = models.TextField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.stage} skipped {self.offset}"


class Family(models.TextChoices):
    """The cause families: one open case per premises and family. Stored for ever."""

    LEAKAGE = "leakage"
    HEAT = "heat"
    LOAD = "load"
    VOLTAGE = "voltage"
    ARC = "arc"
    SILENCE = "silence"
    EQUIPMENT = "equipment"
    SYSTEM = "system"


class State(models.TextChoices):
    """How far the handling has come."""

    OPEN = "open"
    TAKEN = "taken"
    MADE_SAFE = "made_safe"
    REPAIRED = "repaired"
    PROVEN = "proven"
    CLOSED = "closed"


class Case(models.Model):
    """One or more alarms of one cause in one premises (or, an incident: of one cause in one site).

    `premises` is empty for an incident with members and for a system case. `level` is the worst level that
    its alarms have now, `worst_level` the worst they had. A test case notifies the desk only and never joins
    a real one. A suspected case (`announced` false) has told nobody yet: it is announced at `quiet_until`,
    unless it ends or becomes a member of an incident before.
    """

    number = models.BigIntegerField(unique=True)
    site = models.ForeignKey(Site, null=True, blank=True, on_delete=models.PROTECT, related_name="cases")
    premises = models.ForeignKey(
        Premises, null=True, blank=True, on_delete=models.PROTECT, related_name="cases"
    )
    family = models.CharField(max_length=10, choices=Family)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    level = models.PositiveSmallIntegerField()
    worst_level = models.PositiveSmallIntegerField()
    is_test = models.BooleanField(default=False)
    incident = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="members"
    )
    opened_at = models.DateTimeField()
    announced = models.BooleanField(default=True)
    quiet_until = models.DateTimeField(null=True, blank=True)
    announced_at = models.DateTimeField()  # escalation counts from here: opening, relapse, a worse level
    taken_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    taken_at = models.DateTimeField(null=True, blank=True)
    assigned_to = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    owner_answered_at = models.DateTimeField(null=True, blank=True)
    made_safe_at = models.DateTimeField(null=True, blank=True)
    made_safe_how = models.CharField(max_length=20, blank=True)  # a word of cases.causes.MADE_SAFE
    repaired_at = models.DateTimeField(null=True, blank=True)
    proven_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    cause = models.CharField(max_length=40, blank=True)  # a word of cases.causes
    action = models.CharField(max_length=200, blank=True)
    closed_without_proof = models.BooleanField(default=False)
    shelved_until = models.DateTimeField(null=True, blank=True)
    shelved_level = models.PositiveSmallIntegerField(null=True, blank=True)  # see cases.breaking
    shelve_reason = models.CharField(max_length=200, blank=True)
    steps_taken = models.JSONField(default=list)  # ids of escalation steps since `announced_at`
    reopened = models.PositiveIntegerField(default=0)
    troubles = models.JSONField(default=list)  # a system case: what is wrong now, in words of its callers

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["premises", "family", "is_test"],
                condition=~Q(state=State.CLOSED) & Q(premises__isnull=False),
                name="one_open_case_a_premises_and_family",
            ),
            models.UniqueConstraint(
                fields=["site", "family"],
                condition=~Q(state=State.CLOSED) & Q(premises__isnull=True),
                nulls_distinct=False,
                name="one_open_incident_a_site_and_family",
            ),
        )
        indexes = (models.Index(fields=["state", "level"], name="case_state_level"),)

    def __str__(self) -> str:
        return f"case {self.number}"


class Alarm(models.Model):
    """One point's rule: its level from detection, and its ISA-18.2 state, which is about people."""

    class Isa(models.TextChoices):
        NORMAL = "normal"
        UNACKNOWLEDGED = "unacknowledged"
        ACKNOWLEDGED = "acknowledged"
        RETURNED_UNACKNOWLEDGED = "returned_unacknowledged"
        LATCHED = "latched"
        SHELVED = "shelved"
        OUT_OF_SERVICE = "out_of_service"

    point = models.ForeignKey(Point, on_delete=models.PROTECT, related_name="alarms")
    rule = models.PositiveSmallIntegerField()  # domain.transitions.Rule
    level = models.PositiveSmallIntegerField()
    worst_level = models.PositiveSmallIntegerField()
    isa = models.CharField(max_length=24, choices=Isa)
    case = models.ForeignKey(Case, null=True, blank=True, on_delete=models.SET_NULL, related_name="alarms")
    since = models.DateTimeField()  # device time of the change to the present level
    value = models.IntegerField()  # at that change, in the quantity's steps
    worst_value = models.IntegerField()
    limit = models.IntegerField()
    worst_limit = models.IntegerField(null=True)  # that of `worst_level`, as it was when that was reached
    load = models.IntegerField(null=True)  # the circuit's current at the alarm, in current_a steps
    load_phase = models.CharField(
        max_length=1, blank=True
    )  # the one of several that is told, and its current
    load_of_phase = models.IntegerField(null=True)
    load_at = models.DateTimeField(null=True)  # device time of the rise that `load` belongs to, and its value
    load_value = models.IntegerField(null=True)
    why = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["point", "rule"], name="alarm_once_a_point_and_rule"),)

    def __str__(self) -> str:
        return f"alarm {self.point_id}/{self.rule}"


class AppliedTransition(models.Model):
    """A transition of detection as it was applied. Its identity makes applying it again do nothing."""

    offset = models.BigIntegerField()
    index = models.IntegerField()
    point = models.ForeignKey(Point, on_delete=models.PROTECT, related_name="+")
    rule = models.PositiveSmallIntegerField()
    before = models.PositiveSmallIntegerField()
    level = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    arrival = models.DateTimeField()
    value = models.IntegerField()
    limit = models.IntegerField()
    why = models.PositiveIntegerField()
    case = models.ForeignKey(
        Case, null=True, blank=True, on_delete=models.SET_NULL, related_name="transitions"
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["offset", "index", "point", "rule"], name="transition_once"),
        )

    def __str__(self) -> str:
        return f"transition {self.offset}/{self.index}/{self.point_id}/{self.rule}"


class CaseEvent(models.Model):
    """What happened to a case. `number` is in commit order: who saw n never misses a smaller one."""

    number = models.BigIntegerField(unique=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=24)  # a word of cases.kinds
    at = models.DateTimeField()
    by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    data = models.JSONField(default=dict)
    planned_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = (
            models.Index(fields=["number"], condition=Q(planned_at=None), name="case_event_unplanned"),
        )

    def __str__(self) -> str:
        return f"{self.number} {self.kind}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Writes a new event. One that is written stays as it is."""
        assert self._state.adding, "case events are append-only"
        super().save(*args, **kwargs)

    def delete(self, using: Any = None, keep_parents: bool = False) -> tuple[int, dict[str, int]]:
        """Never: what happened stays on record."""
        raise AssertionError(f"case events are append-only, also {self} ({using}, {keep_parents})")


class BoardTab(models.Model):
    """What an open board last said of its sound. `session` is a hash: who reads the row can't sign in by it."""

    station = models.ForeignKey(Station, on_delete=models.CASCADE, related_name="+")
    session = models.CharField(max_length=32)
    name = models.CharField(max_length=32)  # made by the tab
    state = models.CharField(max_length=8)  # a word of cases.presence
    at = models.DateTimeField()
    sounded_at = models.DateTimeField(null=True, blank=True)  # when it last said that it was sounding

    class Meta:
        constraints = (models.UniqueConstraint(fields=["session", "name"], name="board_tab_once"),)

    def __str__(self) -> str:
        return f"board of station {self.station_id} {self.state}"
