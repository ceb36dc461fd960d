"""What a city's centre is told."""

from django.apps import AppConfig


class UplinkConfig(AppConfig):
    name = "flameblue.uplink"
    default_auto_field = "django.db.models.BigAutoField"
