"""How long the server takes for each page of a province's fleet: 200,000 premises and a million points in SQLite.

Written down, not judged: the machine's other work is in the figures. `make bench ARGS="-k fleet -s"`.
"""

from datetime import datetime
from time import perf_counter

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.bench import big_fleet

TRIES = 5
LISTS = ("sites", "premises", "circuits", "devices", "points", "people")
DEEP = {"premises": 150_000, "circuits": 300_000, "devices": 150_000, "points": 900_000, "people": 150_000}
SEARCHES = ("D012345", "00012345", "松林", "号木屋", "203房", "客栈 1234", "没有的词")
FILTERED = (
    "premises/?site=50",
    "premises/?kind=商店",
    "premises/?level=fault",
    "premises/?equipped=no",
    "premises/?equipped=yes&kind=餐馆",
    "premises/?state=silent",
    "circuits/?site=50",
    "devices/?state=silent",
    "devices/?site=50",
    "points/?site=50&quantity=temperature_c",
    "points/?quantity=humidity_percent",
    "points/?level=fault",
    "people/?site=50",
)


@pytest.mark.django_db
def test_the_pages_of_a_large_fleet(client: Client, now: datetime) -> None:
    big_fleet.fill(now=now)
    client.force_login(User.objects.create_superuser("root"))
    paths = [f"{name}/" for name in LISTS]
    paths += [f"{name}/?after={row}" for name, row in DEEP.items()]
    paths += list(FILTERED)
    paths += [f"{name}/?q={words}" for words in SEARCHES for name in LISTS]
    for path in paths:
        taken = sorted(_seconds(client, path) for _ in range(TRIES))
        print(f"{taken[0] * 1000:6.0f} ms best, {taken[TRIES // 2] * 1000:6.0f} ms median  /fleet/{path}")


def _seconds(client: Client, path: str) -> float:
    start = perf_counter()
    assert client.get(f"/fleet/{path}").status_code == 200
    return perf_counter() - start
