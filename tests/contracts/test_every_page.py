"""Every address × every role, from the URL table itself: what nobody named is closed."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from flameblue.people.models import ApiToken
from flameblue.web import access
from tests.cast import Cast

NUMBER = (
    4001  # no such case, premises or person: who may call the view gets 404, who may not is stopped before
)
FORBIDDEN = {401, 403}
LIVE = {"live-board", "live-case"}  # endless answers: their tests are in tests/web/test_live.py


@dataclass(frozen=True)
class Address:
    """One view of the table, with the name it is reversed by and the arguments it takes."""

    name: str
    arguments: tuple[str, ...]

    def __str__(self) -> str:
        return self.name

    @property
    def url(self) -> str:
        return reverse(self.name, kwargs=dict.fromkeys(self.arguments, NUMBER))


def addresses(
    patterns: list[URLPattern | URLResolver], namespaces: tuple[str, ...] = ()
) -> Iterator[Address]:
    for entry in patterns:
        if isinstance(entry, URLResolver):
            inner = (*namespaces, entry.namespace) if entry.namespace else namespaces
            yield from addresses(entry.url_patterns, inner)
        elif entry.name:
            yield Address(":".join((*namespaces, entry.name)), tuple(entry.pattern.converters))


ALL = list(addresses(get_resolver().url_patterns))
OURS = [address for address in ALL if not address.name.startswith("admin:") and address.name not in LIVE]


@pytest.fixture
def users(cast: Cast) -> dict[str, User | None]:
    """A user of each role, all of the station that has the case; `none` is signed in and has no role."""
    found: dict[str, User | None] = {"nobody": None}
    for role in (*access.ROLES, "none"):
        user = User.objects.create_user(f"{role}-user")
        if role in access.ROLES:
            user.groups.add(Group.objects.get_or_create(name=role)[0])
        found[role] = user
    return found


def answer(address: Address, user: User | None, method: str) -> int:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client.generic(method, address.url).status_code


def test_the_table_was_met() -> None:
    names = {address.name for address in ALL}
    assert len(OURS) > 30
    assert {"board", "case-take", "api:cases", "admin:index"} <= names


@pytest.mark.parametrize("address", ALL, ids=str)
def test_every_view_is_named_in_access(address: Address) -> None:
    namespace = address.name.partition(":")[0]
    assert address.name in access.VIEWS or namespace in access.NAMESPACES


def test_access_names_no_view_that_does_not_exist() -> None:
    assert set(access.VIEWS) == {address.name for address in ALL if not address.name.startswith("admin:")}


@pytest.mark.parametrize("address", OURS, ids=str)
def test_a_page_answers_whom_access_says_and_nobody_else(
    address: Address, users: dict[str, User | None]
) -> None:
    for role, method in product(("nobody", "none", *access.ROLES), ("GET", "POST")):
        status = answer(address, users[role], method)
        assert is_lawful(access.VIEWS[address.name], address, role, status), (
            f"{method} {address.url} as {role} answered {status}"
        )


def is_lawful(rule: access.Rule, address: Address, role: str, status: int) -> bool:
    """Whether somebody with `role` may be answered so."""
    if rule.demo:
        return status == 404
    if rule.scope:
        return status == 401
    if rule.anyone or role in rule.roles:
        return status not in FORBIDDEN and (status < 500 or address.name == "healthz")
    return status in {302, 401} if role == "nobody" else status == 403


@pytest.mark.parametrize("role", ["nobody", "none"])
@pytest.mark.parametrize("address", [one for one in ALL if one.name in LIVE], ids=str)
def test_a_live_line_begins_for_nobody_else(
    address: Address, role: str, users: dict[str, User | None]
) -> None:
    assert answer(address, users[role], "GET") == (302 if role == "nobody" else 403)


@pytest.mark.parametrize("address", [one for one in OURS if access.VIEWS[one.name].scope], ids=str)
@pytest.mark.parametrize("role", ["none", *access.ROLES])
@pytest.mark.parametrize("scope", access.SCOPES)
def test_the_api_answers_tokens_with_the_scope_and_a_user_with_the_role(
    address: Address, role: str, scope: str, users: dict[str, User | None], now: object
) -> None:
    rule = access.VIEWS[address.name]
    ApiToken.objects.create(
        name="t", token_hash=access.tokens.digest("secret"), user=users[role], scopes=[scope], created_at=now
    )
    status = Client().generic("GET", address.url, headers={"Authorization": "Bearer secret"}).status_code
    if scope == rule.scope and role in rule.roles:
        assert status not in FORBIDDEN
    else:
        assert status == 403


def test_a_view_that_nobody_named_is_closed_even_for_an_admin(
    users: dict[str, User | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client()
    admin = users["admin"]
    assert admin is not None
    client.force_login(admin)
    assert client.get(reverse("board")).status_code == 200
    monkeypatch.setattr(
        access, "VIEWS", {name: rule for name, rule in access.VIEWS.items() if name != "board"}
    )
    assert client.get(reverse("board")).status_code == 403


@pytest.mark.django_db
def test_the_registry_pages_are_for_admins(users: dict[str, User | None]) -> None:
    for role in ("duty", "viewer", "none"):
        assert answer(Address("admin:index", ()), users[role], "GET") == 403
    assert answer(Address("admin:index", ()), None, "GET") == 302
