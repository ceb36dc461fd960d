"""What a city's centre is to be told, what it has been told, and what it asks of people."""

from django.db import models
from django.db.models import Q

from flameblue.fleet.models import Point
from flameblue.people.models import Person


class Standing(models.Model):
    """How far the logs of the cases are read, and the next serial number. One row; none: nothing is followed.

    `agreement`: where to and by which mapping, as a hash; with another one all begins anew.
    """

    agreement = models.CharField(max_length=64)
    transition = models.BigIntegerField()  # the key of the last applied transition that was looked at
    event = models.BigIntegerField()  # the number of the last case event likewise
    next_serial = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"transition {self.transition}, event {self.event}"


class Component(models.Model):
    """A point as the centre knows it: the levels of its rules, and the state bits that it was last told."""

    point = models.OneToOneField(Point, on_delete=models.CASCADE, related_name="component")
    levels = models.JSONField(default=dict)  # by rule, those that are not normal
    held = models.JSONField(default=dict)  # likewise, said during a test: they count when it is over
    told = models.PositiveIntegerField(default=1)  # GB/T 26875.3-2011, 8.2.1.2

    class Meta:
        indexes = (models.Index(fields=["told"], name="component_by_state"),)

    def __str__(self) -> str:
        return f"component {self.point_id} {self.told:#06x}"


class Upload(models.Model):
    """One application unit on its way to the centre. Its serial number and time stay the same when it is re-sent."""

    class State(models.TextChoices):
        WAITING = "waiting"
        CONFIRMED = "confirmed"
        DENIED = "denied"  # the centre said no: it is not sent again
        UNANSWERED = "unanswered"  # the centre answered others, not this one
        DROPPED = "dropped"  # never sent, `detail` says why

    point = models.ForeignKey(Point, null=True, on_delete=models.SET_NULL, related_name="uploads")
    unit = models.BinaryField()
    is_urgent = models.BooleanField(default=False)  # goes before those that are not
    made_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    serial = models.PositiveIntegerField(null=True)
    first_sent_at = models.DateTimeField(null=True)
    sent = models.PositiveIntegerField(default=0)  # how often, each written before it was sent
    ended_at = models.DateTimeField(null=True)
    detail = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = (
            models.Index(fields=["-is_urgent", "id"], condition=Q(state="waiting"), name="upload_waiting"),
            models.Index(fields=["state", "ended_at"], name="upload_ended"),
        )

    def __str__(self) -> str:
        return f"upload {self.pk} {self.state}"


class Ask(models.Model):
    """What the centre wanted of people or of our clock, and what came of it. `flag`: the type flag of the command."""

    flag = models.PositiveSmallIntegerField()
    serial = models.PositiveIntegerField()
    at = models.DateTimeField()
    answer_by = models.DateTimeField(null=True)  # of a duty check
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    planned = models.BooleanField(default=False)  # the answer is on its way
    detail = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"ask {self.flag} at {self.at:%Y-%m-%d %H:%M:%S}"
