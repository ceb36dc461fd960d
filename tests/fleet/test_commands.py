"""Commands for devices as the database keeps them: asked, passed on, written down, over."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from flameblue.domain.clock import to_ns
from flameblue.domain.errors import BadInput
from flameblue.domain.limits import COMMAND_WAITS_S, COMMANDS_KEPT_PER_DEVICE
from flameblue.fleet import commands
from flameblue.fleet.keeping import Hand
from flameblue.fleet.models import AuditEntry, Device, DeviceCommand
from flameblue.intake.device_commands import Outcome, Told, Wish
from tests.cast import Cast

pytestmark = pytest.mark.django_db
NOBODY: frozenset[int] = frozenset()


@pytest.fixture
def hand(now: datetime) -> Hand:
    return Hand("bolat", now)


@pytest.fixture
def device(cast: Cast) -> Device:
    return Device.objects.create(
        premises=cast.premises, name="用传1", profile="gb26875-generic", device_address="790300000000"
    )


def test_a_command_waits_for_the_core_and_is_in_the_audit(device: Device, hand: Hand) -> None:
    made = commands.ask(device, "duty_check", {"minutes": "5", "more": "x"}, hand)
    wish = Wish(made.pk, "用传1", "duty_check", {"minutes": 5})
    assert commands.waiting(NOBODY, hand.now) == [("gb26875", wish)]
    assert commands.waiting(frozenset({made.pk}), hand.now) == []
    told = AuditEntry.objects.latest("id")
    assert (told.by, told.verb, told.detail) == ("bolat", "asked duty_check", {"arguments": {"minutes": 5}})


def test_what_comes_back_is_kept_and_a_command_that_is_over_stays_so(device: Device, hand: Hand) -> None:
    made = commands.ask(device, "device_state", {}, hand)
    at = hand.now + timedelta(seconds=2)
    steps = [Told(made.pk, Outcome.SENT, to_ns(hand.now)), Told(made.pk, Outcome.DONE, to_ns(at), b"\x15\1")]
    commands.record([*steps, replace(steps[0]), Told(made.pk, Outcome.NO_ANSWER, to_ns(at))])
    made.refresh_from_db()
    assert (made.outcome, made.sent_at, made.answered_at, made.answer) == ("done", hand.now, at, ["1501"])
    commands.ask(device, "device_state", {}, hand)


def test_one_command_a_device_is_open_and_others_are_not_in_its_way(
    device: Device, hand: Hand, cast: Cast
) -> None:
    other = Device.objects.create(premises=cast.premises, name="用传2", profile="gb26875-generic")
    commands.ask(device, "device_state", {}, hand)
    with pytest.raises(BadInput):
        commands.ask(device, "set_clock", {}, hand)
    commands.ask(other, "set_clock", {}, hand)
    assert [wish.device for _, wish in commands.waiting(NOBODY, hand.now)] == ["用传1", "用传2"]


def test_what_waited_too_long_or_was_under_way_before_a_start_is_over(device: Device, hand: Hand) -> None:
    late = commands.ask(device, "set_clock", {}, hand)
    after = hand.now + timedelta(seconds=COMMAND_WAITS_S + 1)
    assert commands.waiting(NOBODY, after) == []
    sent = commands.ask(device, "set_clock", {}, replace(hand, now=after))
    commands.record([Told(sent.pk, Outcome.SENT, to_ns(after))])
    assert commands.waiting(NOBODY, after) == []
    for one in (late, sent):
        one.refresh_from_db()
        assert (one.outcome, one.answered_at) == ("lapsed", after)


def test_a_device_that_is_not_in_use_or_knows_no_questions_is_not_asked(
    device: Device, hand: Hand, cast: Cast
) -> None:
    device.enabled = False
    for one in (device, cast.device):
        with pytest.raises(BadInput):
            commands.ask(one, "device_state", {}, hand)
    assert not AuditEntry.objects.filter(verb__startswith="asked").exists()


def test_a_device_keeps_the_newest_of_its_commands(device: Device, hand: Hand) -> None:
    for _ in range(COMMANDS_KEPT_PER_DEVICE + 3):
        made = commands.ask(device, "device_state", {}, hand)
        commands.record([Told(made.pk, Outcome.NO_LINE, to_ns(hand.now))])
    kept = DeviceCommand.objects.filter(device=device)
    assert kept.count() == COMMANDS_KEPT_PER_DEVICE
    assert kept.latest("id") == made
