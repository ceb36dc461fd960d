"""Messages to people."""

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "flameblue.notices"
    default_auto_field = "django.db.models.BigAutoField"
