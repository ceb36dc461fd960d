"""Actions on the fleet: audited, checked, told to detection and to the intake."""

from datetime import datetime

import pytest
from django.utils import translation

from flameblue.domain.errors import BadInput
from flameblue.fleet import actions, audit, point_table, shelf
from flameblue.fleet.actions import Limits, NewDevice
from flameblue.fleet.keeping import Hand, keep
from flameblue.fleet.models import AuditEntry, Device, LimitSetting, PairingWindow, Premises
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def hand(now: datetime) -> Hand:
    return Hand("root", now, "measured on site")


def test_every_change_of_a_limit_is_on_record(cast: Cast, hand: Hand) -> None:
    actions.set_limit(Limits(cast.site, "residual_current_ma", {"over_alarm": 250}), hand)
    later = Hand("bolat", hand.now, "too many warnings")
    setting = actions.set_limit(Limits(cast.site, "residual_current_ma", {"over_alarm": 280}), later)
    first, second = AuditEntry.objects.order_by("id")
    assert (first.verb, first.by, first.at) == ("added limit setting", "root", hand.now)
    assert first.detail["changes"]["over_alarm"] == [None, 250]
    assert (second.verb, second.by) == ("changed limit setting", "bolat")
    assert second.detail["changes"]["over_alarm"] == [250.0, 280]
    assert second.detail["reason"] == "too many warnings"
    actions.remove_limit(setting, hand)
    third = AuditEntry.objects.order_by("id").last()
    assert third is not None
    assert third.verb == "removed limit setting"
    assert third.detail["said"]["over_alarm"] == 280
    assert not LimitSetting.objects.exists()


def test_taking_a_limit_back_lets_the_wider_scope_count_again(cast: Cast, hand: Hand) -> None:
    point_table.refresh(shelf.profiles(), hand.now)
    before = point_table.all_rows().tobytes()
    setting = actions.set_limit(Limits(cast.circuit, "temperature_c", {"over_alarm": 60}), hand)
    assert point_table.all_rows().tobytes() != before
    actions.remove_limit(setting, hand)
    assert point_table.all_rows().tobytes() == before


def test_one_field_can_be_taken_back(cast: Cast, hand: Hand) -> None:
    actions.set_limit(Limits(cast.site, "temperature_c", {"over_alarm": 60, "alarm_hold_s": 5}), hand)
    setting = actions.set_limit(Limits(cast.site, "temperature_c", {"over_alarm": None}), hand)
    assert (setting.over_alarm, setting.alarm_hold_s) == (None, 5)


