"""The lists of the fleet: filters in the address, and edits in place with their history."""

import re
from datetime import date
from html import unescape

import pytest
from django.test import Client

from flameblue.domain.transitions import Level, Rule
from flameblue.fleet.models import AuditEntry, Circuit, PointChange, Premises
from flameblue.people.models import Person
from tests.cases.bench import Bench, Said, another_cabin
from tests.cast import Cast
from tests.web.readers import Reader, text_of


def seen(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return text_of(answer.content.decode())


def posted(client: Client, path: str, **fields: object) -> tuple[int, str]:
    """Posts the form on the page at `path` as a browser does, with `fields` changed."""
    html = client.get(path).content.decode()
    form = html[html.index('class="fleet-edit"') :].partition("</form>")[0]
    values: dict[str, object] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        said = dict(re.findall(r'([-\w]+)="([^"]*)"', tag))
        values[said["name"]] = unescape(said.get("value", ""))
    for name, options in re.findall(r'<select name="(\w+)".*?>(.*?)</select>', form, re.DOTALL):
        values[name] = re.findall(r'value="([^"]*)" selected', options)[0]
    answer = client.post(f"{path}edit/", values | fields)
    page = answer if answer.status_code != 302 else client.get(answer.headers["Location"])
    return answer.status_code, text_of(page.content.decode())


def test_the_old_address_of_the_devices_leads_to_their_list(bolat: Reader) -> None:
    answer = bolat.client.get("/devices/?state=silent")
    assert answer.headers["Location"] == "/fleet/devices/?state=silent"


def test_filters_stand_in_the_address(bench: Bench, bolat: Reader) -> None:
    _, lost = another_cabin(bench.cast, "白桦客栈")
    bench.silent(lost)
    bench.alarm(bench.cast.tb)
    Premises.objects.create(site=bench.cast.site, name="空屋", short_name="空屋", kind="民居")
    Premises.objects.filter(name="空屋").update(latitude=48.5, longitude=87.4)
    rows = {
        "?state=silent": {"白桦客栈"},
        "?level=alarm": {"松林客栈"},
        "?level=fault": {"白桦客栈"},
        "?equipped=no": {"空屋"},
        "?equipped=yes": {"松林客栈", "白桦客栈"},
        "?kind=民居": {"空屋"},
        f"?site={bench.cast.site.pk}": {"松林客栈", "白桦客栈", "空屋"},
        "?site=999": set(),
        "?level=alarm&equipped=no": set(),
        "?placed=yes": {"空屋"},
        "?placed=no": {"松林客栈", "白桦客栈"},
        "?placed=perhaps": {"松林客栈", "白桦客栈", "空屋"},
    }
    for query, names in rows.items():
        page = bolat.client.get(f"/fleet/premises/{query}")
        assert {line.thing.name for line in page.context["lines"]} == names, query
    assert "D-白桦客栈" in bolat.sees("/fleet/devices/?state=silent")
    assert "D0217" not in bolat.sees("/fleet/devices/?state=silent")
    assert "D0217/tb" in bolat.sees("/fleet/points/?level=alarm")
    assert "D0217/ir" not in bolat.sees("/fleet/points/?level=alarm")


def test_what_an_address_can_not_mean_is_left_out(bolat: Reader) -> None:
    for query in (
        "?level=x&state=y&site=abc&equipped=z",
        "?after=99999999999999999999",
        "?kind=%00",
        "?before=-1",
    ):
        assert "松林客栈" in bolat.sees(f"/fleet/premises/{query}") or "kind" in query
    bolat.sees("/fleet/nothing/", status=404)


def test_a_devices_list_with_filters_does_not_put_the_wrong_ones_first(bench: Bench, bolat: Reader) -> None:
    bench.say(Said(bench.cast.tb, Level.FAULT, rule=Rule.CLOCK))
    assert "D0217" in bolat.sees("/fleet/devices/?state=clock")
    assert "D0217" not in bolat.sees("/fleet/devices/?state=silent")
    assert bolat.sees("/fleet/devices/").count("D0217 SN-0217") == 1


def test_an_admin_edits_premises_and_the_history_tells_it(cast: Cast, admin: Client) -> None:
    path = f"/fleet/premises/{cast.premises.pk}/"
    status, page = posted(admin, path, address="3区14号", closed_until="2026-05-01", reason="measured anew")
    assert status == 302
    assert "禾木 松林客栈 is changed." in page
    cast.premises.refresh_from_db()
    assert (cast.premises.address, cast.premises.closed_until) == ("3区14号", date(2026, 5, 1))
    told = seen(admin, path)
    assert "root changed Address: 3区12号 → 3区14号" in told
    assert "measured anew" in told
    assert "Nothing was changed." in posted(admin, path)[1]
    assert AuditEntry.objects.count() == 1


def test_the_history_follows_a_new_name(cast: Cast, admin: Client) -> None:
    path = f"/fleet/premises/{cast.premises.pk}/"
    posted(admin, path, address="1")
    posted(admin, path, name="松林大酒店")
    assert "Name: 松林客栈 → 松林大酒店" in seen(admin, path)
    assert "Address: 3区12号 → 1" in seen(admin, path)


def test_nobody_overwrites_what_somebody_else_wrote_meanwhile(cast: Cast, admin: Client) -> None:
    path = f"/fleet/premises/{cast.premises.pk}/"
    status, page = posted(admin, path, **{"initial-address": "what it was", "address": "mine"})
    assert status == 422
    assert "Somebody else changed it meanwhile: it says “3区12号” now." in page
    Premises.objects.filter(pk=cast.premises.pk).update(key_holder="Dana")
    assert posted(admin, path, address="mine")[0] == 302
    cast.premises.refresh_from_db()
    assert (cast.premises.address, cast.premises.key_holder) == ("mine", "Dana")


@pytest.mark.parametrize(
    ("tab", "name", "fields", "why"),
    [
        ("premises", "premises", {"short_name": "【x】"}, "no signature brackets"),
        ("sites", "site", {"time_zone": "Mars/Base"}, "There is no such time zone"),
        ("circuits", "circuit", {"rated_current_a": "-3"}, "greater than or equal to 0.1"),
        ("people", "ailin", {"number": "12"}, "That is no phone number"),
    ],
)
def test_what_can_not_be_is_refused_and_nothing_is_written(
    tab: str, name: str, fields: dict[str, str], why: str, cast: Cast, admin: Client
) -> None:
    status, page = posted(admin, f"/fleet/{tab}/{getattr(cast, name).pk}/", **fields)
    assert status == 422
    assert why in page
    assert not AuditEntry.objects.exists()


def test_another_rating_is_shown_with_its_limits_before_it_is_saved(cast: Cast, admin: Client) -> None:
    path = f"/fleet/circuits/{cast.circuit.pk}/"
    status, page = posted(admin, path, rated_current_a="20")
    assert status == 200
    assert "What changes in the limits" in page
    assert "D0217/ib" in page
    assert Circuit.objects.get().rated_current_a == 40
    assert posted(admin, path, rated_current_a="20", confirmed="25.0")[0] == 200
    assert posted(admin, path, rated_current_a="20", confirmed="20.0")[0] == 302
    assert Circuit.objects.get().rated_current_a == 20
    assert PointChange.objects.exists()


def test_a_phone_is_written_anew_and_never_shown(cast: Cast, bolat: Reader) -> None:
    path = f"/fleet/people/{cast.ailin.pk}/"
    assert "13800000001" not in bolat.html(path)
    status, _ = posted(bolat.client, path, number="138 0000 7777")
    assert status == 302
    assert Person.objects.get(pk=cast.ailin.pk).phone == "+8613800007777"
    told = bolat.sees(path)
    assert "Phone: +86138****0001 → +86138****7777" in told


def test_a_duty_officer_edits_contact_data_and_nothing_else(cast: Cast, bolat: Reader, dana: Reader) -> None:
    path = f"/fleet/premises/{cast.premises.pk}/"
    assert set(bolat.client.get(path).context["form"].fields) == {"key_holder", "reason"}
    posted(bolat.client, path, key_holder="叶尔兰", name="mine")
    cast.premises.refresh_from_db()
    assert (cast.premises.key_holder, cast.premises.name) == ("叶尔兰", "松林客栈")
    assert bolat.client.post(f"/fleet/circuits/{cast.circuit.pk}/edit/", {"name": "x"}).status_code == 403
    assert dana.client.get(path).status_code == 404
    assert dana.client.post(f"{path}edit/", {"key_holder": "x"}).status_code == 404


def test_the_way_back_leads_to_no_other_host(cast: Cast, admin: Client) -> None:
    path = f"/fleet/premises/{cast.premises.pk}/"
    answer = admin.get(f"{path}?next=https://elsewhere.example/")
    assert answer.context["back"] == "/fleet/premises/"
    assert admin.get(f"{path}?next=/fleet/premises/?site=1").context["back"] == "/fleet/premises/?site=1"


def test_htmx_gets_the_form_alone(cast: Cast, admin: Client) -> None:
    html = admin.get(f"/fleet/premises/{cast.premises.pk}/", headers={"HX-Request": "true"}).content.decode()
    assert "<form" in html
    assert "<html" not in html
