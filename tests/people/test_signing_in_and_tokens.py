"""The first administrator, roles, tokens, and phone numbers that are seen on record."""

import hashlib
from datetime import datetime

import pytest
from django.contrib.auth.models import Group, User

from flameblue.domain.errors import BadInput
from flameblue.fleet.models import AuditEntry
from flameblue.people import actions
from flameblue.people.models import ApiToken
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def test_the_first_start_makes_an_administrator_with_a_password_for_once(now: datetime) -> None:
    password = actions.ensure_admin(now)
    assert password is not None
    admin = User.objects.get()
    assert (admin.is_superuser, admin.is_staff) == (True, True)
    assert admin.check_password(password)
    assert actions.must_choose_password(admin)
    actions.set_password(admin, "a long winter night", now)
    assert not actions.must_choose_password(admin)
    assert User.objects.get().check_password("a long winter night")
    assert password not in str(list(AuditEntry.objects.values()))


def test_a_second_start_makes_no_other_administrator(now: datetime) -> None:
    assert actions.ensure_admin(now)
    assert actions.ensure_admin(now) is None
    assert User.objects.count() == 1


def test_two_installations_do_not_share_a_password(now: datetime) -> None:
    first = actions.ensure_admin(now)
    User.objects.all().delete()
    assert actions.ensure_admin(now) != first


def test_the_three_roles_exist_once() -> None:
    actions.ensure_groups()
    actions.ensure_groups()
    assert sorted(Group.objects.values_list("name", flat=True)) == ["admin", "duty", "viewer"]


def test_a_token_is_told_once_and_kept_as_a_hash(cast: Cast, now: datetime) -> None:
    secret = actions.create_token(cast.admin, "board", ["read"], now)
    token = ApiToken.objects.get()
    assert token.token_hash == hashlib.sha256(secret.encode()).hexdigest()
    assert (token.scopes, token.user, token.revoked_at) == (["read"], cast.admin, None)
    assert len(secret) > 40
    assert secret not in str(list(AuditEntry.objects.values()) + list(ApiToken.objects.values()))


@pytest.mark.parametrize("scopes", [[], ["write"], ["read", "everything"]])
def test_a_token_without_a_known_scope_is_refused(cast: Cast, now: datetime, scopes: list[str]) -> None:
    with pytest.raises(BadInput, match="scopes of a token are read and act"):
        actions.create_token(cast.admin, "board", scopes, now)
    assert not ApiToken.objects.exists()


def test_a_token_is_revoked_once(cast: Cast, now: datetime) -> None:
    actions.create_token(cast.admin, "board", ["act"], now)
    token = ApiToken.objects.get()
    assert actions.revoke_token(token, "root", now)
    assert not actions.revoke_token(token, "root", now)
    token.refresh_from_db()
    assert token.revoked_at == now
    assert AuditEntry.objects.filter(verb="revoked token").count() == 1


def test_whoever_sees_a_number_is_on_record(cast: Cast, now: datetime) -> None:
    assert actions.reveal_phone(cast.ailin, "bolat", now) == "+8613800000001"
    entry = AuditEntry.objects.get()
    assert (entry.by, entry.verb, entry.subject) == ("bolat", "revealed phone", "Ailin")
    assert "+8613800000001" not in str(entry.detail)
