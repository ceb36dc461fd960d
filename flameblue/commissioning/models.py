"""How devices are put into service: what was scanned, who bound them, how their points were tested, who accepted."""

from django.db import models

from flameblue.fleet.models import Device, Point, Premises, Site


class Scan(models.Model):
    """A serial number that somebody read off a device, perhaps without signal. `client_id`: made by the phone, once."""

    client_id = models.CharField(max_length=36, unique=True)
    serial = models.CharField(max_length=64, db_index=True)
    place = models.CharField(max_length=200, blank=True)  # as somebody on the ladder writes it
    scanned_at = models.DateTimeField()  # by the phone's clock
    received_at = models.DateTimeField()
    by = models.CharField(max_length=80)

    def __str__(self) -> str:
        return f"scan {self.serial}"


class Acceptance(models.Model):
    """A sheet as it was signed: of a site, or of one of its premises. Never changed.

    `content` is all that the sheet says; `digest` is the SHA-256 of its canonical JSON, which the paper bears.
    """

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="acceptances")
    premises = models.ForeignKey(
        Premises, null=True, blank=True, on_delete=models.PROTECT, related_name="acceptances"
    )
    name = models.CharField(max_length=80)  # as who signed has typed it
    role = models.CharField(max_length=80)
    by = models.CharField(max_length=80)  # the user in whose session it was signed
    at = models.DateTimeField()
    signature = models.BinaryField()  # WebP, drawn by hand
    content = models.JSONField()
    digest = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"acceptance {self.pk} of {self.site.name}"


class Commissioning(models.Model):
    """What is known of how one device was put into service; a device without a row was brought in by a file."""

    device = models.OneToOneField(Device, on_delete=models.CASCADE, related_name="commissioning")
    place = models.CharField(max_length=200, blank=True)  # from its scan
    bound_by = models.CharField(max_length=80, blank=True)
    bound_at = models.DateTimeField(null=True, blank=True)
    acceptance = models.ForeignKey(
        Acceptance, null=True, blank=True, on_delete=models.PROTECT, related_name="devices"
    )

    def __str__(self) -> str:
        return f"commissioning of {self.device_id}"


class TestRun(models.Model):
    """One test of one point, with the limits that counted then; or why it needs none.

    With `within_s`, its alarm has to be entered within so many seconds (`clause`); else a reading has to come.
    Values are in the quantity's steps, times of readings are the device's, `entered_at` is an arrival.
    """

    class State(models.TextChoices):
        UNDER_WAY = "under_way"
        PASSED = "passed"
        LATE = "late"  # the clause is not met, by no more than is known: done, not passed
        FAILED = "failed"
        BROKEN_OFF = "broken_off"
        WAIVED = "waived"

    point = models.ForeignKey(Point, on_delete=models.CASCADE, related_name="test_runs")
    by = models.CharField(max_length=80)
    began_at = models.DateTimeField()
    until = models.DateTimeField()
    within_s = models.FloatField(null=True, blank=True)
    step_s = models.FloatField(null=True, blank=True)  # between two readings: as exactly can it be measured
    clause = models.CharField(max_length=60, blank=True)
    limit = models.IntegerField(null=True, blank=True)
    hold_s = models.FloatField(null=True, blank=True)
    edition = models.CharField(max_length=200, blank=True)  # where the limit comes from
    seen_at = models.DateTimeField(
        null=True, blank=True
    )  # the first value: beyond the limit where there is one
    seen_value = models.IntegerField(null=True, blank=True)
    waited_s = models.FloatField(null=True, blank=True)  # from `began_at` to the arrival of that value
    entered_at = models.DateTimeField(null=True, blank=True)
    seconds = models.FloatField(
        null=True, blank=True
    )  # from the value to the level, as `within_s` counts them
    state = models.CharField(max_length=10, choices=State)
    reason = models.CharField(max_length=200, blank=True)  # why it was waived

    class Meta:
        indexes = (
            models.Index(fields=["point", "-id"], name="test_run_by_point"),
            models.Index(fields=["id"], condition=models.Q(state="under_way"), name="test_run_under_way"),
        )

    def __str__(self) -> str:
        return f"test of {self.point_id} {self.state}"
