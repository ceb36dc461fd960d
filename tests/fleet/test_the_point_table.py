"""The bridge from the database to numbers: rows, the outbox, the directory, where limits come from."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from django.db import transaction

from flameblue.domain.clock import to_ns
from flameblue.domain.points import ENABLED, NEVER_NS, NO_LIMIT, NO_LOWER_LIMIT, ON_CHANGE, POINT, PointRows
from flameblue.domain.quantities import QUANTITIES
from flameblue.fleet import actions, point_table, shelf
from flameblue.fleet.actions import Limits
from flameblue.fleet.keeping import Hand
from flameblue.fleet.models import Circuit, Device, PairingWindow, Panel, Point, PointChange, Premises
from flameblue.profiles.default_limits import default_limits
from flameblue.profiles.loader import Profile
from tests.cast import CREDENTIAL, Cast

pytestmark = pytest.mark.django_db
S = 1_000_000_000


@pytest.fixture
def hand(now: datetime) -> Hand:
    return Hand("root", now, "measured on site")


@pytest.fixture
def known(cast: Cast, now: datetime) -> Mapping[str, Profile]:
    """The profiles, after a first refresh whose outbox entries are in the journal already."""
    profiles = shelf.profiles()
    assert point_table.refresh(profiles, now) == 3
    for change, _ in point_table.waiting_changes():
        point_table.mark_appended(change, 1)
    return profiles


def row_of(point: Point) -> np.void:
    rows = point_table.all_rows()
    return rows[rows["point"] == point.pk][0]


def waiting() -> PointRows:
    return np.frombuffer(b"".join(rows for _, rows in point_table.waiting_changes()), dtype=POINT)


def test_a_point_is_one_row_of_numbers_in_its_own_steps(cast: Cast, known: Mapping[str, Profile]) -> None:
    row = row_of(cast.tb)
    defaults = default_limits()["temperature_c"]
    assert row["quantity"] == QUANTITIES["temperature_c"].code
    assert row["phase"] == 2
    assert row["flags"] == ENABLED
    assert row["over_alarm"] == round(defaults["over_alarm"].value * 10)
    assert row["alarm_hold_ns"] == round(defaults["alarm_hold_s"].value * S)
    assert (row["under_warning"], row["under_alarm"]) == (NO_LOWER_LIMIT, NO_LOWER_LIMIT)
    assert (row["plausible_min"], row["plausible_max"]) == (-600, 3000)
    assert (row["interval_ns"], row["gap_ns"]) == (10 * S, 16 * S)
    assert (row["silence_ns"], row["lost_hold_ns"], row["frozen_ns"]) == (90 * S, 60 * S, NEVER_NS)


def test_refresh_again_says_nothing(known: Mapping[str, Profile], now: datetime) -> None:
    assert point_table.refresh(known, now) == 0
    assert point_table.waiting_changes() == []


def test_load_limits_follow_the_rating_and_without_one_there_is_no_limit(
    cast: Cast, known: Mapping[str, Profile], hand: Hand
) -> None:
    assert (row_of(cast.ib)["over_warning"], row_of(cast.ib)["over_alarm"]) == (36_000, 40_000)
    actions.set_rating(cast.circuit, 16.0, hand)
    assert list(waiting()["point"]) == [cast.ib.pk]
    assert row_of(cast.ib)["over_alarm"] == 16_000
    actions.set_rating(cast.circuit, None, hand)
    assert (row_of(cast.ib)["over_warning"], row_of(cast.ib)["over_alarm"]) == (NO_LIMIT, NO_LIMIT)


def test_narrower_scopes_win_field_by_field(cast: Cast, known: Mapping[str, Profile], hand: Hand) -> None:
    def limit(target: object, **values: float) -> None:
        actions.set_limit(Limits(target, "residual_current_ma", values), hand)

    limit("flameblue-generic", over_alarm=280, over_warning=150)
    assert (row_of(cast.ir)["over_warning"], row_of(cast.ir)["over_alarm"]) == (1500, 2800)
    limit(cast.premises, over_alarm=240)
    limit(cast.site, over_alarm=260, alarm_hold_s=15)
    assert row_of(cast.ir)["over_alarm"] == 2400
    limit(cast.circuit, over_alarm=100)
    row = row_of(cast.ir)
    assert row["over_alarm"] == 1000
    assert row["alarm_hold_ns"] == 15 * S
    assert row["over_warning"] == 1000, "a warning limit is never laxer than the alarm limit"


def test_a_profiles_limits_stand_between_the_default_and_the_site(
    cast: Cast, known: Mapping[str, Profile], hand: Hand
) -> None:
    own = replace(known["flameblue-generic"], limits={"temperature_c": {"over_alarm": 65.0}})
    profiles = {**known, "flameblue-generic": own}
    assert point_table.refresh(profiles, hand.now) == 1
    assert row_of(cast.tb)["over_alarm"] == 650
    origins = {origin.field: origin for origin in point_table.explain(cast.tb, profiles)}
    assert (origins["over_alarm"].scope, origins["over_alarm"].edition) == ("profile", own.source)
    assert origins["over_warning"].scope == "default"


def test_hysteresis_leaves_a_way_back(cast: Cast, known: Mapping[str, Profile], hand: Hand) -> None:
    limits = Limits(cast.circuit, "residual_current_ma", {"over_warning": 20, "over_alarm": 30})
    actions.set_limit(limits, hand)
    assert row_of(cast.ir)["over_hysteresis"] == 100


def test_explain_names_the_scope_and_the_edition_of_each_limit(
    cast: Cast, known: Mapping[str, Profile], hand: Hand
) -> None:
    actions.set_limit(Limits(cast.site, "residual_current_ma", {"over_warning": 150}), hand)
    origins = {origin.field: origin for origin in point_table.explain(cast.ir, known)}
    assert (origins["over_warning"].scope, origins["over_warning"].value) == ("site", 150)
    assert origins["over_warning"].edition == "measured on site"
    assert origins["over_alarm"].scope == "default"
    assert "GB 50116-2013" in origins["over_alarm"].edition


def test_a_changed_profile_changes_exactly_its_points(
    cast: Cast, known: Mapping[str, Profile], now: datetime
) -> None:
    other = Device.objects.create(premises=cast.premises, name="D0218", profile="flameblue-efm8")
    point = Point.objects.create(device=other, key="ir", quantity="residual_current_ma")
    assert point_table.refresh(known, now) == 1
    slower = replace(known["flameblue-efm8"], interval_s=60.0, silence_s=None, on_change=True)
    assert point_table.refresh({**known, "flameblue-efm8": slower}, now) == 1
    row = row_of(point)
    assert (row["interval_ns"], row["silence_ns"], row["flags"]) == (60 * S, 180 * S, ENABLED | ON_CHANGE)


def test_a_point_whose_profile_is_gone_keeps_its_row(
    cast: Cast, known: Mapping[str, Profile], now: datetime
) -> None:
    before = point_table.all_rows().tobytes()
    assert point_table.refresh({}, now) == 0
    assert point_table.all_rows().tobytes() == before
    assert point_table.explain(cast.tb, {}) == []


def test_a_retired_point_and_a_disabled_device_are_watched_no_more(
    cast: Cast, known: Mapping[str, Profile], hand: Hand
) -> None:
    assert actions.retire_point(cast.tb, hand)
    assert [(int(row["point"]), int(row["flags"])) for row in waiting()] == [(cast.tb.pk, 0)]
    assert not actions.retire_point(cast.tb, hand), "it already is"
    assert actions.restore_point(cast.tb, hand)
    assert row_of(cast.tb)["flags"] == ENABLED
    Device.objects.filter(pk=cast.device.pk).update(enabled=False)
    point_table.refresh(known, hand.now)
    assert set(point_table.all_rows()["flags"]) == {0}


def test_a_change_that_is_rolled_back_leaves_nothing_in_the_outbox(
    cast: Cast, known: Mapping[str, Profile], hand: Hand
) -> None:
    before = point_table.all_rows().tobytes()

    def stumble() -> None:
        with transaction.atomic():
            actions.set_rating(cast.circuit, 16.0, hand)
            assert len(waiting()) == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        stumble()
    assert point_table.waiting_changes() == []
    assert point_table.all_rows().tobytes() == before
    assert Circuit.objects.get(pk=cast.circuit.pk).rated_current_a == 40.0


def test_the_outbox_is_read_in_order_until_the_journal_has_it(
    cast: Cast, known: Mapping[str, Profile], hand: Hand
) -> None:
    actions.set_rating(cast.circuit, 16.0, hand)
    actions.set_rating(cast.circuit, 20.0, hand)
    (first, one), (_, two) = point_table.waiting_changes()
    assert [int(np.frombuffer(rows, dtype=POINT)["over_alarm"][0]) for rows in (one, two)] == [16_000, 20_000]
    point_table.mark_appended(first, 77)
    assert PointChange.objects.get(pk=first).appended_offset == 77
    assert len(point_table.waiting_changes()) == 1


def test_the_directory_knows_devices_points_and_tokens(cast: Cast, hand: Hand) -> None:
    directory = point_table.directory(b"key", hand.now)
    entry = directory.devices["D0217"]
    assert entry.points["tb"] == (cast.tb.pk, QUANTITIES["temperature_c"])
    assert (entry.profile, entry.credential_hash) == ("flameblue-generic", actions.hashed(CREDENTIAL))
    assert directory.by_credential == {entry.credential_hash: "D0217"}
    assert (directory.pairing_until_ns, directory.credential_key) == (0, b"key")


def test_a_credential_that_two_devices_share_is_nobodys_token(cast: Cast, now: datetime) -> None:
    Device.objects.create(
        premises=cast.premises, name="D9", profile="x", credential_hash=cast.device.credential_hash
    )
    directory = point_table.directory(b"key", now)
    assert set(directory.devices) == {"D0217", "D9"}
    assert directory.by_credential == {}


def test_a_disabled_device_may_not_connect(cast: Cast, now: datetime) -> None:
    Device.objects.filter(pk=cast.device.pk).update(enabled=False)
    assert point_table.directory(b"key", now).devices == {}


def test_an_open_pairing_window_is_known_until_it_ends(cast: Cast, hand: Hand) -> None:
    actions.open_pairing(600, hand)
    until = hand.now + timedelta(seconds=600)
    assert point_table.directory(b"", hand.now).pairing_until_ns == to_ns(until)
    assert point_table.directory(b"", until).pairing_until_ns == 0
    assert point_table.waiting_changes()[-1][1] == b"", "the core is told to read the directory anew"
    assert actions.close_pairing(hand)
    assert point_table.directory(b"", hand.now).pairing_until_ns == 0
    assert PairingWindow.objects.count() == 1


def test_many_points_take_few_queries(
    cast: Cast, known: Mapping[str, Profile], now: datetime, django_assert_max_num_queries: object
) -> None:
    fill(cast, 2_000)
    with django_assert_max_num_queries(12):
        assert point_table.refresh(known, now) == 2_000
    with django_assert_max_num_queries(5):
        assert point_table.refresh(known, now) == 0
    with django_assert_max_num_queries(5):
        directory = point_table.directory(b"", now)
    assert sum(len(entry.points) for entry in directory.devices.values()) == 2_003


def fill(cast: Cast, points: int) -> None:
    """Devices of ten points each, on circuits of their own."""
    premises = Premises.objects.bulk_create(
        [Premises(site=cast.site, name=f"P{i}", short_name=f"P{i}") for i in range(points // 10)]
    )
    panels = Panel.objects.bulk_create([Panel(premises=one, name="1") for one in premises])
    circuits = Circuit.objects.bulk_create(
        [Circuit(panel=one, name="1", rated_current_a=20) for one in panels]
    )
    devices = Device.objects.bulk_create(
        [Device(premises=one, name=f"X{one.pk}", profile="flameblue-generic") for one in premises]
    )
    quantities = ["temperature_c", "current_a", "residual_current_ma", "voltage_v"]
    Point.objects.bulk_create(
        [
            Point(device=device, circuit=circuit, key=f"k{k}", quantity=quantities[k % 4])
            for device, circuit in zip(devices, circuits, strict=True)
            for k in range(10)
        ]
    )


def three_phases(cast: Cast, key: str = "") -> list[Point]:
    """A voltage point for each phase of the circuit of the cast's temperature."""
    return [
        Point.objects.create(
            device=cast.tb.device,
            circuit=cast.tb.circuit,
            key=f"u{phase}{key}",
            quantity="voltage_v",
            phase=phase,
        )
        for phase in "ABC"
    ]


