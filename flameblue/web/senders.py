"""Who may send a body that is not small: asked before it is read, from the head of the request alone."""

from importlib import import_module
from io import BytesIO
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.models import User
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest
from django.db import close_old_connections
from django.urls import Resolver404, resolve

from flameblue.people.actions import must_choose_password
from flameblue.web import access


async def sender_of(scope: dict[str, Any]) -> int | None:
    """The user who sent the head `scope`, where that has a session and a role that its address asks for."""
    return await sync_to_async(_asked, thread_sensitive=False)(scope)


def _asked(scope: dict[str, Any]) -> int | None:
    try:
        return sender(ASGIRequest(scope, BytesIO()))
    finally:
        close_old_connections()


def sender(request: ASGIRequest) -> int | None:
    """Whom `request`, which has been through no middleware, comes from; None: who may not call its view."""
    sessions = import_module(settings.SESSION_ENGINE)
    request.session = sessions.SessionStore(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
    try:
        rule = access.rule_for(resolve(request.path_info))
        user = access.demo_user(request) or get_user(request)
    except (Resolver404, DisallowedHost):
        return None
    if rule is None or rule.scope or not isinstance(user, User) or must_choose_password(user):
        return None
    return user.pk if access.role_of(user) in rule.roles else None
