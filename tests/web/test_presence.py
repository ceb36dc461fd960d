"""The board's beat: who sends it, what is kept of it, and where its silence is seen."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils.timezone import localtime

from flameblue.cases import presence
from flameblue.cases.models import BoardTab
from flameblue.domain.clock import ManualClock
from flameblue.domain.limits import BOARD_BEAT_S, BOARD_GRACE_S, BOARD_SILENT_S, SECOND_NS
from flameblue.fleet.models import Station
from flameblue.people.models import Person
from flameblue.web.now import now
from tests.cases.bench import Bench
from tests.cast import Cast
from tests.web.readers import Reader, text_of

STATIC = Path(__file__).parents[2] / "flameblue/web/static/web"
TAB = "0123456789abcdef"


def beat(client: Client, state: str = presence.SOUNDING, tab: str = TAB) -> int:
    return client.post("/board/presence/", {"tab": tab, "state": state}).status_code


def test_a_beat_is_kept_by_tab_and_session_and_holds_no_key_to_it(cast: Cast, bolat: Reader) -> None:
    assert beat(bolat.client, presence.BLOCKED) == 204
    assert beat(bolat.client) == 204
    row = BoardTab.objects.get()
    assert (row.station, row.state, row.at, row.sounded_at) == (cast.site.station, "sounding", now(), now())
    assert bolat.client.session.session_key not in {row.session, row.name}
    assert beat(Reader.of(cast.chen).client) == 204
    assert BoardTab.objects.count() == 2


@pytest.mark.parametrize(
    ("state", "tab"), [("loud", TAB), ("", TAB), ("sounding", "x"), ("sounding", TAB * 3)]
)
def test_what_is_no_beat_is_refused(bolat: Reader, state: str, tab: str) -> None:
    assert beat(bolat.client, state, tab) == 400
    assert not BoardTab.objects.exists()


def test_another_sites_page_can_beat_for_nobody(bolat: Reader) -> None:
    assert bolat.person.user is not None
    stranger = Client(enforce_csrf_checks=True)
    stranger.force_login(bolat.person.user)
    assert beat(stranger) == 403


def test_a_user_of_no_station_has_no_desk(cast: Cast, data: Path) -> None:
    user = User.objects.create_user("admin")
    user.groups.add(Group.objects.get_or_create(name="admin")[0])
    client = Client()
    client.force_login(user)
    assert beat(client) == 204
    assert not BoardTab.objects.exists()


def test_board_and_healthz_tell_whether_a_board_is_sounding(bolat: Reader, clock: ManualClock) -> None:
    def told() -> tuple[str, str]:
        page = bolat.sees("/")
        said = page[page.index("Board with sound") :].removeprefix("Board with sound ")
        return said[: said.index(" Messages")], Client().get("/healthz").json()["board"]

    assert told() == ("none yet", "none")
    beat(bolat.client)
    assert told() == ("is sounding", "sounding")
    clock.advance(BOARD_SILENT_S)
    assert told() == ("禾木消防站 · none: an alarm calls the duty officer at once", "silent")
    Person.objects.exclude(station=bolat.person.station).update(station=None)
    Station.objects.exclude(pk=bolat.person.station_id).delete()
    assert told() == ("none: an alarm calls the duty officer at once", "silent")


def test_after_a_start_boards_have_their_time_and_the_page_says_until_when(
    bench: Bench, bolat: Reader, data: Path, clock: ManualClock
) -> None:
    """What the board says is what the core does: it calls nobody early until the grace is over."""
    beat(bolat.client, presence.MUTED)
    bench.alarm(bench.cast.tb)
    began_s = clock.now_ns() / SECOND_NS
    health = {"stages": {}, "counters": {"boards_heard_since_s": began_s}}
    (data / "health.json").write_text(json.dumps(health), encoding="utf-8")
    at = localtime(bench.now + timedelta(seconds=BOARD_GRACE_S))
    page = bolat.sees("/")
    assert f"none since the start: from {at:%H:%M:%S} on an alarm calls the duty officer at once" in page
    assert "next: the second contact, by SMS in 01:00" in page
    clock.advance(BOARD_GRACE_S)
    page = bolat.sees("/")
    assert "none: an alarm calls the duty officer at once" in page
    assert "next: the duty officer, by voice in 00:00" in page


def test_another_stations_board_is_no_news_here(bolat: Reader, dana: Reader) -> None:
    beat(dana.client, presence.MUTED)
    assert "Board with sound none yet" in bolat.sees("/")


def test_healthz_is_dated(db: None, data: Path, clock: ManualClock) -> None:
    first = Client().get("/healthz").json()["at"]
    clock.advance(1)
    assert first < Client().get("/healthz").json()["at"]


def test_the_time_line_says_why_a_call_was_early(bench: Bench, bolat: Reader) -> None:
    beat(bolat.client, presence.MUTED)
    bench.alarm(bench.cast.tb)
    bench.pass_time(1, every_s=1)
    number = bench.case().number
    assert "the duty officer, by voice · no board was sounding" in bolat.sees(f"/cases/{number}/")


def test_the_script_beats_as_often_as_the_server_expects() -> None:
    script = (STATIC / "presence.js").read_text(encoding="utf-8")
    found = re.search(r"BEAT_MS = ([\d_]+);", script)
    assert found is not None
    assert int(found[1].replace("_", "")) == BOARD_BEAT_S * 1000
    assert set(re.findall(r'"(sounding|muted|blocked|closed)"', script)) == presence.STATES


def test_the_board_names_the_address(bolat: Reader) -> None:
    assert 'data-presence="/board/presence/"' in bolat.html("/")


def test_healthz_answers_in_json_without_a_database_too(
    db: None, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError

    from flameblue.web.views import health

    def away(_now: object) -> None:
        raise OperationalError

    monkeypatch.setattr(health.actions, "desks", away)
    assert json.loads(Client().get("/healthz").content)["board"] == "unknown"


def test_where_there_are_several_stations_the_silent_one_is_named(
    bolat: Reader, dana: Reader, admin: Client
) -> None:
    beat(bolat.client)
    beat(dana.client, presence.MUTED)
    said = "Board with sound 贾登峪消防站 · none: an alarm calls the duty officer at once"
    assert said in text_of(admin.get("/").content.decode())
    assert said in dana.sees("/")
    assert "Board with sound is sounding" in bolat.sees("/")