@pytest.mark.parametrize(
    ("quantity", "values", "why"),
    [
        ("temperature", {}, "no quantity"),
        ("temperature_c", {"over": 60}, "no limit field"),
        ("temperature_c", {"over_alarm": 900}, "broken sensor"),
        ("temperature_c", {"over_alarm": float("nan")}, "broken sensor"),
        ("temperature_c", {"over_warning": 80, "over_alarm": 70}, "a warning comes first"),
        ("voltage_v", {"under_warning": 170, "under_alarm": 176}, "a warning comes first"),
        ("temperature_c", {"alarm_hold_s": -1}, "between 0"),
        ("temperature_c", {"over_hysteresis": -1}, "negative"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused(
    cast: Cast, hand: Hand, quantity: str, values: dict[str, float | None], why: str
) -> None:
    with pytest.raises(BadInput, match=why):
        actions.set_limit(Limits(cast.site, quantity, values), hand)
    assert not LimitSetting.objects.exists()


def test_a_limit_is_changed_for_a_reason(cast: Cast, now: datetime) -> None:
    with pytest.raises(BadInput, match="reason"):
        actions.set_limit(Limits(cast.site, "temperature_c", {"over_alarm": 60}), Hand("root", now))


def test_a_limit_of_an_unknown_profile_is_refused(cast: Cast, hand: Hand) -> None:
    with translation.override("en"), pytest.raises(BadInput, match="no profile"):
        actions.set_limit(Limits("none-such", "temperature_c", {"over_alarm": 60}), hand)


def test_saving_what_is_already_so_writes_nothing(cast: Cast, hand: Hand) -> None:
    assert not keep(cast.circuit, hand)
    assert not AuditEntry.objects.exists()


def test_a_changed_credential_is_on_record_without_itself_and_the_intake_is_told(
    cast: Cast, hand: Hand
) -> None:
    assert actions.set_credential(cast.device, "a-new-one", hand)
    entry = AuditEntry.objects.get()
    assert entry.detail["changes"] == {"credential_hash": ["(set)", "(set)"]}
    assert Device.objects.get(pk=cast.device.pk).credential_hash == actions.hashed("a-new-one")
    assert point_table.waiting_changes()


def test_the_intake_is_told_of_a_new_credential_even_where_no_row_changes(cast: Cast, hand: Hand) -> None:
    point_table.refresh(shelf.profiles(), hand.now)
    before = len(point_table.waiting_changes())
    actions.set_credential(cast.device, "a-new-one", hand)
    assert [rows for _, rows in point_table.waiting_changes()[before:]] == [b""]


def test_a_device_that_is_moved_leaves_the_circuits_of_the_old_premises(cast: Cast, hand: Hand) -> None:
    other = Premises.objects.create(site=cast.site, name="白桦客栈", short_name="白桦")
    assert actions.move_device(cast.device, other, hand)
    assert set(cast.device.points.values_list("circuit", flat=True)) == {None}
    verbs = list(AuditEntry.objects.order_by("id").values_list("verb", flat=True))
    assert verbs == ["changed device", "left circuit", "left circuit", "left circuit"]


def test_a_paired_device_gets_the_points_of_its_profile(cast: Cast, hand: Hand) -> None:
    wish = NewDevice("D0400", cast.premises, "flameblue-efm8", actions.hashed("x"))
    device = actions.bind_device(wish, hand)
    assert device.points.count() == len(shelf.profiles()["flameblue-efm8"].points)
    assert set(point_table.all_rows()["point"]) == set(device.points.values_list("id", flat=True))


@pytest.mark.parametrize(
    ("name", "profile", "why"),
    [
        ("D0217", "flameblue-efm8", "already a device"),
        ("D/1", "flameblue-efm8", "can't name a device"),
        (" D1", "flameblue-efm8", "can't name a device"),
        ("D1 ", "flameblue-efm8", "can't name a device"),
        ("D  1", "flameblue-efm8", "can't name a device"),
        ("D\t1", "flameblue-efm8", "can't name a device"),
        ("D\u202e1", "flameblue-efm8", "can't name a device"),
        ("D" * 65, "flameblue-efm8", "can't name a device"),
        ("D1", "none-such", "no profile"),
    ],
)
def test_a_device_that_cannot_be_is_not_bound(
    cast: Cast, hand: Hand, name: str, profile: str, why: str
) -> None:
    with translation.override("en"), pytest.raises(BadInput, match=why):
        actions.bind_device(NewDevice(name, cast.premises, profile), hand)


@pytest.mark.parametrize("duration_s", [0, -5, 3601, float("nan")])
def test_a_pairing_window_is_open_for_an_hour_at_most(cast: Cast, hand: Hand, duration_s: float) -> None:
    with pytest.raises(BadInput, match="60 minutes"):
        actions.open_pairing(duration_s, hand)
    assert not PairingWindow.objects.exists()


def test_closing_what_is_not_open_is_an_answer(cast: Cast, hand: Hand) -> None:
    assert not actions.close_pairing(hand)


def test_phones_are_masked_wherever_they_are_told() -> None:
    assert audit.mask_phone("+8613812340000") == "+86138****0000"
    assert audit.mask_phone("12345") == "*****"
    assert audit.readable("phone", "+8613812340000") == "+86138****0000"
    assert audit.readable("credential_hash", "abc") == "(set)"