def test_the_phases_of_a_circuit_know_each_other_until_one_is_retired(cast: Cast, now: datetime) -> None:
    a, b, c = three_phases(cast)
    point_table.refresh(shelf.profiles(), now)
    assert row_of(a)["other_phases"].tolist() == [b.pk, c.pk]
    assert row_of(c)["other_phases"].tolist() == [a.pk, b.pk]
    assert (row_of(b)["phase_lost"], row_of(b)["phase_stands"]) == (1_100, 1_760)
    Point.objects.filter(pk=b.pk).update(retired=True)
    point_table.refresh(shelf.profiles(), now)
    assert row_of(a)["other_phases"].tolist() == [c.pk, 0]


def test_a_single_phase_and_a_second_point_of_a_phase_have_none_to_lose(cast: Cast, now: datetime) -> None:
    alone = Point.objects.create(
        device=cast.tb.device, circuit=cast.tb.circuit, key="u", quantity="voltage_v", phase="A"
    )
    point_table.refresh(shelf.profiles(), now)
    assert row_of(alone)["phase_lost"] == NO_LOWER_LIMIT
    alone.delete()
    three_phases(cast)
    again = three_phases(cast, "2")
    point_table.refresh(shelf.profiles(), now)
    assert {int(row_of(point)["phase_lost"]) for point in again} == {NO_LOWER_LIMIT}
