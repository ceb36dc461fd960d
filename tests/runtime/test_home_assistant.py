"""What Home Assistant is shown: keys that it documents, changes only, never too fast, and taken back."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flameblue.domain.limits import HOME_HEARD_MAX
from flameblue.domain.quantities import NO_VALUE, QUANTITIES
from flameblue.domain.readings import Mark
from flameblue.domain.transitions import Level
from flameblue.intake import discovery
from flameblue.runtime.home_assistant import (
    KINDS,
    UNKNOWN,
    Home,
    OpenCase,
    Outbox,
    ShownPoint,
    ShownPremises,
    Wanted,
    alarm_states,
    configs,
    value,
)

HOME = Home("homeassistant", "flameblue", "1.0", {"safety": "电气火灾预警", "problem": "探测器故障"})
POINTS = tuple(ShownPoint(code, f"203房暖气 {name}", name) for code, name in enumerate(QUANTITIES, 1))
CABIN = ShownPremises(7, "禾木 松林客栈", POINTS)
# home-assistant.io: integrations/mqtt (discovery), sensor.mqtt, binary_sensor.mqtt; as read in 2026.
COMMON = {"name", "unique_id", "state_topic", "availability_topic", "qos", "device", "origin", "device_class"}
DOCUMENTED = {
    "sensor": COMMON | {"unit_of_measurement", "state_class", "suggested_display_precision"},
    "binary_sensor": COMMON | {"json_attributes_topic"},
}
UNITS = {
    "apparent_power": "VA",
    "energy": "kWh",
    "frequency": "Hz",
    "humidity": "%",
    "power": "W",
    "power_factor": None,
    "reactive_power": "var",
    "temperature": "°C",
    "voltage": "V",
}


def shown() -> dict[str, dict[str, Any]]:
    return {topic: json.loads(one.payload) for topic, one in configs(HOME, [CABIN]).items()}


def test_every_quantity_can_be_shown() -> None:
    assert set(KINDS) == set(QUANTITIES)


def test_announcements_have_documented_keys_only_and_what_is_required() -> None:
    found = shown()
    assert len(found) == len(QUANTITIES) + 2
    for topic, config in found.items():
        prefix, component, node, thing, tail = topic.split("/")
        assert (prefix, node, tail) == ("homeassistant", "flameblue", "config")
        assert config.keys() <= DOCUMENTED[component]
        assert config["state_topic"] == f"flameblue/home/{thing}/state"
        assert config["unique_id"] == f"flameblue_{thing}"
        assert config["availability_topic"] == "flameblue/home/status"
        assert config["device"]["identifiers"] == ["flameblue_premises_7"]
        assert config["device"]["name"] == "禾木 松林客栈"
        assert config["origin"]["name"] == "Flameblue"


def test_ids_are_unique() -> None:
    ids = [config["unique_id"] for config in shown().values()]
    assert len(set(ids)) == len(ids)


def test_units_are_those_of_the_device_class() -> None:
    for config in shown().values():
        device_class = config.get("device_class")
        if device_class == "current":
            assert config["unit_of_measurement"] in ("A", "mA")
        elif device_class in UNITS:
            assert config.get("unit_of_measurement") == UNITS[device_class]
        else:
            assert device_class in (None, "safety", "problem")
            assert "unit_of_measurement" not in config


def test_only_energy_counts_up() -> None:
    classes = {topic: config["state_class"] for topic, config in shown().items() if "state_class" in config}
    energy = f"homeassistant/sensor/flameblue/point_{list(QUANTITIES).index('energy_kwh') + 1}/config"
    assert {topic for topic, one in classes.items() if one == "total_increasing"} == {energy}
    assert set(classes.values()) == {"total_increasing", "measurement"}


def test_no_announcement_takes_a_command() -> None:
    assert not any("command" in key for config in shown().values() for key in config)


def test_our_own_reader_takes_it_for_no_device() -> None:
    for topic, one in configs(HOME, [CABIN]).items():
        assert discovery.read(topic, one.payload.encode(), "homeassistant") == []


def test_an_open_case_is_on_with_its_level_and_of_its_kind() -> None:
    cases = [
        OpenCase(7, 12, "leakage", Level.ALARM, "taken"),
        OpenCase(7, 11, "heat", Level.WARNING, "open"),
        OpenCase(8, 13, "silence", Level.FAULT, "open"),
    ]
    other = ShownPremises(8, "禾木 白桦客栈", POINTS[:1])
    found = {topic: one.payload for topic, one in alarm_states(HOME, [CABIN, other], cases).items()}
    states = {topic: payload for topic, payload in found.items() if topic.endswith("/state")}
    assert states == {
        "flameblue/home/premises_7_safety/state": "ON",
        "flameblue/home/premises_7_problem/state": "OFF",
        "flameblue/home/premises_8_safety/state": "OFF",
        "flameblue/home/premises_8_problem/state": "ON",
    }
    told = json.loads(found["flameblue/home/premises_7_safety/attributes"])["cases"]
    assert [(case["number"], case["level"], case["state"]) for case in told] == [
        (11, "warning", "open"),
        (12, "alarm", "taken"),
    ]


@pytest.mark.parametrize(
    ("quantity", "steps", "marks", "said"),
    [
        ("residual_current_ma", 3821, 0, "382.1"),
        ("residual_current_ma", 0, 0, "0.0"),
        ("temperature_c", -315, 0, "-31.5"),
        ("energy_kwh", 1_234_567_890, 0, "1234567.890"),
        ("arc_count", 14, 0, "14"),
        ("temperature_c", NO_VALUE, int(Mark.REPORTED_ALARM), UNKNOWN),
        ("temperature_c", 800, int(Mark.SENSOR_OPEN), UNKNOWN),
        ("temperature_c", 800, int(Mark.TEST), "80.0"),
    ],
)
def test_a_value_has_the_digits_of_its_quantity_or_is_unknown(
    quantity: str, steps: int, marks: int, said: str
) -> None:
    assert value(quantity, steps, marks) == said


def test_only_changes_go_and_a_point_at_most_once_in_its_time() -> None:
    box = Outbox()
    assert box.due({"p": Wanted("1", 10.0)}, 0.0, 9) == [("p", "1")]
    box.sent("p", "1", 0.0)
    assert box.due({"p": Wanted("1", 10.0)}, 100.0, 9) == []
    assert box.due({"p": Wanted("2", 10.0)}, 9.9, 9) == []
    assert box.due({"p": Wanted("2", 10.0)}, 10.0, 9) == [("p", "2")]


def test_a_case_waits_for_nothing_and_goes_before_values() -> None:
    box = Outbox()
    box.sent("case", "OFF", 0.0)
    wanted = {"p": Wanted("1", 10.0), "case": Wanted("ON")}
    assert box.due(wanted, 0.1, 1) == [("case", "ON")]


def test_what_has_waited_longest_goes_first_so_that_no_point_starves() -> None:
    box = Outbox()
    wanted = {f"p{number}": Wanted("1", 10.0) for number in range(10)}
    served = []
    for look in range(5):
        for topic, payload in box.due(wanted, float(look), 2):
            box.sent(topic, payload, float(look))
            served.append(topic)
    assert sorted(served) == sorted(wanted)


def test_after_a_return_everything_goes_again_at_once() -> None:
    box = Outbox()
    wanted = {"p": Wanted("1", 10.0), "c": Wanted("OFF")}
    for topic, payload in box.due(wanted, 0.0, 9):
        box.sent(topic, payload, 0.0)
    box.anew()
    assert sorted(box.due(wanted, 0.1, 9)) == [("c", "OFF"), ("p", "1")]


def test_what_is_not_wanted_any_more_is_emptied_once() -> None:
    box = Outbox()
    box.sent("p", "1", 0.0)
    assert box.due({}, 1.0, 9) == [("p", "")]
    box.sent("p", "", 1.0)
    assert box.due({}, 2.0, 9) == []


def test_an_earlier_runs_announcement_goes_with_its_states() -> None:
    box = Outbox()
    box.holds(HOME.belonging("homeassistant/sensor/flameblue/point_9/config"))
    gone = {topic for topic, payload in box.due({}, 0.0, 9) if payload == ""}
    assert gone == {
        "homeassistant/sensor/flameblue/point_9/config",
        "flameblue/home/point_9/state",
        "flameblue/home/point_9/attributes",
    }


@pytest.mark.parametrize(
    "topic",
    [
        "homeassistant/sensor/somebody/point_9/config",
        "homeassistant/sensor/flameblue/config",
        "homeassistant/sensor/flameblue/point_9/state",
        "homeassistant/status",
    ],
)
def test_what_is_not_ours_is_left_alone(topic: str) -> None:
    assert HOME.belonging(topic) == ()


def test_a_flood_of_foreign_topics_is_bounded() -> None:
    box = Outbox()
    for number in range(HOME_HEARD_MAX + 100):
        box.holds([f"t{number}"])
    assert len(box.held) == HOME_HEARD_MAX


@given(
    steps=st.lists(
        st.tuples(
            st.dictionaries(st.sampled_from("abcd"), st.sampled_from("123")),
            st.booleans(),
            st.integers(1, 5),
        ),
        max_size=30,
    )
)
def test_the_broker_ends_with_what_is_wanted_and_never_too_often(
    steps: list[tuple[dict[str, str], bool, int]],
) -> None:
    box, broker, sent_s = Outbox(), dict[str, str](), dict[str, float]()
    last: dict[str, Wanted] = {}
    for now, (values, came_back, room) in enumerate(steps):
        if came_back:
            box.anew()
            sent_s.clear()
        last = {topic: Wanted(payload, 2.0) for topic, payload in values.items()}
        for topic, payload in box.due(last, float(now), room):
            assert not payload or now - sent_s.get(topic, -9.0) >= 2.0
            box.sent(topic, payload, float(now))
            broker[topic], sent_s[topic] = payload, float(now)
            if not payload:
                sent_s.pop(topic)
    for later in range(10):
        for topic, payload in box.due(last, len(steps) + later * 2.0, 5):
            box.sent(topic, payload, len(steps) + later * 2.0)
            broker[topic] = payload
    assert {topic: payload for topic, payload in broker.items() if payload} == {
        topic: one.payload for topic, one in last.items()
    }
