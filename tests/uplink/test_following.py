"""Which of the cases' happenings become uploads: states of points, what people did, and nothing of a test."""

import random
from collections.abc import Callable
from datetime import timedelta

import pytest

from flameblue.cases import actions
from flameblue.domain.limits import UPLINK_WAITING_MAX
from flameblue.domain.transitions import Level, Rule, Why
from flameblue.fleet.models import Site
from flameblue.uplink import following, outbox
from flameblue.uplink.models import Component, Standing, Upload
from tests.cases.bench import Bench, Said, another_cabin, another_room
from tests.uplink.wire import Wire

pytestmark = pytest.mark.django_db
NORMAL, WARNING, ALARM, FAULT = Level.NORMAL, Level.WARNING, Level.ALARM, Level.FAULT


def uploaded(wire: Wire) -> list[tuple[int, int]]:
    """Component and state of every upload, in the order in which they were made."""
    wire.follow()
    units = [bytes(unit) for unit in Upload.objects.order_by("pk").values_list("unit", flat=True)]
    return [
        (int.from_bytes(unit[5:9], "little"), int.from_bytes(unit[9:11], "little"))
        for unit in units
        if unit[0] == 2
    ]


def test_every_point_of_a_silent_device_is_a_fault(wire: Wire) -> None:
    cast = wire.bench.cast
    wire.bench.silent(cast.ir, cast.tb, cast.ib)
    assert uploaded(wire) == [(cast.ir.pk, 5), (cast.tb.pk, 5), (cast.ib.pk, 5)]
    wire.bench.wait(30)
    wire.bench.heard(cast.ir, cast.tb, cast.ib)
    assert uploaded(wire)[3:] == [(cast.ir.pk, 1), (cast.tb.pk, 1), (cast.ib.pk, 1)]


def test_a_warning_is_no_report_unless_it_was_agreed(wired: Callable[..., Wire], bench: Bench) -> None:
    plain = wired()
    bench.alarm(bench.cast.tb, WARNING, 62.0)
    assert uploaded(plain) == []
    watched = wired(warning_bit=4)
    assert uploaded(watched) == [(bench.cast.tb.pk, 0b10001)]


def test_what_people_do_is_an_operation_of_the_system(wire: Wire) -> None:
    bench, now = wire.bench, wire.bench.now
    bench.alarm(bench.cast.tb)
    case = bench.case()
    actions.take(case.pk, bench.cast.bolat, now)
    actions.comment(case.pk, bench.cast.bolat, "on the way", now)
    actions.shelve(case.pk, bench.cast.bolat, "sauna", now + timedelta(hours=1), now)
    wire.follow()
    units = [bytes(unit) for unit in Upload.objects.order_by("pk").values_list("unit", flat=True)]
    assert [unit[2:6].hex() for unit in units if unit[0] == 4] == ["01012000", "01010200"]


def test_a_shelved_alarm_is_a_state_all_the_same(wire: Wire) -> None:
    bench = wire.bench
    bench.alarm(bench.cast.tb, WARNING, 62.0)
    actions.shelve(bench.case().pk, bench.cast.bolat, "sauna", bench.now + timedelta(hours=1), bench.now)
    bench.alarm(bench.cast.tb)
    assert uploaded(wire) == [(bench.cast.tb.pk, 3)]


def test_a_warning_that_nobody_reports_has_no_operations(wire: Wire) -> None:
    bench = wire.bench
    bench.alarm(bench.cast.tb, WARNING, 62.0)
    actions.take(bench.case().pk, bench.cast.bolat, bench.now)
    wire.follow()
    assert Upload.objects.count() == 0


def test_a_late_reading_is_no_state(wire: Wire) -> None:
    wire.bench.alarm(wire.bench.cast.tb, rule=Rule.LATE, ago_s=7_200)
    assert uploaded(wire) == []


