"""The web process's application."""

import os

from django.core.asgi import get_asgi_application

from flameblue.web.bodies import Bounded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flameblue.settings")
application = Bounded(get_asgi_application())
