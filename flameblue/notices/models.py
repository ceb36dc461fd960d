"""One message to one person by one channel: why, every attempt, every receipt, every answer."""

from django.db import models
from django.db.models import Q

from flameblue.cases.models import Case, CaseEvent
from flameblue.people.models import Person


class Notice(models.Model):
    """One message to one person by one channel. It ends delivered, sent, failed, merged or cancelled."""

    class State(models.TextChoices):
        PLANNED = "planned"  # waits for `due_at`
        SENT = "sent"  # the channel has accepted it
        DELIVERED = "delivered"  # the receipt says so
        FAILED = "failed"  # given up, `detail` says why
        MERGED = "merged"  # said in the summary that `merged_into` names
        CANCELLED = "cancelled"  # no longer true or no longer wanted, `detail` says why

    event = models.ForeignKey(CaseEvent, null=True, on_delete=models.PROTECT, related_name="notices")
    case = models.ForeignKey(Case, null=True, on_delete=models.PROTECT, related_name="notices")
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="notices")
    to = models.CharField(max_length=40)  # the phone number as it was then
    channel = models.CharField(max_length=20)  # a folder of notices.channels
    template = models.CharField(max_length=40)
    variables = models.JSONField(default=dict)
    carried = models.JSONField(default=dict)  # form, variables in their order; empty: the text goes as it is
    language = models.CharField(max_length=8)
    text = models.TextField()
    reason = models.CharField(max_length=40)  # a word of notices.reasons
    state = models.CharField(max_length=10, choices=State, default=State.PLANNED)
    detail = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()  # moved ahead before each attempt, so that a crash cannot loop on it
    sent_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    attempt_count = models.PositiveSmallIntegerField(default=0)
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL)
    instead_of = models.OneToOneField(  # the same message by the first channel: one second way at most
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="second"
    )
    instead_because = models.CharField(max_length=20, blank=True)  # reasons.FIRST_FAILED, …

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["event", "person", "channel", "template"],
                condition=Q(event__isnull=False),
                name="notice_once_an_event",
            ),
        )
        indexes = (
            models.Index(fields=["due_at"], condition=Q(state="planned"), name="notice_due"),
            models.Index(fields=["sent_at"], name="notice_sent"),
            models.Index(fields=["created_at"], name="notice_created"),
        )

    def __str__(self) -> str:
        return f"notice {self.pk} {self.channel} {self.reason}"


class Attempt(models.Model):
    """One try to hand a notice to its channel, written before the try (`outcome` empty) and after it."""

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="attempts")
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, blank=True)  # "", accepted, refused, failed
    detail = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"attempt {self.pk} {self.outcome}"


class Part(models.Model):
    """One part of a sent message, as the provider numbers it, with its receipt."""

    attempt = models.ForeignKey(Attempt, on_delete=models.CASCADE, related_name="parts")
    sequence = models.PositiveSmallIntegerField()
    message_id = models.CharField(max_length=80, db_index=True)
    receipt = models.CharField(max_length=12, blank=True)  # DELIVRD, UNDELIV, EXPIRED …
    receipt_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"part {self.message_id} {self.receipt}"


class EarlyReceipt(models.Model):
    """A receipt that came before its part was recorded, kept until the part is."""

    message_id = models.CharField(max_length=80, db_index=True)
    receipt = models.CharField(max_length=12)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"early receipt {self.message_id}"


class InboundMessage(models.Model):
    """What somebody sent to us, and what it did."""

    at = models.DateTimeField()
    channel = models.CharField(max_length=20)
    sender = models.CharField(max_length=40)
    text = models.CharField(max_length=500)
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    case = models.ForeignKey(Case, null=True, blank=True, on_delete=models.SET_NULL, related_name="replies")
    outcome = models.CharField(max_length=40)  # a word of notices.replies

    def __str__(self) -> str:
        return f"reply {self.sender} {self.outcome}"