def test_only_the_premises_that_were_agreed_on(wired: Callable[..., Wire], bench: Bench) -> None:
    site = Site.objects.create(name="白哈巴", station=bench.cast.station)
    premises, voltage = another_cabin(bench.cast, "木屋9号")
    premises.site = site
    premises.save()
    wire = wired(premises=["白哈巴"])
    bench.alarm(bench.cast.tb)
    bench.alarm(voltage, FAULT, 0.0, rule=Rule.SENSOR)
    actions.take(bench.cast.premises.cases.get().pk, bench.cast.bolat, bench.now)
    assert uploaded(wire) == [(voltage.pk, 5)]
    assert not any(bytes(unit)[0] == 4 for unit in Upload.objects.values_list("unit", flat=True))


def test_a_point_that_the_table_leaves_out_is_not_sent(wired: Callable[..., Wire], bench: Bench) -> None:
    wire = wired(addresses={"D0217/tb": "0a000200"})
    bench.alarm(bench.cast.ir)
    bench.alarm(bench.cast.tb)
    assert uploaded(wire) == [(0x0002000A, 3)]


def test_what_is_so_when_it_begins_is_told_and_what_was_is_not(
    wired: Callable[..., Wire], bench: Bench
) -> None:
    room, _ = another_room(bench.cast)
    bench.alarm(room)
    bench.alarm(room, NORMAL, 30.0)
    bench.alarm(bench.cast.tb)
    wire = wired()
    assert uploaded(wire) == [(bench.cast.tb.pk, 3)]


def test_another_agreement_corrects_what_was_told(wired: Callable[..., Wire], bench: Bench) -> None:
    first = wired()
    bench.alarm(bench.cast.tb)
    assert uploaded(first) == [(bench.cast.tb.pk, 3)]
    second = wired(alarm_bit=4)
    assert uploaded(second)[1:] == [(bench.cast.tb.pk, 0b10001)]
    third = wired(alarm_bit="none")
    assert uploaded(third)[2:] == [(bench.cast.tb.pk, 1)]
    assert Standing.objects.count() == 1


def test_what_waited_for_another_centre_is_dropped_and_its_point_told_anew(
    wired: Callable[..., Wire], bench: Bench
) -> None:
    first = wired()
    bench.alarm(bench.cast.tb)
    first.follow()
    bench.alarm(bench.cast.tb, NORMAL, 40.0)
    first.follow()
    wired(state_every_s=60)
    waiting = Upload.objects.filter(state="waiting")
    assert [bytes(one.unit)[9] for one in waiting] == [1]
    assert set(Upload.objects.exclude(state="waiting").values_list("detail", flat=True)) == {following.ANEW}


def test_switched_off_nothing_is_sent_later(wire: Wire) -> None:
    wire.bench.alarm(wire.bench.cast.tb)
    wire.follow()
    assert following.switch_off(wire.bench.now) == 2
    wire.bench.alarm(wire.bench.cast.ir)
    wire.bench.alarm(wire.bench.cast.ir, NORMAL, 10.0)
    wire.bench.alarm(wire.bench.cast.tb, NORMAL, 10.0)
    before = Upload.objects.count()
    assert [component for component, _ in uploaded(wire)[1:]] == [wire.bench.cast.tb.pk]
    assert Upload.objects.count() == before + 1


def test_a_test_s_case_sends_nothing_and_what_stays_beyond_afterwards_does(wire: Wire) -> None:
    bench, tb = wire.bench, wire.bench.cast.tb
    bench.say(Said(tb, FAULT, rule=Rule.TEST, why=Why.TEST))
    bench.alarm(tb, why=Why.TEST)
    actions.take(bench.case().pk, bench.cast.bolat, bench.now)
    assert uploaded(wire) == []
    assert Upload.objects.count() == 0
    bench.read(tb, 82.0)
    bench.say(Said(tb, NORMAL, rule=Rule.TEST))
    assert uploaded(wire) == [(tb.pk, 3)]
    bench.alarm(tb, NORMAL, 40.0)
    assert uploaded(wire) == [(tb.pk, 3), (tb.pk, 1)]


