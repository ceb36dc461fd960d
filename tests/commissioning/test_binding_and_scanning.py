"""An unknown device gets its place in one step; serial numbers come once, however often a phone sends them."""

from datetime import datetime, timedelta

import pytest

from flameblue.commissioning import binding, scanning
from flameblue.commissioning.binding import Binding
from flameblue.commissioning.models import Commissioning, Scan
from flameblue.commissioning.scanning import Scanned
from flameblue.domain.errors import BadInput
from flameblue.fleet import point_table
from flameblue.fleet.actions import NewDevice
from flameblue.fleet.keeping import Hand
from flameblue.fleet.models import Device, Point
from flameblue.fleet.starting import NewPoint
from tests.cast import Cast


@pytest.fixture
def hand(now: datetime) -> Hand:
    return Hand("root", now, "paired")


def scanned(now: datetime, client_id: str = "3f0c1d9e-0001", serial: str = "SN-0999") -> Scanned:
    return Scanned(client_id, serial, "2号箱, left", now - timedelta(hours=3))


def test_a_device_of_an_open_model_gets_the_points_that_it_sends(cast: Cast, hand: Hand) -> None:
    device = NewDevice("D0999", cast.premises, "flameblue-generic", "abc")
    points = [NewPoint("leak", "residual_current_ma"), NewPoint("ta", "temperature_c", "A")]
    made = binding.bind(Binding(device, cast.circuit, points), hand)
    kept = made.points.order_by("id").values_list("key", "quantity", "phase", "circuit")
    assert list(kept) == [
        ("leak", "residual_current_ma", "", cast.circuit.pk),
        ("ta", "temperature_c", "A", cast.circuit.pk),
    ]
    record = Commissioning.objects.get(device=made)
    assert (record.bound_by, record.bound_at) == ("root", hand.now)
    entry = point_table.directory(b"", hand.now).devices["D0999"]
    assert (set(entry.points), entry.credential_hash) == ({"leak", "ta"}, "abc")
    assert len(point_table.all_rows()) == 2


def test_a_device_of_a_fixed_model_gets_the_models_points_alone(cast: Cast, hand: Hand) -> None:
    device = NewDevice("D0999", cast.premises, "flameblue-efm8")
    made = binding.bind(Binding(device, cast.circuit, [NewPoint("leak", "residual_current_ma")]), hand)
    assert made.points.count() == 11
    assert not made.points.filter(circuit=None).exists()
    assert not made.points.filter(key="leak").exists()


def test_nothing_is_made_where_something_is_wrong(cast: Cast, hand: Hand) -> None:
    known = NewDevice("D0217", cast.premises, "flameblue-generic")
    with pytest.raises(BadInput, match="already a device"):
        binding.bind(Binding(known), hand)
    nonsense = Binding(NewDevice("D0999", cast.premises, "flameblue-generic"), None, [NewPoint("a", "luck")])
    with pytest.raises(BadInput, match="no such quantity"):
        binding.bind(nonsense, hand)
    assert Device.objects.count() == 1
    assert Point.objects.count() == 3


def test_a_scan_gives_the_device_its_serial_number_and_its_place(
    cast: Cast, hand: Hand, now: datetime
) -> None:
    assert scanning.take([scanned(now, serial="d0999")], hand) == 1
    made = binding.bind(Binding(NewDevice("D0999", cast.premises, "flameblue-generic")), hand)
    assert (made.serial, made.commissioning.place) == ("d0999", "2号箱, left")


def test_a_scan_is_taken_once(cast: Cast, hand: Hand, now: datetime) -> None:
    first, second = scanned(now), scanned(now, "3f0c1d9e-0002", "SN-1000")
    assert scanning.take([first], hand) == 1
    assert scanning.take([first, second, second], hand) == 1
    assert Scan.objects.count() == 2
    assert scanning.take([first, second], hand) == 0


def test_a_phone_whose_clock_runs_ahead_has_scanned_it_now(cast: Cast, hand: Hand, now: datetime) -> None:
    ahead = Scanned("3f0c1d9e-0003", "SN-1", "", now + timedelta(days=1))
    scanning.take([ahead], hand)
    assert Scan.objects.get().scanned_at == now


@pytest.mark.parametrize(
    "wrong",
    [
        ("short", "SN-1", ""),
        ("3f0c1d9e-0003", " ", ""),
        ("3f0c1d9e-0003", "a\x00b", ""),
        ("3f0c1d9e-0003", "SN", "x" * 201),
    ],
)
def test_what_cannot_be_kept_is_refused_and_none_of_the_others_is(
    cast: Cast, hand: Hand, now: datetime, wrong: tuple[str, str, str]
) -> None:
    with pytest.raises(BadInput):
        scanning.take([scanned(now), Scanned(*wrong, now)], hand)
    assert not Scan.objects.exists()
