"""Who is called."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "flameblue.people"
    default_auto_field = "django.db.models.BigAutoField"
