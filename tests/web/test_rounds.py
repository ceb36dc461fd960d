"""The rounds: calendar, list, ticking off on a phone, paper, and who may."""

import re
from datetime import date, datetime

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from flameblue.domain.clock import ManualClock
from flameblue.fleet.models import Premises
from flameblue.inspections import actions
from flameblue.inspections.models import Check
from tests.cast import Cast
from tests.web.readers import Reader, text_of

ALL_OK = {"fire_exits": "ok", "gas": "ok", "wiring": "ok"}


@pytest.fixture
def street(cast: Cast) -> Cast:
    """Two inns and a home in the cast's village; the round of the 9th is open at the clock's 15th."""
    Premises.objects.create(
        site=cast.site, name="白桦客栈", short_name="白桦", address="5号", key_holder="老李"
    )
    Premises.objects.create(site=cast.site, name="民宅", short_name="民宅", kind="民居")
    return cast


def refused(reader: Reader, path: str, **fields: str) -> str:
    """The form as it comes back."""
    answer = reader.client.post(path, fields)
    assert answer.status_code == 422
    return answer.content.decode()


def focused(html: str) -> str:
    """The name of the one field that a browser goes to."""
    found = re.findall(r'<input[^>]* name="(\w+)"[^>]* autofocus', html)
    assert len(found) <= 1
    return "".join(found)


def test_the_calendar_has_three_days_and_says_what_is_due(street: Cast, bolat: Reader) -> None:
    page = bolat.sees("/rounds/")
    assert "01-09 Open now Site Premises due Items looked at Not in order Missed 禾木 2 0 / 6 0 –" in page
    assert "01-19 To come" in page
    assert "禾木 2 – 0 –" in page
    assert "02-28 To come" in bolat.sees("/rounds/?period=2026-02")
    assert "02-29 To come" in bolat.sees("/rounds/?period=2028-02")
    assert "2026-01" in bolat.sees("/rounds/?period=x")


def test_an_officer_ticks_off_and_sees_what_is_left(street: Cast, bolat: Reader) -> None:
    path = f"/premises/{street.premises.pk}/check/?on=2026-01-09"
    assert "Fire exits in order not in order" in bolat.sees(path)
    page = bolat.presses(path, **ALL_OK)
    assert "松林客栈 is ticked off." in page
    assert "all premises 2 not looked at yet 1 not in order 0" in page
    assert "白桦客栈" in page
    every = bolat.sees("/rounds/day/?on=2026-01-09")
    assert "松林客栈 in order in order in order Bolat 01-15 03:07" in every
    assert "禾木 2 3 / 6 0 –" in bolat.sees("/rounds/")


def test_what_is_not_in_order_is_listed_with_its_text(street: Cast, bolat: Reader) -> None:
    path = f"/premises/{street.premises.pk}/check/"
    assert "Gas · Please say what is not in order." in text_of(refused(bolat, path, gas="not_ok"))
    assert "choose what you found" in text_of(refused(bolat, path))
    assert "Gas · Please choose: in order, or not" in text_of(refused(bolat, path, gas="perhaps"))
    assert not Check.objects.exists()
    bolat.presses(path, gas="not_ok", gas_text="软管老化")
    page = bolat.sees("/rounds/day/?show=not_ok")
    assert "松林客栈 – not in order 软管老化 – Bolat" in page
    assert "白桦客栈" not in page


def test_what_was_chosen_and_typed_stays_until_it_is_accepted(street: Cast, bolat: Reader) -> None:
    path = f"/premises/{street.premises.pk}/check/?on=2026-01-09"
    sent = {"fire_exits": "ok", "fire_exits_text": "雪已清", "gas": "ok", "wiring": "not_ok"}
    html = refused(bolat, path, **sent)
    for item, choice in (("fire_exits", "ok"), ("gas", "ok"), ("wiring", "not_ok")):
        assert re.search(rf'name="{item}" value="{choice}" checked', html)
    assert html.count(" checked") == 3
    assert 'value="雪已清"' in html
    assert focused(html) == "wiring_text"
    assert (
        'id="wiring-text" name="wiring_text" maxlength="200" value="" autofocus aria-invalid="true"' in html
    )
    assert html.count("is-wrong") == html.count('id="wiring-trouble"') == 1
    assert not Check.objects.exists()
    assert "松林客栈 is ticked off." in bolat.presses(path, **sent, wiring_text="绝缘破损")


