"""The web process's application."""

import os

from django.core.asgi import get_asgi_application
from django.utils.module_loading import import_string

from flameblue.web.bodies import Bounded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flameblue.settings")
_django = get_asgi_application()
application = Bounded(_django, import_string("flameblue.web.senders.sender_of"))  # models are there by now
