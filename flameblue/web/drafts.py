"""What somebody typed into a form of a case that was refused: the page shows it once more, and forgets it."""

from collections.abc import Mapping

from django.http import HttpRequest

KEY = "typed"
FIELDS = ("how", "cause", "action", "text", "reason", "without_proof_reason")
CHARACTERS_MAX = 2_000


def keep(request: HttpRequest, number: int) -> None:
    """Keeps what was sent for the case `number` until its page is next seen."""
    sent = {name: request.POST.get(name, "")[:CHARACTERS_MAX] for name in FIELDS}
    if any(sent.values()):
        request.session[KEY] = {"number": number, **{name: text for name, text in sent.items() if text}}


def take(request: HttpRequest, number: int) -> Mapping[str, str]:
    """What was kept for the case; empty where nothing was."""
    if request.session.get(KEY, {}).get("number") != number:
        return {}
    kept: Mapping[str, str] = request.session.pop(KEY)
    return kept
