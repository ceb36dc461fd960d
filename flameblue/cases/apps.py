"""What people handle."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "flameblue.cases"
    default_auto_field = "django.db.models.BigAutoField"
