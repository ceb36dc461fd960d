"""From the first line: closed by default, no inline script, no foreign host, no forged form, no default password."""

import re
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import Client

from flameblue.config import Config
from flameblue.domain.clock import ManualClock
from flameblue.people import actions as people
from flameblue.web import access, throttle
from tests.cases.bench import Bench
from tests.cast import Cast
from tests.web.readers import Reader

TEMPLATES = sorted((Path(__file__).parents[2] / "flameblue/web/templates").rglob("*.html"))


@pytest.fixture
def demo(tmp_path: Path, settings: LazySettings) -> Path:
    settings.CONFIG = Config(data=tmp_path, demo=True)
    return tmp_path


@pytest.fixture(autouse=True)
def no_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    throttle._tries.clear()


def test_every_page_forbids_inline_script_and_foreign_sources(bolat: Reader) -> None:
    for path in ("/", "/sign-in/", "/fleet/devices/", "/nothing-here/"):
        policy = bolat.client.get(path).headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_has_no_inline_script_style_or_foreign_address(path: Path) -> None:
    html = path.read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)", html)
    assert not re.search(r"\s(?:style|on[a-z]+)=\"", html)
    assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", html)
    assert "<style" not in html


def test_templates_were_met() -> None:
    assert len(TEMPLATES) > 20


def test_a_foreign_host_is_refused(cast: Cast) -> None:
    assert Client(headers={"Host": "evil.example"}).get("/healthz").status_code == 400


def test_a_form_without_its_token_is_refused(bench: Bench, cast: Cast, data: Path) -> None:
    bench.alarm(cast.tb)
    client = Client(enforce_csrf_checks=True)
    assert cast.bolat.user is not None
    client.force_login(cast.bolat.user)
    assert client.post("/cases/4001/take/").status_code == 403
    assert bench.case().taken_by is None


def test_a_demo_acts_as_its_duty_officer_on_loopback_only(
    bench: Bench, cast: Cast, demo: Path, settings: LazySettings
) -> None:
    settings.ALLOWED_HOSTS = ["127.0.0.1", "localhost", "board.example"]
    bench.alarm(cast.tb)
    here = Client(headers={"Host": "127.0.0.1:9090", "Accept-Language": "en"})
    page = here.get("/").content.decode()
    assert "Demo: a false valley on this machine." in page
    assert "松林客栈" in page
    here.post("/cases/4001/take/")
    assert bench.case().taken_by == cast.bolat
    assert Client(headers={"Host": "board.example"}).get("/").status_code == 302


def test_without_a_demo_there_is_no_phone_page_and_no_free_entry(bolat: Reader) -> None:
    bolat.html("/phone/", status=404)
    assert Client(headers={"Host": "127.0.0.1"}).get("/").status_code == 302


def test_a_token_opens_no_page_and_a_session_opens_no_api(cast: Cast, bolat: Reader, data: Path) -> None:
    assert bolat.client.get("/api/v1/cases").status_code == 401
    secret = _token(cast.bolat.user, "read", "act")
    assert Client(headers={"Authorization": f"Bearer {secret}"}).get("/").status_code == 302


def test_an_inactive_user_is_nobody(cast: Cast, bolat: Reader) -> None:
    assert cast.bolat.user is not None
    secret = _token(cast.bolat.user, "read")
    User.objects.filter(pk=cast.bolat.user.pk).update(is_active=False)
    assert bolat.client.get("/").status_code == 302
    assert Client(headers={"Authorization": f"Bearer {secret}"}).get("/api/v1/cases").status_code == 401


def test_a_user_without_a_role_sees_nothing(cast: Cast, bolat: Reader) -> None:
    assert cast.bolat.user is not None
    cast.bolat.user.groups.clear()
    assert bolat.client.get("/").status_code == 403


def test_who_acts_needs_a_person(bench: Bench, cast: Cast, data: Path) -> None:
    bench.alarm(cast.tb)
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(cast.admin)
    assert client.get("/cases/4001/").status_code == 200
    answer = client.post("/cases/4001/take/")
    assert answer.status_code == 403
    assert "not linked to a person" in answer.content.decode()


def test_the_first_password_is_good_for_choosing_another_only(
    db: None, data: Path, clock: ManualClock
) -> None:
    first = people.ensure_admin(access.now())
    assert first is not None
    client = Client(headers={"Accept-Language": "en"})
    answer = client.post("/sign-in/", {"username": "admin", "password": first})
    assert answer.status_code == 302
    assert client.get("/").headers["Location"] == "/password/"
    assert client.get("/admin/").headers["Location"] == "/password/"
    new = {"old_password": first, "new_password1": "schnee-auf-holz", "new_password2": "schnee-auf-holz"}
    assert client.post("/password/", new).status_code == 302
    assert client.get("/").status_code == 200
    assert not Client().login(username="admin", password=first)


def test_guessing_takes_long_even_with_the_right_password(
    cast: Cast, data: Path, page_clock: ManualClock
) -> None:
    user = cast.bolat.user
    assert user is not None
    user.set_password("snow-on-the-roof")
    user.save()
    client = Client(headers={"Accept-Language": "en"})
    tries = [client.post("/sign-in/", {"username": "bolat", "password": "no"}).status_code for _ in range(5)]
    assert tries == [200] * 5
    right = {"username": "bolat", "password": "snow-on-the-roof"}
    for name in ("bolat", "bolat ", " BOLAT", "ｂｏｌａｔ"):
        assert client.post("/sign-in/", {**right, "username": name}).status_code == 429
    page_clock.advance(3)
    assert client.post("/sign-in/", right).status_code == 302


def test_the_throttle_forgets_rather_than_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "NAMES_MAX", 3)
    for name in "abcd":
        throttle.failed(name, 0.0)
    assert list(throttle._tries) == ["b", "c", "d"]


def test_no_secret_is_on_any_page(bench: Bench, cast: Cast, data: Path, bolat: Reader) -> None:
    bench.alarm(cast.tb)
    for path in (
        "/",
        "/cases/4001/",
        "/fleet/devices/",
        f"/premises/{cast.premises.pk}/",
        "/quarantine/",
        "/health/",
    ):
        html = bolat.html(path)
        assert cast.device.credential_hash not in html
        assert cast.ailin.phone not in html


def test_signing_out_ends_the_session(bolat: Reader) -> None:
    assert bolat.client.post("/sign-out/").status_code == 302
    assert bolat.client.get("/").status_code == 302


def _token(user: User | None, *scopes: str) -> str:
    assert user is not None
    return people.create_token(user, "a program", scopes, access.now())
