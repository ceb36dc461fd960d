"""Who is called: persons, the contacts of premises, the duty roster, and tokens for programs."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from flameblue.fleet.models import Premises, Station


class Person(models.Model):
    """Somebody with a phone. A person with a `user` can also sign in."""

    class Language(models.TextChoices):
        CHINESE = "zh-hans", _("Chinese")
        ENGLISH = "en", _("English")
        KAZAKH = "kk", _("Kazakh")

    name = models.CharField(max_length=80)
    phone = models.CharField(max_length=20, db_index=True)  # E.164, +8613800000000
    language = models.CharField(max_length=8, choices=Language, default=Language.CHINESE)
    station = models.ForeignKey(
        Station, null=True, blank=True, on_delete=models.SET_NULL, related_name="people"
    )
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="person"
    )
    active = models.BooleanField(default=True)

    class Meta:
        verbose_name_plural = "people"
        indexes = (models.Index(fields=["name", "id"], name="person_by_name"),)

    def __str__(self) -> str:
        return self.name


class Contact(models.Model):
    """Who answers for premises: 1 is the owner, 2 the second contact."""

    premises = models.ForeignKey(Premises, on_delete=models.CASCADE, related_name="contacts")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="contact_for")
    order = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ("order",)
        constraints = (
            models.UniqueConstraint(fields=["premises", "order"], name="contact_order_once_a_premises"),
        )

    def __str__(self) -> str:
        return f"{self.premises.name} {self.order} {self.person.name}"


class Shift(models.Model):
    """A person's duty at a station. Without a start or an end it has always been, or goes on."""

    class Role(models.TextChoices):
        DUTY = "duty"
        LEADER = "leader"

    station = models.ForeignKey(Station, on_delete=models.CASCADE, related_name="shifts")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="shifts")
    role = models.CharField(max_length=8, choices=Role, default=Role.DUTY)
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.station.name} {self.role} {self.person.name}"


class OneTimePassword(models.Model):
    """The user's password was printed or told: it is good for choosing another one, and for nothing else."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="one_time_password"
    )
    issued_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"one-time password of {self.user}"


class ApiToken(models.Model):
    """A program's key. Only its hash is kept; `scopes` are words of web.access."""

    name = models.CharField(max_length=80)
    token_hash = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name
