"""Devices, premises and quarantine: what is silent, what is expected, what could not be read."""

import json
from datetime import date, datetime
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import translation

from flameblue.config import Broker, Config
from flameblue.domain.clock import ManualClock, to_ns
from flameblue.domain.readings import Reading, readings_array
from flameblue.domain.transitions import Level, Rule
from flameblue.fleet.models import AuditEntry, PairingWindow
from flameblue.history.board import Board
from flameblue.intake.announcements import Announcements
from flameblue.intake.discovery import SENTENCES
from flameblue.intake.quarantine import Quarantine, Quarantined, QuarantineRow, Unknown
from flameblue.intake.reasons import Reason
from flameblue.web import words
from tests.cases.bench import Bench, Said, another_cabin
from tests.cast import Cast
from tests.web.readers import Reader, text_of


@pytest.fixture
def board(data: Path, cast: Cast, now: datetime) -> Board:
    """The cast's three points were heard at `now`."""
    made = Board(data / "board.bin", writable=True)
    rows = [Reading(point.pk, to_ns(now), 230, 0) for point in (cast.ir, cast.tb, cast.ib)]
    made.update(readings_array(rows), to_ns(now))
    return made


def test_a_device_shows_when_it_was_heard_last(board: Board, bolat: Reader, clock: ManualClock) -> None:
    clock.advance(90)
    line = "D0217 SN-0217 on line 23 mA 23 °C B 0.23 A B 禾木 松林客栈 flameblue-generic 3 2026-01-15 03:07:00 1 min"
    assert line in bolat.sees("/fleet/devices/")


def test_a_silent_device_and_a_wrong_clock_stand_first(bench: Bench, board: Board, bolat: Reader) -> None:
    _, lost = another_cabin(bench.cast, "白桦客栈")
    bench.silent(lost)
    bench.say(Said(bench.cast.tb, Level.FAULT, rule=Rule.CLOCK))
    another_cabin(bench.cast, "一号木屋")
    page = bolat.sees("/fleet/devices/")
    assert "silent Fault" in page
    assert "on line · clock fault Fault" in page
    assert page.index("D-白桦客栈") < page.index("D-一号木屋")
    assert "D-一号木屋 never heard 禾木 一号木屋 flameblue-generic 1 never never" in page


def test_a_device_in_alarm_is_on_line_and_says_the_worst_of_its_points(
    bench: Bench, board: Board, bolat: Reader
) -> None:
    bench.alarm(bench.cast.tb, Level.WARNING)
    bench.alarm(bench.cast.ir, Level.ALARM)
    for path in ("/fleet/devices/", f"/premises/{bench.cast.premises.pk}/"):
        page = bolat.html(path)
        assert "D0217 SN-0217 on line Alarm" in text_of(page)
        assert "level-normal" not in page, "the sign of a level says nothing of a line"


def test_a_device_model_that_cannot_be_used_is_shown_with_its_mistake(
    cast: Cast, bolat: Reader, spoilt: Path
) -> None:
    page = bolat.sees("/fleet/devices/")
    assert f"Device models that can't be used {spoilt.name} : 'interval_s' is a required property" in page
    spoilt.unlink()
    assert "can't be used" not in bolat.sees("/fleet/devices/")


def test_silence_of_a_closed_cabin_is_expected_and_still_listed(cast: Cast, bolat: Reader) -> None:
    cast.premises.closed_until = date(2026, 5, 1)
    cast.premises.save()
    assert "closed for the season: silence is expected" in bolat.sees("/fleet/devices/")
    cast.premises.closed_until = date(2026, 1, 15)
    cast.premises.save()
    assert "never heard" in bolat.sees("/fleet/devices/")


def test_premises_show_values_limits_and_where_they_come_from(
    bench: Bench, board: Board, bolat: Reader, clock: ManualClock
) -> None:
    bench.alarm(bench.cast.tb)
    clock.advance(5)
    points = bolat.sees(f"/premises/{bench.cast.premises.pk}/points/")
    assert "2号箱 203房暖气 phase B Temperature 23 °C Alarm 5 s" in points
    assert "alarm above 70 (default, GB/T 5023" in points
    page = bolat.sees(f"/premises/{bench.cast.premises.pk}/")
    assert "Owner: Ailin +86138****0001" in page
    assert "Alarm 4001 203房暖气 phase B: Temperature reached 82 °C, the limit is 70 °C." in page


