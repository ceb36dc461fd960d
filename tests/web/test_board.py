"""The board: what needs somebody stands first, and says where, what, how bad and who has it."""

import dataclasses
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.conf import LazySettings
from django.test import Client

from flameblue.cases import actions
from flameblue.domain.clock import ManualClock
from flameblue.domain.transitions import Level
from flameblue.fleet import counting
from flameblue.fleet.counting import Counting
from flameblue.fleet.models import Circuit, Device, Point
from tests.cases.bench import Bench, another_cabin, another_room, give_row
from tests.cast import Cast
from tests.web.readers import Reader


def test_an_alarm_shows_its_place_value_limit_age_and_that_nobody_has_it(bench: Bench, bolat: Reader) -> None:
    bench.alarm(bench.cast.tb, value=82.0)
    page = bolat.sees("/")
    assert "203房暖气 phase B: Temperature reached 82 °C, the limit is 70 °C." in page
    assert "Alarm 松林客栈" in page
    assert "禾木 · Overheating · 4001" in page
    assert "Nobody has it" in page
    assert "I take it" in page


def test_cases_stand_by_level_then_by_what_nobody_has_then_by_age(bench: Bench, bolat: Reader) -> None:
    cabins = {name: another_cabin(bench.cast, name)[1] for name in ("早预警", "早报警", "晚报警", "已接警")}
    bench.alarm(cabins["早预警"], Level.WARNING)
    for name in ("已接警", "早报警", "晚报警"):
        bench.wait(60)
        bench.alarm(cabins[name], Level.ALARM)
    taken = cabins["已接警"].device.premises.cases.get()
    actions.take(taken.pk, by=bench.cast.bolat, now=bench.now)
    page = bolat.html("/")
    cases = page[: page.index('sse-swap="premises"')]
    order = sorted(cabins, key=cases.index)
    assert order == ["早报警", "晚报警", "已接警", "早预警"]


def test_only_what_asks_for_sound_and_is_not_taken_rings(bench: Bench, bolat: Reader) -> None:
    _, quiet = another_cabin(bench.cast, "只预警")
    bench.alarm(quiet, Level.WARNING)
    assert "data-rings" not in bolat.html("/")
    bench.alarm(bench.cast.tb, Level.ALARM)
    assert bolat.html("/").count("data-rings") == 1
    case = bench.cast.premises.cases.get()
    actions.take(case.pk, by=bench.cast.bolat, now=bench.now)
    assert "data-rings" not in bolat.html("/")


def test_a_second_room_rings_again_with_a_number_of_its_own(bench: Bench, bolat: Reader) -> None:
    bench.alarm(bench.cast.tb)
    first = _rings(bolat)
    actions.take(bench.case().pk, by=bench.cast.bolat, now=bench.now)
    bench.wait(60)
    room, _ = another_room(bench.cast)
    bench.alarm(room)
    assert _rings(bolat) > first


def test_a_shelved_case_does_not_ring_and_says_until_when(bench: Bench, bolat: Reader) -> None:
    bench.alarm(bench.cast.tb)
    until = bench.now + timedelta(hours=4)
    actions.shelve(bench.case().pk, bench.cast.bolat, "electrician comes at 7", until, bench.now)
    assert "data-rings" not in bolat.html("/")
    assert "shelved until 01-15 07:07" in bolat.sees("/")


def test_premises_stand_by_level_and_say_what_is_not_equipped(bench: Bench, bolat: Reader) -> None:
    another_cabin(bench.cast, "白桦客栈")
    bench.cast.site.premises.create(name="邮局", short_name="邮局")
    bench.alarm(bench.cast.tb)
    page = bolat.sees("/")
    tiles = page[page.index("Premises") :]
    assert tiles.index("松林客栈") < tiles.index("白桦客栈") < tiles.index("邮局 not equipped")
    assert "Alarm 1 Normal 1 · 2 of 3 equipped" in tiles


def another_device(cast: Cast, name: str) -> Point:
    """One more device of the cast's cabin, with two points on a circuit of its own."""
    device = Device.objects.create(premises=cast.premises, name=name, profile="flameblue-generic")
    circuit, _ = Circuit.objects.get_or_create(panel=cast.panel, name="厨房")
    points = [
        Point.objects.create(device=device, circuit=circuit, key=key, quantity="current_a", phase=key)
        for key in ("A", "B")
    ]
    return give_row(points[0])


def test_a_second_device_that_falls_silent_is_named_and_makes_the_case_no_younger(
    bench: Bench, bolat: Reader, page_clock: ManualClock
) -> None:
    other = another_device(bench.cast, "GB1")
    bench.silent(bench.cast.tb, bench.cast.ib)
    assert "松林客栈 Fault" in bolat.sees("/")
    assert "Fault · case" not in bolat.sees("/"), "nobody was told of it yet"
    bench.pass_time(70)
    page_clock.advance(600)
    bench.wait(530)
    assert "Open cases 1 Fault 松林客栈 10 min No data from D0217 (203房暖气)." in bolat.sees("/")
    bench.silent(other)
    told = "Fault 松林客栈 10 min No data from D0217 (203房暖气), GB1 (厨房)."
    assert f"Open cases 1 {told}" in bolat.sees("/"), "it waits for its grace, and is open meanwhile"
    assert "松林客栈 Fault · case" in bolat.sees("/")
    bench.pass_time(70)
    page = bolat.sees("/")
    assert f"Open cases 1 {told}" in page
    assert "GB1 · 2号箱 厨房 phase A: Load current no data" in bolat.sees(f"/cases/{bench.case().number}/")


