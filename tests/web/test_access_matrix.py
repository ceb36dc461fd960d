"""Every address with other people's keys: who is of another station learns nothing of it and changes nothing."""

from pathlib import Path

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import URLPattern, get_resolver

from flameblue.cases.models import CaseEvent
from flameblue.fleet.models import AuditEntry
from flameblue.people.models import Person
from flameblue.web import access
from tests.cases.bench import Bench
from tests.cast import Cast
from tests.web.addresses import NOBODYS, keyed, lists
from tests.web.readers import Reader

SECRETS = ("松林客栈", "203房", "SN-0217", "Ailin", "叶尔兰")


def test_every_address_is_asked(cast: Cast) -> None:
    asked = set(keyed(cast)) | set(lists()) | NOBODYS
    left = {name for name, rule in access.VIEWS.items() if not (rule.scope or rule.demo or ":" in name)}
    assert left - asked == set()
    with_key = {
        one.name
        for one in get_resolver().url_patterns
        if isinstance(one, URLPattern) and "<int:" in str(one.pattern)
    }
    assert with_key - set(keyed(cast)) == set()


def test_who_is_of_another_station_learns_nothing_and_changes_nothing(
    bench: Bench, cast: Cast, dana: Reader
) -> None:
    bench.alarm(cast.tb)
    before = (CaseEvent.objects.count(), AuditEntry.objects.count())
    for name, addresses in keyed(cast).items():
        for address in addresses:
            for method in ("get", "post"):
                answer = getattr(dana.client, method)(address)
                assert answer.status_code in (403, 404, 405), (name, method, address, answer.status_code)
                assert not told(answer.content), (name, address)
    for name, addresses in lists().items():
        for address in addresses:
            if (
                "live" in name or name == "styleguide"
            ):  # a line that stays open; examples that bear these names
                continue
            answer = dana.client.get(address, follow=True)
            said = b"" if answer.streaming else answer.content
            assert not told(said), (name, address)
    assert (CaseEvent.objects.count(), AuditEntry.objects.count()) == before
    assert bench.case().taken_by is None


@pytest.mark.parametrize("who", ["viewer", "owner", "nobody"])
def test_who_may_not_act_changes_nothing(who: str, bench: Bench, cast: Cast, data: Path) -> None:
    """A viewer of the station; an owner, who has a user and no role; nobody."""
    bench.alarm(cast.tb)
    before = (CaseEvent.objects.count(), AuditEntry.objects.count())
    client = Client()
    if who != "nobody":
        user = User.objects.create_user(who)
        person = Person.objects.create(name=who, phone="+8613700000009", station=cast.station, user=user)
        if who == "owner":
            Person.objects.filter(pk=person.pk).update(station=None)
        else:
            user.groups.add(Group.objects.get_or_create(name=access.VIEWER)[0])
        client.force_login(user)
    for name, addresses in (keyed(cast) | lists()).items():
        for address in addresses:
            answer = client.post(address, {"remove": "1"})
            if name not in ("password", "presence"):
                assert answer.status_code in (401, 403, 404, 405), (name, address, answer.status_code)
            if who != "viewer":
                answer = client.get(address)
                assert answer.status_code in (302, 403, 405), (name, address, answer.status_code)
                assert not told(answer.content), (name, address)
    assert (CaseEvent.objects.count(), AuditEntry.objects.count()) == before


def told(content: bytes) -> list[str]:
    text = content.decode(errors="replace")
    return [secret for secret in SECRETS if secret in text]
