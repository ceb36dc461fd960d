"""Ticking off, and how a round ends: what was missed stays missed."""

from datetime import date, datetime, timedelta

import pytest

from flameblue.fleet import counting
from flameblue.fleet.models import AuditEntry, Premises, Site
from flameblue.inspections import actions
from flameblue.inspections.actions import Finding, Refused
from flameblue.inspections.models import Check, Item, Round
from tests.cast import Cast

NINTH = date(2026, 1, 9)
ALL_OK = [Finding(item, True) for item in Item]


@pytest.fixture(autouse=True)
def nothing_counted_before() -> None:
    counting.fleet.forget()


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}+08:00")


def check(cast: Cast, findings: list[Finding], when: str, due_on: date = NINTH) -> Refused | None:
    return actions.check(cast.premises, due_on, findings, cast.bolat, at(when))


def test_an_item_is_ticked_off_by_whom_and_when_with_an_audit_entry(cast: Cast) -> None:
    assert check(cast, [Finding(Item.GAS, False, " 软管老化 ")], "01-09T00:00") is None
    row = Check.objects.get()
    assert (row.item, row.ok, row.text, row.by) == ("gas", False, "软管老化", cast.bolat)
    entry = AuditEntry.objects.get(verb="checked")
    assert (entry.by, entry.subject) == ("Bolat", "禾木 松林客栈")
    assert entry.detail == {"due_on": "2026-01-09", "item": "gas", "ok": False, "text": "软管老化"}


def test_a_correction_keeps_what_was_said_before_in_the_audit(cast: Cast) -> None:
    check(cast, [Finding(Item.GAS, True)], "01-09T08:00")
    check(cast, [Finding(Item.GAS, True)], "01-09T09:00")
    assert AuditEntry.objects.filter(verb="checked").count() == 1
    assert Check.objects.get().at == at("01-09T08:00")
    actions.check(cast.premises, NINTH, [Finding(Item.GAS, False, "漏气")], cast.chen, at("01-10T08:00"))
    assert Check.objects.get().by == cast.chen
    entry = AuditEntry.objects.filter(verb="checked").latest("id")
    assert entry.detail["before"] == {"ok": True, "text": ""}


@pytest.mark.parametrize(
    ("when", "due_on", "refused"),
    [
        ("01-08T23:59", NINTH, Refused.NOT_YET),
        ("01-09T00:00", NINTH, None),
        ("01-18T23:59", NINTH, None),
        ("01-19T00:00", NINTH, Refused.OVER),
        ("01-09T08:00", date(2026, 1, 10), Refused.NO_ROUND),
        ("02-28T08:00", date(2026, 2, 28), None),
    ],
)
def test_a_round_takes_checks_from_its_day_to_the_eve_of_the_next(
    cast: Cast, when: str, due_on: date, refused: Refused | None
) -> None:
    assert check(cast, ALL_OK, when, due_on) == refused
    assert Check.objects.count() == (0 if refused else 3)


def test_what_is_not_in_order_says_what_and_one_refusal_refuses_all(cast: Cast) -> None:
    findings = [Finding(Item.FIRE_EXITS, True), Finding(Item.GAS, False, "  ")]
    assert check(cast, findings, "01-09T08:00") == Refused.TEXT_MISSING
    assert check(cast, [Finding(Item.GAS, True, "x" * 201)], "01-09T08:00") == Refused.TEXT_TOO_LONG
    assert not Check.objects.exists()


def test_the_end_of_a_round_is_written_down_once_and_stays(cast: Cast) -> None:
    half = Premises.objects.create(site=cast.site, name="半查", short_name="半查")
    none = Premises.objects.create(site=cast.site, name="没查", short_name="没查")
    Premises.objects.create(site=cast.site, name="民宅", short_name="民宅", kind="民居")
    shut = Premises.objects.create(
        site=cast.site, name="冬歇", short_name="冬歇", closed_until=date(2026, 5, 1)
    )
    check(cast, ALL_OK, "01-10T08:00")
    actions.check(half, NINTH, ALL_OK[:2], cast.bolat, at("01-10T08:00"))
    assert actions.close_rounds(at("01-18T23:59")) == 0
    assert actions.close_rounds(at("01-19T00:00")) == 1
    ended = Round.objects.get()
    assert (ended.site, ended.due_on, ended.due, ended.missed) == (cast.site, NINTH, 3, [half.pk, none.pk])
    Check.objects.create(
        premises=none, due_on=NINTH, item=Item.GAS, ok=True, by=cast.bolat, at=at("01-20T08:00")
    )
    shut.delete()
    assert actions.close_rounds(at("01-20T00:00")) == 0
    assert Round.objects.get().missed == [half.pk, none.pk]


def test_a_site_takes_part_from_its_first_check_and_then_misses_whole_rounds(cast: Cast) -> None:
    assert actions.close_rounds(at("06-01T00:00")) == 0
    check(cast, ALL_OK, "01-19T08:00", date(2026, 1, 19))
    assert actions.close_rounds(at("03-01T00:00")) == 4
    ended = dict(Round.objects.values_list("due_on", "missed"))
    missed = [cast.premises.pk]
    assert ended == {
        date(2026, 1, 19): [],
        date(2026, 1, 29): missed,
        date(2026, 2, 9): missed,
        date(2026, 2, 19): missed,
    }


def test_the_day_is_the_one_of_the_site(cast: Cast) -> None:
    site = Site.objects.create(name="Berlin", station=cast.station, time_zone="Europe/Berlin")
    place = Premises.objects.create(site=site, name="Laube", short_name="Laube")
    early = at("01-09T03:00")
    assert actions.check(place, NINTH, ALL_OK, cast.bolat, early) == Refused.NOT_YET
    assert actions.check(place, NINTH, ALL_OK, cast.bolat, early + timedelta(hours=5)) is None
