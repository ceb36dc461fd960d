"""What `flameblue check` says of stations where nobody can be called."""

from datetime import datetime

import pytest

from flameblue.people.models import Person, Shift
from flameblue.runtime.set_up.findings import Verdict
from flameblue.runtime.set_up.registered import look_at_stations
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def test_a_station_that_has_a_site_and_nobody_is_named(cast: Cast, now: datetime) -> None:
    (found,) = look_at_stations(now, installed=True)
    assert found.verdict is Verdict.FINE
    Shift.objects.all().delete()
    (found,) = look_at_stations(now, installed=True)
    assert found.verdict is Verdict.FINE, "everybody of a station is called where nobody is on duty"
    Person.objects.filter(station=cast.station).update(phone="")
    (found,) = look_at_stations(now, installed=True)
    assert found.verdict is Verdict.WRONG
    assert found.seen.startswith("禾木消防站: nobody there can be called")


def test_where_nothing_is_installed_nobody_is_missed(now: datetime) -> None:
    assert list(look_at_stations(now, installed=False)) == []
    assert list(look_at_stations(now, installed=True)) == []
