"""A period as each site's own calendar has it, as a condition for the database: sites have time zones."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q

from flameblue.fleet.models import Site
from flameblue.fleet.periods import Period, month_of


def names() -> list[str]:
    """The time zones of the sites."""
    return sorted(Site.objects.values_list("time_zone", flat=True).distinct())


def within(period: Period, time: str, *sites: str) -> Q:
    """The rows whose `time` lies in `period` at their site, the first of the paths `sites` that is not empty.

    What belongs to no site goes by the installation's own zone.
    """
    found, nowhere = Q(pk__in=()), Q(**{f"{site}__isnull": True for site in sites})
    for zone in names():
        before = Q()
        for site in sites:
            found |= before & Q(**{f"{site}__time_zone": zone}) & _between(period, time, zone)
            before &= Q(**{f"{site}__isnull": True})
    return found | (nowhere & _between(period, time, settings.TIME_ZONE))


def this_month(at: datetime, time: str, site: str) -> Q:
    """The rows whose `time` lies in the month that it is at their site."""
    return _at_each(at, site, lambda month, zone: _between(month, time, zone))


def days_of_this_month(at: datetime, day: str, site: str) -> Q:
    """The same for a field that holds a day of the site's calendar."""
    return _at_each(at, site, lambda month, _zone: Q(**{f"{day}__gte": month.first, f"{day}__lt": month.end}))


def _at_each(at: datetime, site: str, condition: Callable[[Period, str], Q]) -> Q:
    """`condition` of the month that it is in each zone, for the rows of the sites there."""
    found = Q(pk__in=())
    for zone in names():
        found |= Q(**{f"{site}__time_zone": zone}) & condition(month_of(at, ZoneInfo(zone)), zone)
    return found


def _between(period: Period, time: str, zone: str) -> Q:
    begin, end = period.bounds(ZoneInfo(zone))
    return Q(**{f"{time}__gte": begin, f"{time}__lt": end})
