"""What people do to people: roles, the first administrator, tokens, phones. Audited, one transaction each."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.contrib.auth.models import Group, User
from django.db import transaction

from flameblue.domain.errors import BadInput
from flameblue.fleet import audit
from flameblue.fleet.audit import Deed, mask_phone
from flameblue.fleet.keeping import Hand, keep
from flameblue.people.models import ApiToken, OneTimePassword, Person, Shift
from flameblue.people.roster import ShiftFacts

__all__ = [
    "create_token",
    "ensure_admin",
    "ensure_groups",
    "mask_phone",
    "must_choose_password",
    "reveal_phone",
    "revoke_token",
    "set_password",
    "shift_facts",
    "update_person",
]

ROLES = ("admin", "duty", "viewer")
SCOPES = ("read", "act")
FIRST_ADMIN = "admin"


def ensure_groups() -> None:
    """The three roles exist as groups."""
    for role in ROLES:
        Group.objects.get_or_create(name=role)


@transaction.atomic
def ensure_admin(now: datetime) -> str | None:
    """The one-time password of a new user `admin`; None where an administrator exists."""
    if User.objects.filter(is_superuser=True).exists():
        return None
    password = secrets.token_urlsafe(12)
    user = User.objects.create_superuser(FIRST_ADMIN, password=password)
    OneTimePassword.objects.create(user=user, issued_at=now)
    audit.record("first start", "added user", user.username, {}, now)
    return password


def must_choose_password(user: User) -> bool:
    """True while the user's password is good for one thing only: choosing another."""
    return OneTimePassword.objects.filter(user=user).exists()


@transaction.atomic
def set_password(user: User, password: str, now: datetime) -> None:
    """The user's new password; whoever calls has checked it against Django's validators."""
    user.set_password(password)
    user.save(update_fields=["password"])
    OneTimePassword.objects.filter(user=user).delete()
    audit.record(user.username, "changed password", user.username, {}, now)


@transaction.atomic
def create_token(user: User, name: str, scopes: Sequence[str], now: datetime) -> str:
    """The secret of a new token, told this once: only its hash is kept. BadInput for an unknown scope."""
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise BadInput(
            f"The scopes of a token are {' and '.join(SCOPES)}, not {', '.join(unknown) or 'none'}."
        )
    secret = f"fb_{secrets.token_urlsafe(32)}"
    digest = hashlib.sha256(secret.encode()).hexdigest()
    ApiToken.objects.create(
        name=name, token_hash=digest, user=user, scopes=sorted(set(scopes)), created_at=now
    )
    audit.record(user.username, "added token", name, {"scopes": sorted(set(scopes))}, now)
    return secret


@transaction.atomic
def revoke_token(token: ApiToken, by: str, now: datetime) -> bool:
    """The token is good for nothing from now on; False when it already was."""
    won = ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now) == 1
    if won:
        audit.record(by, "revoked token", token.name, {"user": token.user.username}, now)
    return won


def update_person(person: Person, values: Mapping[str, str], hand: Hand) -> bool:
    """The person is called so and reached so now (`name`, `phone` in E.164, `language`); False: as before."""
    for name, value in values.items():
        setattr(person, name, value)
    return keep(person, hand)


@transaction.atomic
def reveal_phone(person: Person, by: str, now: datetime) -> str:
    """The whole number; that `by` has seen it is on record."""
    told = {"phone": mask_phone(person.phone)}
    audit.record_deed(by, Deed("revealed phone", str(person), told, audit.thing_of(person)), now)
    return person.phone


def shift_facts() -> list[ShiftFacts]:
    """Every shift of an active person, for `roster.on_duty`."""
    shifts = Shift.objects.filter(person__active=True).order_by("id")
    fields = ("person_id", "station_id", "role", "starts_at", "ends_at")
    return [ShiftFacts(*one) for one in shifts.values_list(*fields)]