def test_a_row_names_so_many_devices_as_it_has_room_for(bench: Bench, bolat: Reader) -> None:
    others = [another_device(bench.cast, f"GB{n}") for n in range(5)]
    bench.silent(bench.cast.tb, *others)
    bench.pass_time(70)
    assert "No data from D0217 (203房暖气), GB0 (厨房), GB1 (厨房), GB2 (厨房) and 2 more." in bolat.sees("/")


def test_another_station_sees_nothing_of_it(bench: Bench, dana: Reader) -> None:
    bench.alarm(bench.cast.tb)
    page = dana.sees("/")
    assert "松林客栈" not in page
    assert "No open case." in page


def test_the_next_station_sees_a_case_once_it_is_called(bench: Bench, cast: Cast, bolat: Reader) -> None:
    bench.alarm(bench.cast.tb)
    sayan = Reader.of(cast.sayan)
    assert "松林客栈" not in sayan.sees("/")
    bench.pass_time(700)
    assert "next_station" in bench.steps()
    assert "松林客栈" in sayan.sees("/")


def test_a_core_without_a_sign_of_life_is_said_on_the_board(bolat: Reader) -> None:
    assert "The core gives no sign of life: alarms may be missing here." in bolat.sees("/")


def test_the_board_needs_no_script(bench: Bench, bolat: Reader) -> None:
    bench.alarm(bench.cast.tb)
    page = bolat.html("/")
    assert '<noscript><meta http-equiv="refresh" content="15"></noscript>' in page
    after = bolat.presses("/cases/4001/take/?next=board")
    assert "You have case 4001." in after
    assert "Taken · Bolat" in after


def test_the_language_is_switched_by_a_form(bench: Bench, bolat: Reader) -> None:
    bench.alarm(bench.cast.tb)
    page = bolat.presses("/language/", language="zh-hans", next="/")
    assert "203房暖气 B相：温度达到 82 °C，限值 70 °C。" in page
    assert "无人接警" in page


def test_who_is_not_signed_in_is_led_to_the_sign_in_and_back(cast: Cast) -> None:
    answer = Client().get("/cases/4001/")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/sign-in/?next=%2Fcases%2F4001%2F"


def _rings(reader: Reader) -> int:
    return int(reader.html("/").split('data-rings="')[1].split('"')[0])


def test_a_case_is_shown_at_its_worst_until_it_is_proven(bench: Bench, bolat: Reader) -> None:
    """Switched off is not repaired: a value that is back proves nothing."""
    bench.alarm(bench.cast.tb)
    case = bench.case()
    actions.take(case.pk, bench.cast.bolat, bench.now)
    bench.alarm(bench.cast.tb, Level.NORMAL, 20.0)
    for page in ("/", f"/cases/{case.number}/"):
        said = bolat.sees(page)
        assert "the value is back for now" in said
        assert said.index("Alarm") < said.index("松林客栈")


def test_messages_that_reach_no_phone_are_told_but_in_a_demo(
    cast: Cast, bolat: Reader, settings: LazySettings
) -> None:
    for path in ("/", "/health/"):
        assert "reach no phone: no SMS gateway is set" in bolat.sees(path)
    settings.CONFIG = dataclasses.replace(settings.CONFIG, demo=True)
    for path in ("/", "/health/"):
        assert "reach no phone" not in bolat.sees(path)


def test_a_large_fleet_is_being_counted_and_then_told(
    bench: Bench, bolat: Reader, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    """A premises with an alarm is shown whether its site has been counted or not."""
    bench.alarm(bench.cast.tb, Level.ALARM)
    work: list[Callable[[], None]] = []
    fleet = Counting(start=work.append, at_once_max=0)
    monkeypatch.setattr(counting, "fleet", fleet)
    page = bolat.sees("/")
    assert "Coverage of business premises The premises are being counted." in page
    assert "禾木 Alarm 1 · being counted 松林客栈 Alarm · case" in page
    assert "No premises are known yet." not in page
    assert len(work) == 1
    fleet.places(now)
    page = bolat.sees("/")
    assert "being counted" not in page
    assert "Installed 1 / 1" in page
    assert "1 of 1 equipped" in page
    another_cabin(bench.cast, "新开")
    page = bolat.sees("/")
    assert (
        "Installed 1 / 1 On line, 24 h 0 / 1 Tested this month 0 / 1 As of 03:07:00; being counted again."
        in page
    )
    assert "1 of 1 equipped" in page