def test_an_event_that_is_looked_at_late_calls_nobody_out(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """People's remarks fill the looks, and the alarm of a test that turned out to be real is over before its event."""
    bench, tb = wire.bench, wire.bench.cast.tb
    monkeypatch.setattr(following, "UPLINK_A_LOOK", 20)
    bench.say(Said(tb, FAULT, rule=Rule.TEST, why=Why.TEST))
    bench.alarm(tb, why=Why.TEST)
    case = bench.case()
    for _ in range(45):
        actions.comment(case.pk, bench.cast.bolat, "testing", bench.now)
    bench.read(tb, 82.0)
    bench.say(Said(tb, NORMAL, rule=Rule.TEST))
    bench.alarm(tb, NORMAL, 40.0)
    for _ in range(6):
        wire.follow()
    assert uploaded(wire) == []
    assert not Component.objects.exclude(told=1).exists()


def test_no_test_case_ever_yields_a_frame(wire: Wire) -> None:
    """A thousand random moves of points under test, people who act on them, and a centre that listens."""
    bench, chance = wire.bench, random.Random(20260115)
    points = [bench.cast.ir, bench.cast.tb, bench.cast.ib]
    wire.settle_in()
    for point in points:
        bench.say(Said(point, FAULT, rule=Rule.TEST, why=Why.TEST))
    for _ in range(1_000):
        point = chance.choice(points)
        rule = chance.choice((Rule.OVER, Rule.UNDER, Rule.REPORTED, Rule.SENSOR, Rule.REPORTED_FAULT))
        level = chance.choice(
            (NORMAL, FAULT) if rule in {Rule.SENSOR, Rule.REPORTED_FAULT} else (NORMAL, WARNING, ALARM)
        )
        bench.say(Said(point, level, chance.uniform(0.0, 500.0), rule, why=Why.TEST))
        if chance.random() < 0.1:
            bench.now += timedelta(seconds=1)
            for case in bench.cast.premises.cases.filter(state="open"):
                actions.take(case.pk, bench.cast.bolat, bench.now)
        wire.follow()
    assert bench.cast.premises.cases.filter(is_test=True).exists()
    assert not bench.cast.premises.cases.filter(is_test=False).exists()
    assert Upload.objects.count() == 0
    assert [got for got in wire.run() if got.flag not in {21, 0}] == []
    assert not Component.objects.exclude(told=1).exists()


def test_what_is_too_much_goes_and_alarms_go_last(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    assert UPLINK_WAITING_MAX >= 100_000
    monkeypatch.setattr(outbox, "UPLINK_WAITING_MAX", 3)
    room, _ = another_room(wire.bench.cast)
    for point in (wire.bench.cast.ir, wire.bench.cast.ib):
        wire.bench.silent(point)
    wire.bench.alarm(wire.bench.cast.tb)
    wire.bench.alarm(room)
    wire.follow()
    assert outbox.prune(wire.bench.now) == Upload.objects.filter(detail=outbox.FULL).count() > 0
    kept = [bytes(unit) for unit in Upload.objects.filter(state="waiting").values_list("unit", flat=True)]
    assert [unit[9] for unit in kept if unit[0] == 2] == [3, 3]


def test_a_look_that_fails_half_way_changes_nothing(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    wire.bench.alarm(wire.bench.cast.tb)
    before = Standing.objects.get()

    def broken(*_: object, **__: object) -> None:
        raise OSError("the disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr(following.Upload.objects, "bulk_create", broken)
        with pytest.raises(OSError, match="gone"):
            wire.follow()
    assert Standing.objects.get().transition == before.transition
    assert uploaded(wire) == [(wire.bench.cast.tb.pk, 3)]


def test_a_thousand_transitions_are_followed_in_their_order(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "UPLINK_A_LOOK", 3)
    tb = wire.bench.cast.tb
    for number in range(20):
        wire.bench.wait(60)
        wire.bench.alarm(tb, NORMAL if number % 2 else ALARM)
    while wire.follow():
        pass
    assert uploaded(wire) == [(tb.pk, 1 if number % 2 else 3) for number in range(20)]
