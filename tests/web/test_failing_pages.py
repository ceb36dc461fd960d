"""A page that fails says so in the words of both languages, and asks nothing of a database that may be what failed."""

from pathlib import Path
from typing import Any, NoReturn

import pytest
from django.db import OperationalError, connection
from django.test import Client

from tests.cast import Cast


def _locked(*_: Any) -> NoReturn:
    raise OperationalError("database is locked")


@pytest.mark.parametrize("address", ["/", "/sign-in/", "/fleet/devices/"])
def test_a_page_that_the_database_keeps_from_being_made_is_told_in_words(
    cast: Cast, data: Path, address: str
) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(cast.admin)
    with connection.execute_wrapper(_locked):
        answer = client.get(address)
    page = answer.content.decode()
    assert answer.status_code == 500
    assert "Load it again in a minute." in page
    assert "请一分钟后重新加载。" in page


def test_signing_in_can_be_begun_without_the_database(cast: Cast, data: Path) -> None:
    with connection.execute_wrapper(_locked):
        assert Client().get("/sign-in/").status_code == 200
