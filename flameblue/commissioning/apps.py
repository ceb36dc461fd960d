"""How devices are put into service."""

from django.apps import AppConfig


class CommissioningConfig(AppConfig):
    name = "flameblue.commissioning"
    default_auto_field = "django.db.models.BigAutoField"
