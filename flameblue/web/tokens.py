"""A program's bearer token: found by its hash; the secret itself is nowhere."""

import hashlib

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
