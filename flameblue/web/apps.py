"""What people see."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "flameblue.web"
