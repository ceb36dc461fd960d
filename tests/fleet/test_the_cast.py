"""The cast is what the other tests take for granted."""

import os

import pytest
from django.conf import settings

from tests.cast import Cast


def test_everybody_has_the_part_that_the_tests_give_them(cast: Cast) -> None:
    assert cast.premises.site.station == cast.station
    assert [contact.person.name for contact in cast.premises.contacts.all()] == ["Ailin", "叶尔兰"]
    assert cast.dana.station not in (cast.station, cast.next_station)
    assert {point.key for point in cast.device.points.all()} == {"ir", "tb", "ib"}


def test_the_tests_never_touch_the_data_of_an_installation() -> None:
    assert str(settings.CONFIG.data) == os.environ["FLAMEBLUE_DATA"]
    assert settings.CONFIG.data.name != "data"


@pytest.mark.django_db
def test_the_test_database_is_a_file_of_its_own() -> None:
    name = str(settings.DATABASES["default"]["NAME"])
    assert "test.sqlite3" in name or "postgresql" in settings.DATABASES["default"]["ENGINE"]
