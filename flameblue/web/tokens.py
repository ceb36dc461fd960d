"""A program's bearer token: found by its hash; the secret itself is nowhere. What is said where it does not do."""

import hashlib

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse

from flameblue.people.models import ApiToken


def digest(secret: str) -> str:
    """What is kept of a token. It is long and random, so a plain hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def find(secret: str) -> ApiToken | None:
    """The token whose secret this is; None where there is none, it is revoked or its user is not active."""
    if not secret:
        return None
    tokens = ApiToken.objects.filter(token_hash=digest(secret), revoked_at=None, user__is_active=True)
    return tokens.select_related("user").first()


def of_request(request: HttpRequest) -> ApiToken | None:
    """The token that `request` bears; None as `find`."""
    kind, _space, secret = request.headers.get("Authorization", "").partition(" ")
    return find(secret.strip()) if kind.lower() == "bearer" else None


def needed(request: HttpRequest) -> HttpResponse:
    """Refuses a request without a good token; /metrics, which people try in a browser, says how one is made."""
    answer: HttpResponse = JsonResponse({"detail": "A valid bearer token is needed."}, status=401)
    if request.path == reverse("metrics"):
        said = (
            "A valid bearer token is needed: `flameblue token USER` makes one with the scope read; "
            "send it as `Authorization: Bearer TOKEN`.\n"
        )
        answer = HttpResponse(said, status=401, content_type="text/plain; charset=utf-8")
    answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def too_weak(scope: str) -> HttpResponse:
    """Refuses a token that is good for something else."""
    return JsonResponse({"detail": f"The token's scopes or its user don't allow {scope}."}, status=403)
