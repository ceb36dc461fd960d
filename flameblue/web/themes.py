"""Day or night: the reader's choice, kept in a cookie; without one the device decides."""

from django.http import HttpRequest

COOKIE = "theme"
THEMES = ("light", "dark")


def chosen(request: HttpRequest) -> str:
    """What the reader has chosen; empty: nothing."""
    theme = request.COOKIES.get(COOKIE, "")
    return theme if theme in THEMES else ""
