"""A list is gone through forwards and back without losing or repeating a row."""

import pytest

from flameblue.fleet.models import Premises, Site
from flameblue.web import keyset
from tests.cast import Cast

ORDER = ("site_id", "name")


@pytest.fixture
def names(cast: Cast) -> list[str]:
    """Seven premises in two sites, in the order of the list."""
    other = Site.objects.create(name="贾登峪", station=cast.station)
    for site in (other, cast.site):
        for name in "cab":
            Premises.objects.create(site=site, name=name, short_name=name)
    return ["a", "b", "c", "松林客栈", "a", "b", "c"]


def page(place: keyset.Place) -> keyset.Page[Premises]:
    return keyset.page(Premises.objects.all(), ORDER, place, size=3)


def test_forwards_and_back_every_row_comes_once(names: list[str]) -> None:
    pages = [page(keyset.Place())]
    while pages[-1].after is not None:
        pages.append(page(keyset.Place(after=pages[-1].after)))
    assert [one.name for found in pages for one in found.rows] == names
    back = page(keyset.Place(before=pages[2].before))
    assert [one.pk for one in back.rows] == [one.pk for one in pages[1].rows]
    first = page(keyset.Place(before=back.before))
    assert [one.pk for one in first.rows] == [one.pk for one in pages[0].rows]
    assert first.before is None
    assert first.after is not None


def test_a_row_that_is_not_there_any_more_leads_to_the_beginning(names: list[str]) -> None:
    assert [one.name for one in page(keyset.Place(after=999_999)).rows] == names[:3]


def test_the_count_says_where_it_stopped(names: list[str]) -> None:
    assert keyset.count(Premises.objects.all(), 7) == keyset.Bounded(7, is_more=False)
    assert keyset.count(Premises.objects.all(), 6) == keyset.Bounded(6, is_more=True)
