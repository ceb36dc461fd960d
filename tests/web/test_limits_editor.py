"""The limits editor: where each limit comes from, what a change would touch, and the impossible refused in words."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from flameblue.fleet.models import AuditEntry, LimitSetting, Point
from flameblue.web import words
from tests.cases.bench import another_cabin
from tests.cast import Cast
from tests.web.readers import Reader, text_of

EMPTY = dict.fromkeys(words.LIMITS, "")


def seen(client: Client, query: str) -> str:
    answer = client.get(f"/fleet/limits/?{query}")
    assert answer.status_code == 200
    return text_of(answer.content.decode())


def sent(client: Client, query: str, **fields: str) -> tuple[int, str]:
    """Posts the form; with `step=save` what was looked at before, as the page has it."""
    values = {**EMPTY, "reason": "tested", **fields}
    if fields.get("step") == "save" and "shown" not in fields:
        looked = client.post(f"/fleet/limits/set/?{query}", values | {"step": "look"})
        values["shown"] = str(looked.context.get("shown", ""))
    answer = client.post(f"/fleet/limits/set/?{query}", values)
    page = answer if answer.status_code != 302 else client.get(answer.headers["Location"])
    return answer.status_code, text_of(page.content.decode())


def test_each_scope_shows_what_it_says_and_which_counts(cast: Cast, admin: Client) -> None:
    sent(admin, f"site={cast.site.pk}", over_alarm="66", step="save")
    page = seen(admin, f"circuit={cast.circuit.pk}")
    assert "default profile site premises circuit counts set for this circuit" in page
    assert "alarm above 70 GB/T 5023" in page
    assert "66 tested – – 66 site" in page


def test_what_a_change_touches_is_shown_before_it_is_made(cast: Cast, admin: Client) -> None:
    another_cabin(cast, "白桦客栈")
    status, page = sent(admin, f"site={cast.site.pk}", over_alarm="66")
    assert status == 200
    assert "This touches 1 point" in page
    assert "It gets other limits." in page
    assert "narrower scope" not in page
    assert "D0217/tb" in page
    assert "alarm above 70 → 66" in page
    assert not LimitSetting.objects.exists()
    assert "The limits are set." in sent(admin, f"site={cast.site.pk}", over_alarm="66", step="save")[1]
    assert LimitSetting.objects.get().over_alarm == 66
    assert AuditEntry.objects.get().detail["reason"] == "tested"


def test_another_value_than_was_shown_is_shown_first(cast: Cast, admin: Client) -> None:
    query = f"site={cast.site.pk}"
    status, page = sent(admin, query, over_alarm="65", step="save", shown="over_alarm=66.0")
    assert status == 200
    assert "alarm above 70 → 65" in page
    assert not LimitSetting.objects.exists()
    assert sent(admin, query, over_alarm="65", step="save", shown="over_alarm=65.0")[0] == 302


def test_a_narrower_scope_still_speaks(cast: Cast, admin: Client) -> None:
    sent(admin, f"circuit={cast.circuit.pk}", over_alarm="68", step="save")
    _, page = sent(admin, f"site={cast.site.pk}", over_alarm="66")
    assert "This touches 1 point" in page
    assert "It keeps its limits: a narrower scope speaks for it" in page


def test_how_many_get_other_limits_is_said_for_one_for_all_and_for_some(cast: Cast, admin: Client) -> None:
    another, _ = Point.objects.get_or_create(
        device=cast.device, key="t2", quantity="temperature_c", circuit=None
    )
    query = f"premises={cast.premises.pk}"
    assert "All of them get other limits." in sent(admin, query, over_alarm="66")[1]
    sent(admin, f"circuit={cast.circuit.pk}", over_alarm="68", step="save")
    page = sent(admin, query, over_alarm="66")[1]
    assert "1 of them gets other limits; a narrower scope speaks for the others." in page
    another.delete()
    assert "It gets other limits." in sent(admin, f"circuit={cast.circuit.pk}", over_alarm="67")[1]


def test_a_place_begins_with_what_is_measured_there(cast: Cast, admin: Client) -> None:
    assert "Temperature (°C)" in seen(admin, f"circuit={cast.circuit.pk}")
    cast.tb.delete()
    assert "Temperature" not in seen(admin, f"circuit={cast.circuit.pk}")
    assert "Temperature (°C)" in seen(admin, "profile=shelly-generic")


def test_what_is_measured_there_is_asked_once(cast: Cast, admin: Client) -> None:
    for query in (f"circuit={cast.circuit.pk}", f"circuit={cast.circuit.pk}&quantity=current_a"):
        with CaptureQueriesContext(connection) as asked:
            seen(admin, query)
        distinct = [one["sql"] for one in asked if 'DISTINCT "fleet_point"."quantity"' in one["sql"]]
        assert len(distinct) == 1, query


def test_a_point_leads_to_the_limits_of_its_quantity_for_who_may_set_them(
    cast: Cast, admin: Client, bolat: Reader
) -> None:
    Point.objects.filter(pk=cast.ib.pk).update(circuit=None)
    path = f"/premises/{cast.premises.pk}/points/"
    html = admin.get(path).content.decode()
    for way, said in (
        (f"circuit={cast.circuit.pk}&quantity=residual_current_ma", "Residual current (mA)"),
        (f"circuit={cast.circuit.pk}&quantity=temperature_c", "Temperature (°C)"),
        (f"premises={cast.premises.pk}&quantity=current_a", "Load current (A)"),
    ):
        assert f'href="/fleet/limits/?{way.replace("&", "&amp;")}"' in html
        assert said in seen(admin, way)
    assert html.count("Change limits") == 3
    assert "Change limits" not in bolat.html(path)


def test_an_emptied_setting_is_removed_for_a_reason(cast: Cast, admin: Client) -> None:
    sent(admin, f"premises={cast.premises.pk}", over_alarm="66", step="save")
    assert "alarm above 66 → 70" in sent(admin, f"premises={cast.premises.pk}", reason="wrong house")[1]
    sent(admin, f"premises={cast.premises.pk}", reason="wrong house", step="save")
    assert not LimitSetting.objects.exists()
    assert AuditEntry.objects.order_by("-id").values_list("verb", flat=True)[0] == "removed limit setting"


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"over_alarm": "5000"}, "a sensor that says less than -60 or more than 300 °C is broken"),
        ({"over_warning": "80", "over_alarm": "70"}, "a warning comes first"),
        ({"alarm_hold_s": "-1"}, "“alarm after (s)” can't be -1 s: between 0 and 3600 s."),
        ({"over_hysteresis": "-1"}, "it is neither negative nor so large"),
        ({"over_alarm": "hot"}, "“alarm above” is no number: hot."),
        ({"over_alarm": "nan"}, "“alarm above” is no number: nan."),
        ({"over_alarm": "66", "reason": " "}, "A limit is changed for a reason: say it."),
        ({}, "Nothing was changed."),
    ],
)
@pytest.mark.parametrize("step", ["look", "save"])
def test_the_impossible_is_refused_in_words(
    fields: dict[str, str], why: str, step: str, cast: Cast, admin: Client
) -> None:
    status, page = sent(admin, f"site={cast.site.pk}", **fields, step=step)
    assert status == 422
    assert why in page
    assert not LimitSetting.objects.exists()


def test_a_duty_officer_sees_the_limits_and_can_not_set_them(cast: Cast, bolat: Reader, dana: Reader) -> None:
    page = bolat.html(f"/fleet/limits/?circuit={cast.circuit.pk}")
    assert "set for this" not in page
    assert (
        bolat.client.post(f"/fleet/limits/set/?site={cast.site.pk}", {"over_alarm": "1"}).status_code == 403
    )
    dana.sees(f"/fleet/limits/?circuit={cast.circuit.pk}", status=404)


def test_a_profile_has_limits_too_and_what_is_not_there_is_not_found(cast: Cast, admin: Client) -> None:
    assert "default profile counts" in seen(admin, "profile=flameblue-generic")
    for query in ("profile=x", "site=999", "circuit=abc", f"site={cast.site.pk}&quantity=x"):
        assert admin.get(f"/fleet/limits/?{query}").status_code == 404
