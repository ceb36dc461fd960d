"""What people look at themselves (逢九必查): visits, checks of a round, how a round ended, counts of before."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from flameblue.fleet.models import Premises, Site
from flameblue.people.models import Person


class Visit(models.Model):
    """Somebody was at the premises; `tested`: and pressed the detectors' test button."""

    premises = models.ForeignKey(Premises, on_delete=models.PROTECT, related_name="visits")
    day = models.DateField(db_index=True)  # by the calendar of the site
    tested = models.BooleanField(default=False)
    note = models.CharField(max_length=200, blank=True)
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()  # when it was written down

    def __str__(self) -> str:
        return f"visit {self.premises_id} {self.day}"


class Item(models.TextChoices):
    """What is looked at in a round. Stored for ever."""

    FIRE_EXITS = "fire_exits", _("Fire exits")
    GAS = "gas", _("Gas")
    WIRING = "wiring", pgettext_lazy("check", "Wiring")


class Check(models.Model):
    """One item of one premises in the round that began on `due_on`: looked at by `by`, and what was found."""

    premises = models.ForeignKey(Premises, on_delete=models.PROTECT, related_name="checks")
    due_on = models.DateField(db_index=True)
    item = models.CharField(max_length=12, choices=Item)
    ok = models.BooleanField()
    text = models.CharField(max_length=200, blank=True)
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["premises", "due_on", "item"], name="check_once_a_round_and_item"
            ),
        )

    def __str__(self) -> str:
        return f"{self.item} {self.premises_id} {self.due_on}"


class Round(models.Model):
    """How the round of `due_on` ended at a site. Written once, when it is over: what was missed stays missed."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="rounds")
    due_on = models.DateField()
    due = models.PositiveIntegerField()  # premises
    missed = models.JSONField(default=list)  # ids of the premises with an item that nobody looked at
    closed_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["site", "due_on"], name="round_once_a_site"),)

    def __str__(self) -> str:
        return f"round {self.site_id} {self.due_on}"


class OldCount(models.Model):
    """A number from before Flameblue, as somebody wrote it down: shown beside what is proven, never added to it."""

    month = models.DateField()  # its first day
    kind = models.CharField(max_length=12)  # a word of cases.models.Family
    number = models.PositiveIntegerField()
    source = models.CharField(max_length=120)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["month", "kind", "source"], name="old_count_once_a_source"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.month:%Y-%m} {self.number}"
