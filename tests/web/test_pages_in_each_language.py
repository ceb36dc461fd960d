"""A page says nothing in another language than its reader's, but for names, units and codes."""

import re
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import Client

from flameblue.cases import actions as cases
from flameblue.cases.models import Case, CaseEvent
from flameblue.config import Config
from flameblue.domain.clock import ManualClock, to_ns
from flameblue.domain.transitions import Level, Rule, Why
from flameblue.fleet import shelf
from flameblue.fleet.actions import open_pairing
from flameblue.fleet.keeping import Hand
from flameblue.fleet.models import Circuit, Device, Panel, Point, Premises, Site, Station
from flameblue.intake.quarantine import Quarantine, Quarantined, Unknown
from flameblue.intake.reasons import Reason
from flameblue.notices import actions, replies
from flameblue.notices.models import InboundMessage, Notice
from flameblue.people.models import Person
from tests.cases.bench import Bench, Said, another_room
from tests.cast import Cast
from tests.web.readers import text_of

PAGES = (
    *(
        "/",
        "/cases/4001/",
        "/cases/4002/",
        "/cases/4003/",
        "/cases/closed/",
        "/fleet/devices/",
        "/fleet/premises/",
        "/fleet/people/",
        "/fleet/limits/?site=1",
        "/quarantine/",
    ),
    *("/health/", "/phone/", "/password/", "/no-such-page/", "/premises/{premises}/"),
    *(
        "/coverage/",
        "/coverage/?of=tested&show=counted",
        "/handled/",
        "/handled/cases/",
        "/sheets/",
        "/sheets/print/",
    ),
    *(
        "/premises/{premises}/sheet/",
        "/premises/{premises}/check/",
        "/premises/{premises}/charts/",
        "/premises/{premises}/energy/",
        "/premises/{premises}/points/",
        "/premises/{premises}/cases/",
        "/rounds/",
        "/rounds/day/",
        "/rounds/print/",
    ),
)
LAWFUL = {
    "CSV",
    "Enter",  # as it stands on the key
    "Flameblue",
    "English",
    "中文",
    "SMS",
    "MQTT",
    "ID",
    "EEMUA",
    "GB",
    *("flameblue", "profile", "new", "from", "quarantine"),  # a command, as it is typed
    *("JPEG", "PNG", "Web", "MB", "Wh"),  # kinds of pictures (WebP), how large; kWh
}  # names, and the ways to another language
CHINESE, ENGLISH = re.compile(r"[\u4e00-\u9fff]+"), re.compile(r"[A-Za-z][a-z]+|[A-Z]{2,}")
OTHER = {"zh-hans": ENGLISH, "en": CHINESE}
HEAD = re.compile(r"(?s)<(script|style|head)\b.*?</\1>")
NAMED = (
    *((Station, "name"), (Site, "name"), (Premises, "name"), (Premises, "kind"), (Premises, "address")),
    *((Panel, "name"), (Circuit, "name"), (Circuit, "isolator"), (Point, "place"), (Point, "key")),
    *((Device, "name"), (Device, "serial"), (Device, "profile"), (Person, "name"), (User, "username")),
    *((Notice, "text"), (InboundMessage, "text"), (CaseEvent, "data__text")),
)


def without_names(text: str) -> str:
    """`text` without what stands in the database as somebody wrote it."""
    names = {
        str(name) for model, field in NAMED for name in model._default_manager.values_list(field, flat=True)
    }
    names |= set(shelf.profiles())
    for name in sorted(names - {"", "None"}, key=len, reverse=True):
        text = text.replace(" ".join(name.split()), " ")
    return text


@pytest.fixture
def valley(bench: Bench, tmp_path: Path, settings: LazySettings, cast: Cast, clock: ManualClock) -> Cast:
    """Something on every page: an open case with its messages, a closed one, silence, quarantine, pairing."""
    settings.CONFIG = Config(data=tmp_path, demo=True)
    room, _ = another_room(cast)
    bench.alarm(cast.tb, why=int(Why.ONE_READING | Why.BY_ARRIVAL))
    bench.wait(30)
    bench.alarm(room, Level.WARNING, 65.0)
    bench.say(Said(cast.ib, Level.FAULT, rule=Rule.SENSOR, why=int(Why.SENSOR_OPEN)))
    bench.silent(cast.ir)
    actions.plan_pending(bench.now)
    for state in (Notice.State.SENT, Notice.State.FAILED):
        Notice.objects.filter(pk=Notice.objects.filter(state="planned").first().pk).update(
            state=state, sent_at=bench.now, channel="console"
        )
    replies.receive("console", cast.ailin.phone, "2", bench.now)
    first, second = (Case.objects.get(number=number).pk for number in (4001, 4002))
    cases.take(first, cast.bolat, bench.now)
    cases.made_safe(first, cast.bolat, "isolated", bench.now)
    cases.comment(first, cast.bolat, "看过了", bench.now)
    wrong = {"cause": "loose_terminal", "action": "1-2-3", "without_proof_reason": "4-5-6"}
    cases.close(second, cast.chen, bench.now, **wrong)
    kept = Quarantine(tmp_path / "quarantine.sqlite3")
    rows = [Quarantined("D0217", "t", reason, "9", b"{}", to_ns(bench.now)) for reason in Reason]
    kept.add([*rows, Unknown("D0217", "c", "10.0.0.9", "0", "t", b"{}", to_ns(bench.now))])
    kept.close()
    open_pairing(900, Hand("root", bench.now))
    clock.advance(180)
    return cast


def foreign(client: Client, path: str, language: str) -> list[str]:
    """The words of a page that its reader's language does not have."""
    answer = client.get(path, headers={"Accept-Language": language})
    assert answer.status_code == (404 if "no-such" in path else 200), path
    said = without_names(text_of(HEAD.sub("", answer.content.decode())))
    assert len(said) > 40, path
    return sorted(set(OTHER[language].findall(said)) - LAWFUL)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", OTHER)
def test_a_page_speaks_one_language(valley: Cast, client: Client, path: str, language: str) -> None:
    client.force_login(valley.admin)
    assert foreign(client, path.format(premises=valley.premises.pk), language) == []


@pytest.mark.parametrize("language", OTHER)
def test_the_way_in_speaks_one_language(data: Path, db: None, client: Client, language: str) -> None:
    assert foreign(client, "/sign-in/", language) == []


def test_what_is_foreign_is_found(valley: Cast, client: Client) -> None:
    """The English page is foreign to a Chinese reader throughout."""
    client.force_login(valley.admin)
    page = client.get("/", headers={"Accept-Language": "en"}).content.decode()
    assert len(ENGLISH.findall(without_names(text_of(HEAD.sub("", page))))) > 30
