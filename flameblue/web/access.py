"""Who may see and do what. Everything is denied that is not allowed here."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse


class AccessMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)


def context(request: HttpRequest) -> dict[str, Any]:
    return {}
