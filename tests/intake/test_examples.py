"""The line that a new device is tried with: our intake really takes it, whole, as ordinary readings."""

import pytest

from flameblue.domain.limits import EXAMPLE_VALUES_MAX
from flameblue.domain.quantities import QUANTITIES
from flameblue.domain.readings import Readings
from flameblue.intake import examples
from flameblue.intake.decode import Draft, Known, Message, decode, decode_samples_into
from flameblue.intake.directory import DeviceEntry, Directory
from flameblue.intake.examples import Example
from flameblue.intake.push import mapping
from flameblue.intake.reasons import Reject
from flameblue.profiles.loader import Profile, Shelf, package_folder

NOW_NS = 1_768_417_620_000_000_000
SHELF = Shelf(package_folder()).current()
TYPED = sorted(name for name, profile in SHELF.items() if examples.can_be_typed(profile))
KEYS = {
    "shelly-generic": {"em1:0.current": "current_a", "em1:0.voltage": "voltage_v"},
    "tasmota-generic": {"ENERGY.Current": "current_a", "AM2301.Temperature": "temperature_c"},
}
OPEN = {"temp": "temperature_c", "ir": "residual_current_ma"}


def entry(profile: Profile) -> DeviceEntry:
    points = {key: point.quantity for key, point in profile.points.items()}
    if profile.open_points:
        points = {key: QUANTITIES[name] for key, name in KEYS.get(profile.name, OPEN).items()}
    return DeviceEntry(
        "D 0217", profile.name, "", {key: (n, one) for n, (key, one) in enumerate(points.items(), 1)}
    )


def taken(device: DeviceEntry, profile: Profile, found: Example) -> tuple[Readings, tuple[Reject, ...]]:
    """What our intake makes of an example."""
    if profile.push is None:
        got = decode(device, profile, Message(found.topic, found.text.encode()), NOW_NS)
        return got.readings, got.rejects
    assert found.topic == "/intake/v1/D%200217"
    draft, known = Draft(), Known(Directory({device.name: device}), {profile.name: profile})
    pushed = mapping.read(profile.push, found.text.encode())
    decode_samples_into(draft, known, device, pushed.samples, NOW_NS)
    return draft.readings(), draft.rejects()


def test_gateways_and_what_is_behind_them_can_not_be_typed() -> None:
    assert {name for name, profile in SHELF.items() if not profile.is_asked} - set(TYPED) == {
        "ctwing-push",
        "gb26875-four-faith",
        "gb26875-generic",
        "gb26875-haiwan",
        "onenet-multiprotocol",
        "onenet-push",
        "sparkplug-device",
        "sparkplug-node",
        "thingsboard-gateway",
        "thingsboard-gateway-device",
        "tongou-towsmr1",
        "tuya-smkg-2knl-sd",
        "zigbee2mqtt-bridge",
        "zigbee2mqtt-plug",
    }


@pytest.mark.parametrize("name", TYPED)
def test_the_example_of_a_model_gives_ordinary_readings(name: str) -> None:
    profile = SHELF[name]
    device = entry(profile)
    points = {key: quantity for key, (_, quantity) in device.points.items()}
    found = examples.of(profile, device.name, [(key, one.name) for key, one in points.items()])
    assert found is not None
    readings, rejects = taken(device, profile, found)
    assert rejects == ()
    assert 0 < len(readings) <= EXAMPLE_VALUES_MAX
    by_id = dict(device.points.values())
    for number, _, steps, _ in (row.item() for row in readings):
        quantity = by_id[number]
        assert quantity.value(steps) == pytest.approx(examples.ORDINARY[quantity.name])


def test_two_keys_of_which_one_is_inside_the_other_are_no_accident() -> None:
    profile = SHELF["tasmota-generic"]
    points = [("A", "temperature_c"), ("A.B", "current_a")]
    assert examples.of(profile, "d", points) is not None


BEHIND = sorted(name for name, profile in SHELF.items() if profile.push and profile.push.device is not None)


@pytest.mark.parametrize("name", BEHIND)
def test_a_message_of_a_device_behind_a_source_is_read_as_that_devices(name: str) -> None:
    push = SHELF[name].push
    found = examples.through(SHELF[name], "CLOUD 1", examples.Behind("k1"))
    assert push is not None
    assert found is not None
    assert found.topic == "/intake/v1/CLOUD%201"
    (sample,) = mapping.read(push, found.text.encode()).samples
    assert sample.device == "k1"
    assert sample.values
    assert set(sample.values.items()) <= {("ir", 12.5), ("t", 41.2)}


def test_sources_with_devices_behind_them_were_met() -> None:
    assert {"flameblue-push", "onenet-push", "onenet-multiprotocol", "ctwing-push"} <= set(BEHIND)
    assert examples.through(SHELF["ecowitt-push"], "w", examples.Behind("k1")) is None
