"""The line to a centre: order, confirms, re-sends, denials, silence, garbage and outages, with a clock that is told."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from flameblue.domain.limits import UPLINK_GARBAGE_BYTES_MAX
from flameblue.domain.transitions import Level, Rule
from flameblue.fleet.models import Point
from flameblue.uplink import outbox, watching
from flameblue.uplink.models import Upload
from flameblue.uplink.talking import LineEnded
from tests.cases.bench import Said, another_room
from tests.uplink import centre as standard
from tests.uplink.wire import Wire

pytestmark = pytest.mark.django_db


def states_of(point: Point, wire: Wire) -> list[int]:
    return [state for component, state in wire.centre.states() if component == point.pk]


def kinds_of(wire: Wire) -> list[int]:
    return [got.flag for got in wire.centre.got]


def ends() -> list[str]:
    return list(Upload.objects.order_by("pk").values_list("state", flat=True))


def test_who_connects_says_how_it_is_and_numbers_its_frames(wire: Wire) -> None:
    wire.connect()
    came = wire.run()
    assert [(got.flag, got.serial, got.command) for got in came] == [(21, 0, 2), (1, 1, 2)]
    assert {(got.source, got.destination, got.version) for got in came} == {
        (standard.OURS, standard.ADDRESS, (1, 1))
    }
    assert wire.speak() == []


def test_an_alarm_and_its_end_reach_the_centre_and_are_confirmed(wire: Wire) -> None:
    wire.settle_in()
    wire.bench.alarm(wire.bench.cast.tb)
    assert wire.follow() == 2
    assert [got.flag for got in wire.run()] == [2, 3]
    wire.bench.wait(60)
    wire.bench.alarm(wire.bench.cast.tb, Level.NORMAL, 40.0)
    wire.follow()
    wire.run()
    assert states_of(wire.bench.cast.tb, wire) == [3, 1]
    assert ends() == ["confirmed"] * 4
    assert [got.serial for got in wire.centre.got] == [2, 3, 4, 5]


def test_an_alarm_goes_before_all_that_waits_but_its_own_point_s(wire: Wire) -> None:
    room, _ = another_room(wire.bench.cast)
    wire.settle_in()
    wire.bench.silent(wire.bench.cast.ib, room)
    wire.follow()
    wire.bench.alarm(room)
    wire.follow()
    wire.run()
    assert wire.centre.states() == [(room.pk, 5), (room.pk, 7), (wire.bench.cast.ib.pk, 5)]


def test_an_alarm_does_not_wait_for_the_confirm_of_what_is_none(wire: Wire) -> None:
    wire.settle_in()
    wire.bench.silent(wire.bench.cast.ib)
    wire.follow()
    (slow,) = wire.speak()
    wire.bench.alarm(wire.bench.cast.tb)
    wire.follow()
    assert wire.speak() == []
    wire.bench.wait(1)
    (alarm,) = wire.speak()
    assert (alarm.component, alarm.state) == (wire.bench.cast.tb.pk, 3)
    wire.hear(wire.centre.confirm(slow))  # late, and taken all the same
    wire.hear(wire.centre.confirm(alarm))
    wire.run()
    assert set(ends()) == {"confirmed"}
    assert len(states_of(wire.bench.cast.ib, wire)) == 1


def test_what_is_not_confirmed_is_sent_three_times_more_the_same_to_the_byte(wire: Wire) -> None:
    wire.settle_in()
    wire.bench.alarm(wire.bench.cast.ir)
    wire.follow()
    wire.speak()
    assert wire.pass_time(39)
    assert wire.centre.got == [wire.centre.got[0]] * 4
    wire.hear(wire.centre.confirm(wire.centre.got[0]))
    assert ends() == ["confirmed"]
    assert (Upload.objects.get().sent, outbox.sent_again()) == (4, 1)


def test_a_centre_that_says_nothing_any_more_ends_the_line_and_loses_nothing(wire: Wire) -> None:
    wire.settle_in()
    wire.bench.alarm(wire.bench.cast.ir)
    wire.follow()
    wire.speak()
    assert not wire.pass_time(60)
    assert ends() == ["waiting"]
    serial = wire.centre.got[0].serial
    wire.centre.got.clear()
    wire.connect()
    (first, *_) = wire.run()
    assert (first.flag, first.state, first.serial) == (2, 3, serial)
    assert ends() == ["confirmed"]


def test_a_frame_that_the_centre_never_answers_holds_up_no_other(wire: Wire) -> None:
    room, _ = another_room(wire.bench.cast)
    wire.settle_in()
    wire.bench.alarm(wire.bench.cast.ir)
    wire.follow()
    wire.speak()
    wire.bench.alarm(room, Level.FAULT, rule=Rule.SENSOR)
    wire.follow()
    wire.pass_time(40)
    probe = wire.centre.got[-1]
    assert probe.flag == 21
    wire.hear(wire.centre.confirm(probe))
    wire.run()
    assert ends() == ["unanswered", "confirmed", "confirmed"]


def test_a_denial_is_kept_and_told_and_holds_up_no_other(wire: Wire) -> None:
    room, _ = another_room(wire.bench.cast)
    wire.settle_in()
    wire.bench.alarm(wire.bench.cast.ir)
    wire.bench.alarm(room)
    wire.follow()
    (first,) = wire.speak()
    wire.hear(wire.centre.deny(first))
    wire.run()
    assert ends() == ["denied", "confirmed", "confirmed"]
    seen = watching.watch("centre:1", 0.0, "", wire.bench.now)
    assert (seen.waiting, seen.refused) == (0, 1)
    assert wire.bench.last("opened").data["what"] == watching.REFUSED
    wire.bench.wait(601)
    watching.watch("centre:1", 0.0, "", wire.bench.now)
    assert wire.bench.last("returned").data["what"] == watching.REFUSED


def test_an_hour_without_a_line_comes_after_it_in_its_order(wire: Wire) -> None:
    points = [wire.bench.cast.ir, wire.bench.cast.tb, *another_room(wire.bench.cast)]
    wire.settle_in()
    story: list[tuple[int, int]] = []
    for minute in range(60):
        point = points[minute % 4]
        wire.bench.alarm(point, Level.ALARM if minute % 8 < 4 else Level.NORMAL)
        story.append((point.pk, 3 if minute % 8 < 4 else 1))
        wire.bench.wait(60)
        wire.follow()
    assert outbox.waiting().count > 60
    wire.connect()
    wire.run()
    assert len(wire.centre.states()) == 60
    for point in points:
        expected = [state for component, state in story if component == point.pk]
        assert states_of(point, wire) == expected
    alarms = [pair for pair in wire.centre.states() if pair[1] == 3]
    assert alarms == [pair for pair in story if pair[1] == 3]
    assert set(ends()) == {"confirmed"}
    assert outbox.sent_again() == 0


def test_garbage_of_the_centre_is_passed_over_and_a_wrong_sum_denied(wire: Wire) -> None:
    wire.settle_in()
    spoilt = bytearray(wire.centre.asks(bytes((81, 1, 0))))
    spoilt[-3] ^= 1
    said = wire.hear(b"\x00rubbish##" + bytes(spoilt) + standard.frame(9, 77))
    assert [got.command for got in said] == [standard.DENY, standard.DENY]
    wire.bench.alarm(wire.bench.cast.tb)
    wire.follow()
    wire.run()
    assert states_of(wire.bench.cast.tb, wire) == [3]
    assert wire.counts["bad_frames"] == 3


def test_a_confirm_behind_a_frame_that_was_cut_off_is_taken_after_ten_seconds(wire: Wire) -> None:
    wire.settle_in()
    wire.bench.alarm(wire.bench.cast.ir)
    wire.follow()
    (got,) = wire.speak()
    wire.hear(standard.frame(1, standard.SEND, bytes(900))[:60] + wire.centre.confirm(got))
    assert ends() == ["waiting"]
    wire.bench.wait(10)
    wire.speak()
    assert ends() == ["confirmed"]


def test_a_confirm_of_nothing_confirms_nothing(wire: Wire) -> None:
    wire.settle_in()
    wire.bench.alarm(wire.bench.cast.ir)
    wire.follow()
    (got,) = wire.speak()
    wire.hear(standard.frame((got.serial + 7) % 65_536, standard.CONFIRM))
    assert ends() == ["waiting"]
    wire.hear(wire.centre.confirm(got) * 3)
    assert ends() == ["confirmed"]


def test_who_speaks_something_else_is_left(wire: Wire) -> None:
    wire.settle_in()
    page = b"HTTP/1.1 400 Bad Request\r\n".ljust(1_024, b"x")
    for _ in range(UPLINK_GARBAGE_BYTES_MAX // 1_024):
        wire.hear(page)
    with pytest.raises(LineEnded, match="is no GB"):
        wire.hear(page * 3)


@pytest.mark.parametrize(("kind", "flag"), [("empty", 0), ("time", 28), ("state", 21)])
def test_the_heartbeat_is_the_one_that_was_agreed(wired: Callable[..., Wire], kind: str, flag: int) -> None:
    wire = wired(heartbeat={"kind": kind, "every_s": 20})
    wire.settle_in()
    wire.bench.wait(19)
    assert wire.speak() == []
    wire.bench.wait(1)
    assert [(got.flag, got.command) for got in wire.run()] == [(flag, 2)]
    wire.bench.wait(19)
    assert wire.speak() == []


def test_our_state_is_told_again_in_its_time_and_when_it_changes(wired: Callable[..., Wire]) -> None:
    wire = wired(state_every_s=3_600, heartbeat={"kind": "empty", "every_s": 3_600})
    wire.settle_in()
    wire.bench.now += timedelta(hours=1)
    assert [got.flag for got in wire.run()] == [21, 1]
    wire.bench.alarm(wire.bench.cast.ir)
    wire.follow()
    assert wire.talk is not None
    wire.talk.conversation.state_changed()
    came = wire.run()
    assert [got.flag for got in came] == [2, 21, 1]  # the alarm first
    assert came[1].unit[2] == 0b11
    assert came[2].unit[4] == 0b11


def test_after_a_crash_the_same_frame_goes_again(wire: Wire) -> None:
    wire.settle_in()
    wire.bench.say(Said(wire.bench.cast.ir, Level.ALARM))
    wire.follow()
    (first,) = wire.speak()
    wire.bench.wait(5)
    wire.connect()  # nothing was settled: a new process, a new line
    (again, *_) = wire.run()
    assert again == first
    assert ends() == ["confirmed"]
    assert outbox.sent_again() == 1
