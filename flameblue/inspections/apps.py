"""What people look at themselves."""

from django.apps import AppConfig


class InspectionsConfig(AppConfig):
    name = "flameblue.inspections"
    default_auto_field = "django.db.models.BigAutoField"
