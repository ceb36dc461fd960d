"""What is watched."""

from django.apps import AppConfig


class FleetConfig(AppConfig):
    name = "flameblue.fleet"
    default_auto_field = "django.db.models.BigAutoField"
