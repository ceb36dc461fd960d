"""What people see."""

import logging

from django.apps import AppConfig

from flameblue.web import admin_names, foreign_hosts


class WebConfig(AppConfig):
    name = "flameblue.web"

    def ready(self) -> None:
        """Requests for a foreign host do not fill the log; the admin pages have names."""
        logging.getLogger(foreign_hosts.LOGGER).addFilter(foreign_hosts.Refused())
        admin_names.put()
