"""Announcements of devices: read as data, never evaluated, never guessed."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flameblue.domain.errors import BadInput
from flameblue.domain.limits import ANNOUNCED_PARTS_MAX, ANNOUNCEMENT_BYTES_MAX, PAYLOAD_DEPTH_MAX
from flameblue.intake.discovery import SENTENCES, Announced, Trouble, component, is_wanted, read

PREFIX = "homeassistant"
TOPIC = f"{PREFIX}/sensor/D0217_ir/config"
VECTOR = Path(__file__).parents[1] / "vectors" / "discovery" / "ha-disc.json"
# As our own format would be announced: what is between the braces is the place of the value in its JSON.
PLAIN: dict[str, Any] = {
    "name": "Load",
    "device_class": "current",
    "unit_of_measurement": "A",
    "state_topic": "flameblue/v1/D0217/readings",
    "value_template": "{{ value_json.v.ib }}",
    "device": {"name": "配电箱 203", "model": "EFM-8", "manufacturer": "某厂"},
}


def said(topic: str = TOPIC, **changes: Any) -> list[Announced]:
    content = {key: value for key, value in (PLAIN | changes).items() if value is not None}
    return read(topic, json.dumps(content).encode(), PREFIX)


def one(**changes: Any) -> Announced:
    (found,) = said(**changes)
    return found


def test_what_zigbee2mqtt_announces_gives_the_listed_values() -> None:
    vector = json.loads(VECTOR.read_text(encoding="utf-8"))
    found = read(vector["topic"], vector["payload"].encode(), PREFIX)
    assert [{key: getattr(sensor, key) for key in vector["sensors"][0]} for sensor in found] == vector[
        "sensors"
    ]
    assert found[0].trouble is None


def test_an_empty_payload_takes_back() -> None:
    assert read(TOPIC, b"", PREFIX) == []


def test_long_names_give_device_model_key_quantity_and_unit() -> None:
    found = one()
    assert (found.label, found.model, found.maker) == ("配电箱 203", "EFM-8", "某厂")
    assert (found.device, found.key, found.quantity, found.unit) == ("D0217", "ib", "current_a", "A")
    assert (found.payload, found.trouble) == ("flameblue", None)


def test_short_names_and_a_base_topic_say_the_same() -> None:
    short = {
        "name": "Load",
        "dev_cla": "current",
        "unit_of_meas": "A",
        "~": "flameblue/v1/D0217/",
        "stat_t": "~readings",
        "val_tpl": "{{ value_json.v.ib }}",
        "dev": {"ids": ["x"], "name": "配电箱 203", "mdl": "EFM-8", "mf": "某厂"},
    }
    assert read(TOPIC, json.dumps(short).encode(), PREFIX) == said()


def test_a_base_topic_may_stand_at_the_end() -> None:
    assert one(**{"~": "D0217/readings", "state_topic": "flameblue/v1/~"}).device == "D0217"


def test_a_whole_device_is_announced_at_once() -> None:
    parts = {
        "load": {
            "p": "sensor",
            "dev_cla": "current",
            "unit_of_meas": "A",
            "val_tpl": "{{ value_json.v.ib }}",
        },
        "relay": {"p": "switch", "command_topic": "x"},
        "broken": "not an object",
    }
    whole = {"dev": PLAIN["device"], "o": {"name": "x"}, "cmps": parts, "stat_t": PLAIN["state_topic"]}
    (found,) = read(f"{PREFIX}/device/D0217/config", json.dumps(whole).encode(), PREFIX)
    assert (found.device, found.key, found.label, found.trouble) == ("D0217", "ib", "配电箱 203", None)


def test_what_flameblue_shows_to_home_assistant_is_no_device() -> None:
    assert said(origin={"name": "Flameblue"}) == []
    assert said(origin={"name": "Zigbee2MQTT"}) == said()


@pytest.mark.parametrize(
    "template",
    [
        "{{ value_json.v.ib }}",
        "{{value_json.v.ib}}",
        '{{ value_json["v"]["ib"] }}',
        "{{ value_json['v'].ib }}",
        "{{- value_json.v['ib'] -}}",
    ],
)
def test_a_template_that_names_a_key_is_understood(template: str) -> None:
    assert (one(value_template=template).key, one(value_template=template).trouble) == ("ib", None)


@pytest.mark.parametrize(
    "template",
    [
        "{{ value_json.v.ib | float / 10 }}",
        "{{ value_json.v.ib * 1000 }}",
        "{% if value_json.v.ib %}1{% endif %}",
        "{{ value_json.v[0] }}",
        "{{ value_json['v', 'ib'] }}",
        "{{ value_json.v.ib }} {{ states('lock.door') }}",
        "{{ value_json.__class__() }}",
        "{{ value }}",
        "{{ value_json" + ".v" * 500 + " }}",
        7,
        ["{{ value_json.v.ib }}"],
    ],
)
def test_a_template_that_does_more_is_not_evaluated(template: object) -> None:
    found = one(value_template=template)
    assert found.trouble in (Trouble.TEMPLATE, Trouble.BARE_VALUE)
    assert found.key == ""


@pytest.mark.parametrize(
    ("changes", "trouble"),
    [
        ({"device_class": None}, Trouble.NO_CLASS),
        ({"unit_of_measurement": "mA"}, Trouble.MILLIAMPERE),
        ({"unit_of_measurement": "kA"}, Trouble.NO_QUANTITY),
        ({"device_class": "temperature", "unit_of_measurement": "°F"}, Trouble.NO_QUANTITY),
        ({"device_class": "smoke", "unit_of_measurement": None}, Trouble.NO_QUANTITY),
        ({"value_template": None}, Trouble.BARE_VALUE),
        ({"state_topic": "nobody/knows/this"}, Trouble.NO_FORMAT),
        ({"state_topic": "v1/devices/me/telemetry"}, Trouble.NO_FORMAT),
        ({"state_topic": None}, Trouble.NO_FORMAT),
        ({"value_template": "{{ value_json.ib }}"}, Trouble.NOT_TAKEN),
        ({"value_template": "{{ value_json.v }}"}, Trouble.NOT_TAKEN),
    ],
)
def test_what_can_have_no_row_says_why(changes: dict[str, Any], trouble: Trouble) -> None:
    assert one(**changes).trouble is trouble


def test_every_reason_has_its_sentence() -> None:
    assert set(SENTENCES) == set(Trouble)


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"{", "not JSON"),
        (b"[]", "not a JSON object"),
        (b"\xff\xfe", "not UTF-8"),
        (b'{"a":' + b"[" * 50 + b"]" * 50 + b"}", f"deeper than {PAYLOAD_DEPTH_MAX}"),
        (b"[" * 5_000, "nested|not JSON"),
        (b'{"name": "' + b"x" * ANNOUNCEMENT_BYTES_MAX + b'"}', str(ANNOUNCEMENT_BYTES_MAX)),
    ],
)
def test_hostile_json_is_refused_in_words(payload: bytes, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        read(TOPIC, payload, PREFIX)


def test_a_device_of_too_many_parts_is_refused() -> None:
    parts = {f"s{number}": {"p": "sensor"} for number in range(ANNOUNCED_PARTS_MAX + 1)}
    with pytest.raises(BadInput, match=str(ANNOUNCED_PARTS_MAX)):
        read(f"{PREFIX}/device/x/config", json.dumps({"cmps": parts}).encode(), PREFIX)


def test_names_are_cut_and_hold_nothing_that_moves_a_terminal() -> None:
    found = one(device={"name": "\x1b[2J" + "长" * 500})
    assert found.label.isprintable()
    assert len(found.label) <= 64


@pytest.mark.parametrize(
    ("topic", "kind"),
    [
        ("homeassistant/sensor/a/config", "sensor"),
        ("homeassistant/sensor/a/b/config", "sensor"),
        ("homeassistant/light/a/config", "light"),
        ("homeassistant/status", None),
        ("homeassistant/sensor/a/b/c/config", None),
        ("homeassistant/sensor/a/state", None),
        ("homeassistant/sensor//config", None),
        ("other/sensor/a/config", None),
    ],
)
def test_a_topic_says_what_it_announces(topic: str, kind: str | None) -> None:
    assert component(topic, PREFIX) == kind
    assert is_wanted(topic, PREFIX) == (kind == "sensor")


@given(
    kind=st.sampled_from(["sensor", "binary_sensor", "device"]),
    content=st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from([*PLAIN, "~", "cmps", "dev", "o", "val_tpl", "x"]), inner)
        ),
    ),
)
def test_any_json_is_read_or_refused(kind: str, content: object) -> None:
    with suppress(BadInput):
        found = read(f"{PREFIX}/{kind}/a/config", json.dumps(content).encode(), PREFIX)
        assert all(isinstance(sensor, Announced) for sensor in found)