def test_a_text_without_a_choice_is_asked_about_and_not_thrown_away(street: Cast, bolat: Reader) -> None:
    path = f"/premises/{street.premises.pk}/check/"
    html = refused(bolat, path, fire_exits="ok", gas_text="软管老化", wiring_text="x" * 201, wiring="ok")
    assert "Gas · Please choose: in order, or not in order." in text_of(html)
    assert "Wiring · The text is too long" in text_of(html)
    assert 'value="软管老化"' in html
    assert focused(html) == "gas"
    assert focused(refused(bolat, path)) == "fire_exits"
    assert focused(bolat.html(path)) == ""
    assert not Check.objects.exists()


def test_a_round_that_is_over_takes_nothing_and_shows_what_was_missed(
    street: Cast, bolat: Reader, clock: ManualClock
) -> None:
    path = f"/premises/{street.premises.pk}/check/?on=2026-01-09"
    bolat.presses(path, **ALL_OK)
    clock.advance(
        (
            datetime.fromisoformat("2026-01-19T00:00:00+08:00")
            - datetime.fromisoformat("2026-01-15T03:07:00+08:00")
        ).total_seconds()
    )
    assert "Over" in bolat.sees(path)
    assert "<fieldset" not in bolat.html(path)
    assert "what was missed stays missed" in bolat.presses(path, gas="not_ok", gas_text="x")
    actions.close_rounds(datetime.fromisoformat("2026-01-19T00:10:00+08:00"))
    assert "禾木 2 3 / 6 0 1" in bolat.sees("/rounds/")
    page = bolat.sees("/rounds/day/?on=2026-01-09&show=missed")
    assert "白桦客栈 – – –" in page
    assert "missed 1" in page
    Premises.objects.create(site=street.site, name="新店", short_name="新店")
    assert "新店" not in bolat.sees("/rounds/day/?on=2026-01-09")


def test_the_checklist_on_paper_has_boxes_and_keys(street: Cast, bolat: Reader) -> None:
    bolat.presses(f"/premises/{street.premises.pk}/check/", gas="ok")
    html = bolat.html("/rounds/print/?on=2026-01-09")
    page = bolat.sees("/rounds/print/?on=2026-01-09")
    assert html.count('class="box"') == 12
    assert "2 白桦客栈 5号 · Key: 老李 in order not in order" in page or "1 白桦客栈 5号 · Key: 老李" in page
    assert page.count("✓") == 1
    assert "民宅" not in page


def test_any_day_leads_to_its_round_and_nonsense_to_todays(street: Cast, bolat: Reader) -> None:
    assert "Round of 2025-12-29" in bolat.sees("/rounds/day/?on=2026-01-08")
    for nonsense in ("on=x", "on=0001-01-01", "on=9999-12-31", "site=x", "show=x", "page=x"):
        assert "Round of 2026-01-09" in bolat.sees(f"/rounds/day/?{nonsense}")


def test_who_may_look_and_who_may_tick(street: Cast, dana: Reader) -> None:
    dana.html(f"/premises/{street.premises.pk}/check/", status=404)
    dana.html(f"/rounds/day/?site={street.site.pk}", status=404)
    viewer = User.objects.create_user("viewer")
    viewer.groups.add(Group.objects.get_or_create(name="viewer")[0])
    client = Client()
    client.force_login(viewer)
    assert client.get("/rounds/").status_code == 200
    assert client.post(f"/premises/{street.premises.pk}/check/", ALL_OK).status_code == 403
    assert not Check.objects.exists()


def test_a_long_list_asks_no_more_often(
    street: Cast, bolat: Reader, now: datetime, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(40):
        place = Premises.objects.create(site=street.site, name=f"{number}号", short_name="x")
        Check.objects.create(
            premises=place, due_on=date(2026, 1, 9), item="gas", ok=True, by=street.bolat, at=now
        )
    with django_assert_max_num_queries(26):
        assert bolat.sees("/rounds/day/").count("Bolat 01-15") == 40
    with django_assert_max_num_queries(26):
        bolat.sees("/rounds/")