def kept_rows(data: Path) -> list[QuarantineRow]:
    return Quarantine(data / "quarantine.sqlite3", reader_only=True).rows()


def test_quarantine_shows_reason_count_and_sample_of_the_own_devices(
    data: Path, cast: Cast, now: datetime, bolat: Reader, dana: Reader, admin: Client
) -> None:
    kept = Quarantine(data / "quarantine.sqlite3")
    for device in ("D0217", "D0217", "foreign"):
        kept.add(
            [
                Quarantined(
                    device, "flameblue/v1/x/readings", Reason.UNKNOWN_KEY, "zz", b'{"zz":1}', to_ns(now)
                )
            ]
        )
    kept.close()
    page = bolat.sees("/quarantine/")
    (first, _) = reversed(kept_rows(data))
    assert f"{first.id} D0217 The device has no point of this key. zz flameblue/v1/x/readings 2" in page
    assert "foreign" not in page
    assert "D0217" not in dana.sees("/quarantine/")
    assert "foreign" in admin.get("/quarantine/").content.decode()


def test_an_unknown_device_is_listed_with_the_way_to_its_place(
    data: Path, cast: Cast, now: datetime, admin: Client
) -> None:
    admin.post("/quarantine/pairing/", {"minutes": "15"})
    window = PairingWindow.objects.get()
    assert (window.open_until - now).total_seconds() == 900
    assert AuditEntry.objects.filter(verb="opened pairing", by="root").exists()
    kept = Quarantine(data / "quarantine.sqlite3")
    kept.add([Unknown("D0999", "c", "10.0.0.9", "hash-of-it", "t", b'{"v":{"ir":1}}', to_ns(now))])
    kept.close()
    page = admin.get("/quarantine/").content.decode()
    assert "The pairing window is open until 03:22:00." in page
    assert "u1 D0999 10.0.0.9 t" in text_of(page)
    assert "hash-of-it" not in page
    assert 'href="/commissioning/unknown/bind/?name=D0999"' in page


def announcement(key: str, **changes: str) -> bytes:
    content = {
        "dev": {"name": "203配电箱", "mf": "某厂", "mdl": "EFM-8"},
        "stat_t": "flameblue/v1/D0217/readings",
        "dev_cla": "current",
        "unit_of_meas": "A",
        "val_tpl": f"{{{{ value_json.v.{key} }}}}",
    }
    return json.dumps(content | changes).encode()


@pytest.fixture
def heard(cast: Cast, data: Path, settings: LazySettings) -> None:
    """A broker's devices announce a known point, a new one, one that is computed, and nonsense."""
    settings.CONFIG = Config(data=data, broker=Broker(discovery_prefix="homeassistant"))
    announcements = Announcements(data, "homeassistant")
    for name, payload in {
        "a": announcement("ib"),
        "b": announcement("ic"),
        "c": announcement("id", val_tpl="{{ value_json.v.id * 2 }}", name="<b>双倍</b>"),
        "d": b"[]",
    }.items():
        announcements.takes(f"homeassistant/sensor/{name}/config", payload)
    announcements.write()


@pytest.mark.usefixtures("heard")
def test_an_installer_sees_what_a_broker_announces(admin: Client) -> None:
    html = admin.get("/fleet/devices/").content.decode()
    page = text_of(html)
    assert "D0217 not in the registry ic Load current A 某厂 EFM-8 flameblue-generic" in page
    assert "D0217 in the registry ib Load current A 某厂 EFM-8" in page
    assert "is not evaluated" in page
    assert "homeassistant/sensor/d/config The message could not be read. it is not a JSON object" in page
    assert "<b>双倍" not in html


@pytest.mark.usefixtures("heard")
def test_only_an_admin_sees_it(bolat: Reader) -> None:
    assert "Announced by the broker" not in bolat.sees("/fleet/devices/")


def test_a_page_says_the_same_of_an_announcement_as_the_command() -> None:
    with translation.override("en"):
        assert {trouble: str(text) for trouble, text in words.DISCOVERY_TROUBLES.items()} == SENTENCES


def test_where_nothing_is_listened_to_there_is_no_such_list(admin: Client) -> None:
    assert "Announced by the broker" not in admin.get("/fleet/devices/").content.decode()
