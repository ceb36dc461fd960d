"""What is watched: station, site (village), premises (cabin), panel, circuit, device, point, limits."""

from django.db import models
from django.db.models import Q

from flameblue.domain.limits import DEVICE_ADDRESS_CHARACTERS_MAX


class Station(models.Model):
    """A fire station: it signs the messages and its people handle the cases of its sites."""

    name = models.CharField(max_length=80, unique=True)
    signature = models.CharField(max_length=12)  # stands in 【】 at the head of every SMS
    phone = models.CharField(max_length=20, blank=True)
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    next_station = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL)

    def __str__(self) -> str:
        return self.name


class Site(models.Model):
    """A village or settlement."""

    name = models.CharField(max_length=80, unique=True)
    station = models.ForeignKey(Station, on_delete=models.PROTECT, related_name="sites")
    time_zone = models.CharField(max_length=40, default="Asia/Shanghai")

    def __str__(self) -> str:
        return self.name


class Premises(models.Model):
    """A cabin, shop or hotel. Without a device it is known but not equipped: the denominator of coverage."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="premises")
    name = models.CharField(max_length=80)
    short_name = models.CharField(max_length=20)  # what an SMS says
    kind = models.CharField(max_length=40, blank=True)
    address = models.CharField(max_length=120, blank=True)
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    key_holder = models.CharField(max_length=80, blank=True)
    closed_until = models.DateField(
        null=True, blank=True
    )  # shut for the season: silence is expected till then

    class Meta:
        verbose_name_plural = "premises"
        indexes = (models.Index(fields=["kind", "site", "name"], name="premises_by_kind"),)
        constraints = (models.UniqueConstraint(fields=["site", "name"], name="premises_once_a_site"),)

    def __str__(self) -> str:
        return f"{self.site.name} {self.name}"


class Panel(models.Model):
    """A distribution board (箱)."""

    premises = models.ForeignKey(Premises, on_delete=models.PROTECT, related_name="panels")
    name = models.CharField(max_length=20)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["premises", "name"], name="panel_once_a_premises"),)

    def __str__(self) -> str:
        return f"{self.premises.name} {self.name}"


class Circuit(models.Model):
    """What one breaker feeds. `isolator` is the switch that a lay person is asked to pull (3号开关)."""

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, related_name="circuits")
    name = models.CharField(max_length=20)
    isolator = models.CharField(max_length=20, blank=True)
    rated_current_a = models.FloatField(null=True, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["panel", "name"], name="circuit_once_a_panel"),)

    def __str__(self) -> str:
        return f"{self.panel} {self.name}"


class Device(models.Model):
    """A detector, meter or gateway. `name` is its MQTT user name; its credential is kept as a hash only.

    `device_address`: what it calls itself where its protocol knows no names; unique among those of one protocol.
    `networks`: from where it may speak, as intake.sources spells it.
    """

    premises = models.ForeignKey(Premises, on_delete=models.PROTECT, related_name="devices")
    name = models.CharField(max_length=64, unique=True)
    serial = models.CharField(max_length=64, blank=True)
    profile = models.CharField(max_length=64)
    credential_hash = models.CharField(max_length=64, blank=True, db_index=True)
    device_address = models.CharField(
        max_length=DEVICE_ADDRESS_CHARACTERS_MAX, blank=True, default="", db_index=True
    )
    networks = models.CharField(max_length=400, blank=True, default="")
    enabled = models.BooleanField(default=True)

    class Meta:
        indexes = (models.Index(fields=["enabled", "premises"], name="device_in_use"),)

    def __str__(self) -> str:
        return self.name


class DeviceSource(models.Model):
    """An address that a device has spoken from. `accepted_at` None: it is new, and somebody is to look at it.

    The core alone adds them. `accepted_by` "": it was the first, and accepted by itself.
    """

    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="sources")
    address = models.CharField(max_length=48)
    heard_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["device", "address"], name="source_once_a_device"),)

    def __str__(self) -> str:
        return f"{self.device.name} {self.address}"


class DeviceCommand(models.Model):
    """What a person asked a device, and what became of it. One at a time a device is not yet over.

    `outcome` is a word of fleet.commands; `answer` is what came back: application units as hexadecimal text.
    """

    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="commands")
    kind = models.CharField(max_length=24)
    arguments = models.JSONField(default=dict)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=16)
    answer = models.JSONField(default=list)

    class Meta:
        indexes = (
            models.Index(fields=["device", "id"], name="command_by_device"),
            models.Index(
                fields=["id"], condition=Q(outcome__in=("waiting", "sent", "heard")), name="command_open"
            ),
        )
        constraints = (
            models.UniqueConstraint(
                fields=["device"],
                condition=Q(outcome__in=("waiting", "sent", "heard")),
                name="command_one_at_a_time",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.device.name}"


class Point(models.Model):
    """One quantity of one circuit and phase, as one device sends it under `key`. Ids are never reused."""

    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="points")
    circuit = models.ForeignKey(
        Circuit, null=True, blank=True, on_delete=models.PROTECT, related_name="points"
    )
    key = models.CharField(max_length=64)
    quantity = models.CharField(max_length=32)  # a name of domain.quantities
    phase = models.CharField(max_length=1, blank=True)
    place = models.CharField(max_length=20, blank=True)  # what an SMS says: 203房
    retired = models.BooleanField(default=False)
    row = models.BinaryField(default=bytes)  # as detection knows it: a packed `domain.points.POINT`, or empty

    class Meta:
        indexes = (
            models.Index(fields=["place"], name="point_by_place"),
            models.Index(fields=["quantity", "device", "key"], name="point_by_quantity"),
        )
        constraints = (models.UniqueConstraint(fields=["device", "key"], name="point_key_once_a_device"),)

    def __str__(self) -> str:
        return f"{self.device.name}/{self.key}"


class LimitSetting(models.Model):
    """A limit that overrides the default of its quantity, in the quantity's unit and in seconds.

    Narrower scopes win: default → profile → site → premises → circuit. An empty field changes nothing.
    """

    class Scope(models.TextChoices):
        PROFILE = "profile"
        SITE = "site"
        PREMISES = "premises"
        CIRCUIT = "circuit"

    scope = models.CharField(max_length=10, choices=Scope)
    profile = models.CharField(max_length=64, blank=True)
    site = models.ForeignKey(Site, null=True, blank=True, on_delete=models.CASCADE)
    premises = models.ForeignKey(Premises, null=True, blank=True, on_delete=models.CASCADE)
    circuit = models.ForeignKey(Circuit, null=True, blank=True, on_delete=models.CASCADE)
    quantity = models.CharField(max_length=32)
    over_warning = models.FloatField(null=True, blank=True)
    over_alarm = models.FloatField(null=True, blank=True)
    over_hysteresis = models.FloatField(null=True, blank=True)
    under_warning = models.FloatField(null=True, blank=True)
    under_alarm = models.FloatField(null=True, blank=True)
    under_hysteresis = models.FloatField(null=True, blank=True)
    warning_hold_s = models.FloatField(null=True, blank=True)
    alarm_hold_s = models.FloatField(null=True, blank=True)
    clear_hold_s = models.FloatField(null=True, blank=True)
    reason = models.CharField(max_length=200)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["scope", "profile", "site", "premises", "circuit", "quantity"],
                nulls_distinct=False,
                name="limit_once_a_scope",
            ),
        )

    def __str__(self) -> str:
        return f"{self.scope} {self.quantity}"


class PointChange(models.Model):
    """The outbox of the point table: packed `domain.points.POINT` rows, written in the change's transaction.

    The core alone appends them to the journal; `appended_offset` says where. One without rows says that
    who may connect has changed: the directory is to be read anew.
    """

    created_at = models.DateTimeField()
    rows = models.BinaryField()
    appended_offset = models.BigIntegerField(null=True, blank=True)

    class Meta:
        indexes = (
            models.Index(fields=["id"], condition=Q(appended_offset=None), name="point_change_waiting"),
        )

    def __str__(self) -> str:
        return f"point change {self.pk}"


class PairingWindow(models.Model):
    """While one is open, unknown devices are listed with what they send; otherwise they are refused."""

    opened_at = models.DateTimeField()
    open_until = models.DateTimeField()
    opened_by = models.CharField(max_length=80)

    def __str__(self) -> str:
        return f"pairing until {self.open_until:%Y-%m-%d %H:%M}"


class TestWindow(models.Model):
    """While one is open, what its device sends is a test: the desk sees it, nobody is called, nothing counts it."""

    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="test_windows")
    opened_at = models.DateTimeField()
    open_until = models.DateTimeField(db_index=True)
    opened_by = models.CharField(max_length=80)

    def __str__(self) -> str:
        return f"test of {self.device_id} until {self.open_until:%Y-%m-%d %H:%M}"


class AuditEntry(models.Model):
    """Who changed what, when. Append-only."""

    at = models.DateTimeField(db_index=True)
    by = models.CharField(max_length=80)
    verb = models.CharField(max_length=40)
    subject = models.CharField(max_length=120)
    thing = models.CharField(max_length=40, blank=True, default="")  # "premises 12": a name may change
    detail = models.JSONField(default=dict)

    class Meta:
        verbose_name_plural = "audit entries"
        indexes = (models.Index(fields=["thing", "id"], name="audit_by_thing"),)

    def __str__(self) -> str:
        return f"{self.by} {self.verb} {self.subject}"
