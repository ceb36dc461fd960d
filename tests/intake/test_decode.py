"""Messages become readings: what is good is kept, what is wrong is told apart, no bytes raise."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flameblue.domain.limits import BACKLOG_NS_MAX, CLOCK_AHEAD_NS_MAX, READINGS_PER_MESSAGE_MAX
from flameblue.domain.quantities import NO_VALUE, STEPS_MAX
from flameblue.domain.readings import Mark
from flameblue.intake.decode import Decoded, Message, decode
from flameblue.intake.directory import DeviceEntry
from flameblue.intake.reasons import Reason
from flameblue.profiles.loader import Profile, load
from tests.intake.valley import D0217, T0001, TOPIC, profile

NOW_NS = 1_768_417_620_000_000_000
NOW_MS = NOW_NS // 1_000_000
GENERIC = profile()


def decoded(payload: Any, *, retained: bool = False, topic: str = TOPIC) -> Decoded:
    content = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return decode(D0217, GENERIC, Message(topic, content, retained), NOW_NS)


def rows(result: Decoded) -> list[tuple[int, int, int, int]]:
    return [row.item() for row in result.readings]


def reasons(result: Decoded) -> set[Reason]:
    return {reject.reason for reject in result.rejects}


def test_values_become_steps_of_their_quantity() -> None:
    result = decoded({"t": NOW_MS, "v": {"ir": 12.34, "tb": -31, "ib": 0.001}})
    assert rows(result) == [(1, NOW_NS, 123, 0), (2, NOW_NS, -310, 0), (3, NOW_NS, 1, 0)]
    assert result.rejects == ()


def test_what_arrives_while_the_device_is_tested_is_marked_whatever_its_clock_says() -> None:
    hour_ns = 3_600 * 10**9
    message = Message(
        TOPIC, json.dumps([{"t": NOW_MS - 3_600_000, "v": {"ir": 1}}, {"v": {"ir": 2}}]).encode()
    )
    tested = replace(D0217, testing_until_ns=NOW_NS + 1)
    marks = [row[3] for row in rows(decode(tested, GENERIC, message, NOW_NS))]
    assert marks == [Mark.TEST, Mark.TEST | Mark.TIME_ASSUMED]
    marks = [row[3] for row in rows(decode(tested, GENERIC, message, NOW_NS + hour_ns))]
    assert not any(mark & Mark.TEST for mark in marks)


def test_an_array_gives_its_readings_in_order() -> None:
    result = decoded([{"t": NOW_MS - 1000, "v": {"ir": 1}}, {"t": NOW_MS, "v": {"ir": 2}}])
    assert [(row[1], row[2]) for row in rows(result)] == [(NOW_NS - 10**9, 10), (NOW_NS, 20)]


def test_a_message_without_a_time_takes_the_arrival_time_and_says_so() -> None:
    assert rows(decoded({"v": {"ir": 1}})) == [(1, NOW_NS, 10, Mark.TIME_ASSUMED)]
    assert rows(decoded({"t": None, "v": {"ir": 1}})) == [(1, NOW_NS, 10, Mark.TIME_ASSUMED)]


@pytest.mark.parametrize(
    ("at_ns", "kept"),
    [
        (NOW_NS + CLOCK_AHEAD_NS_MAX, True),
        (NOW_NS + CLOCK_AHEAD_NS_MAX + 1_000_000, False),
        (NOW_NS - BACKLOG_NS_MAX, True),
        (NOW_NS - BACKLOG_NS_MAX - 1_000_000, False),
        (NOW_NS // 1000, False),
        (-NOW_NS, False),
    ],
)
def test_a_time_ahead_or_too_old_is_replaced_and_marked(at_ns: int, kept: bool) -> None:
    (row,) = rows(decoded({"t": at_ns // 1_000_000, "v": {"ir": 1}}))
    assert row[1:] == ((at_ns, 10, 0) if kept else (NOW_NS, 10, Mark.TIME_REPLACED))


@pytest.mark.parametrize("time", [b'"yesterday"', b"true", b"[]", b"NaN", b"1e999", b"1" + b"0" * 300])
def test_no_clock_makes_a_point_deaf(time: bytes) -> None:
    result = decoded(b'{"t":' + time + b',"v":{"ir":1}}')
    assert rows(result) == [(1, NOW_NS, 10, Mark.TIME_REPLACED)]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"NaN", Reason.NOT_A_NUMBER),
        (b"Infinity", Reason.NOT_A_NUMBER),
        (b"-Infinity", Reason.NOT_A_NUMBER),
        (b"1e999", Reason.NOT_A_NUMBER),
        (b"true", Reason.NOT_A_NUMBER),
        (b"null", Reason.NOT_A_NUMBER),
        (b'"12"', Reason.NOT_A_NUMBER),
        (b"{}", Reason.NOT_A_NUMBER),
        (b"[1]", Reason.NOT_A_NUMBER),
        (b"214748364.8", Reason.TOO_LARGE),
        (b"-214748364.8", Reason.TOO_LARGE),
        (b"1" + b"0" * 400, Reason.TOO_LARGE),
        (b"1e300", Reason.TOO_LARGE),
    ],
)
def test_a_bad_value_is_rejected_and_the_rest_of_the_message_is_kept(bad: bytes, reason: Reason) -> None:
    result = decoded(b'{"t":%d,"v":{"tb":20,"ir":%s,"ib":1}}' % (NOW_MS, bad))
    assert [row[0] for row in rows(result)] == [2, 3]
    assert [(reject.reason, reject.detail[:2]) for reject in result.rejects] == [(reason, "ir")]


def test_the_largest_value_that_fits_is_kept() -> None:
    assert rows(decoded({"v": {"ir": STEPS_MAX / 10}}))[0][2] == STEPS_MAX


def test_unknown_keys_are_named_and_the_others_kept() -> None:
    result = decoded({"v": {"ir": 1, "humidity": 80, "rssi": -70}})
    assert [row[0] for row in rows(result)] == [1]
    assert [tuple(reject) for reject in result.rejects] == [
        (Reason.UNKNOWN_KEY, "humidity, rssi (it has ir, tb, ib)")
    ]


def test_unknown_fields_are_named_and_the_values_kept() -> None:
    result = decoded({"v": {"ir": 1}, "S": {"ir": ["alarm"]}})
    assert len(rows(result)) == 1
    assert [tuple(reject) for reject in result.rejects] == [(Reason.UNKNOWN_FIELD, "S")]


def test_states_become_marks_of_their_point() -> None:
    words = ["warning", "alarm", "fault", "shielded", "test"]
    result = decoded({"t": NOW_MS, "v": {"ir": 412}, "s": {"ir": words, "tb": ["fault"], "ib": []}})
    marks = {row[0]: (row[2], Mark(row[3])) for row in rows(result)}
    every = Mark.REPORTED_WARNING | Mark.REPORTED_ALARM | Mark.REPORTED_FAULT | Mark.SHIELDED | Mark.TEST
    assert marks == {1: (4120, every), 2: (NO_VALUE, Mark.REPORTED_FAULT), 3: (NO_VALUE, Mark(0))}


def test_one_state_may_stand_without_its_brackets() -> None:
    assert rows(decoded({"v": {"ir": 1}, "s": {"ir": "alarm"}}))[0][3] & Mark.REPORTED_ALARM


def test_an_unknown_state_hides_no_known_one() -> None:
    result = decoded({"v": {"ir": 1}, "s": {"ir": ["on fire", 7, None, "alarm"], "zz": ["alarm"]}})
    assert rows(result)[0][3] & Mark.REPORTED_ALARM
    assert reasons(result) == {Reason.UNKNOWN_STATE, Reason.UNKNOWN_KEY}


def test_a_bad_value_does_not_hide_the_alarm_bit_of_its_point() -> None:
    result = decoded({"t": NOW_MS, "v": {"ir": "over"}, "s": {"ir": ["alarm"]}})
    assert rows(result) == [(1, NOW_NS, NO_VALUE, Mark.REPORTED_ALARM)]
    assert reasons(result) == {Reason.NOT_A_NUMBER}


def test_a_retained_message_is_marked_and_without_a_time_it_is_of_unknown_age() -> None:
    timed = decoded({"t": NOW_MS, "v": {"ir": 1}}, retained=True)
    assert rows(timed) == [(1, NOW_NS, 10, Mark.RETAINED)]
    untimed = decoded({"v": {"ir": 1}}, retained=True)
    assert (rows(untimed), reasons(untimed)) == ([], {Reason.UNKNOWN_AGE})


def test_a_device_may_publish_to_its_own_topic_only() -> None:
    result = decoded({"v": {"ir": 1}}, topic="flameblue/v1/D0218/readings")
    assert (rows(result), reasons(result)) == ([], {Reason.FOREIGN_TOPIC})


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "a",
        "flameblue/v1/readings",
        "flameblue/v1//readings",
        "flameblue/v1/a/b/readings",
        "flameblue/v2/D0217/readings",
        "v1/devices/me/attributes",
    ],
)
def test_a_topic_that_no_format_knows_is_told(topic: str) -> None:
    assert reasons(decoded({"v": {"ir": 1}}, topic=topic)) == {Reason.UNKNOWN_TOPIC}


def test_a_thingsboard_device_sends_to_the_topic_of_whoever_holds_the_token() -> None:
    message = Message("v1/devices/me/telemetry", b'{"ts":%d,"values":{"temperature":42.2}}' % NOW_MS)
    result = decode(T0001, profile("thingsboard-generic"), message, NOW_NS)
    assert rows(result) == [(11, NOW_NS, 422, 0)]


def test_a_message_with_too_many_readings_is_not_taken() -> None:
    samples = [{"v": {"ir": 1}}] * READINGS_PER_MESSAGE_MAX
    assert len(rows(decoded(samples))) == READINGS_PER_MESSAGE_MAX
    assert reasons(decoded([*samples, {"v": {"ir": 1}}])) == {Reason.TOO_MANY}
    assert reasons(decoded([{}] * (READINGS_PER_MESSAGE_MAX + 1))) == {Reason.TOO_MANY}


def test_a_message_nested_too_deeply_is_malformed_and_nothing_of_it_is_taken() -> None:
    deep: Any = 1
    for _ in range(9):
        deep = [deep]
    result = decoded({"v": {"ir": 1, "tb": deep}})
    assert (rows(result), reasons(result)) == ([], {Reason.MALFORMED})
    assert reasons(decoded(b"[" * 100_000)) == {Reason.MALFORMED}


def test_an_empty_message_is_told() -> None:
    assert reasons(decoded({"t": NOW_MS})) == {Reason.EMPTY}


def test_without_a_profile_nothing_is_taken_and_that_is_told() -> None:
    result = decode(D0217, None, Message(TOPIC, b'{"v":{"ir":1}}'), NOW_NS)
    assert (rows(result), reasons(result)) == ([], {Reason.NO_PROFILE})


def test_a_profile_scales_and_knows_its_broken_sensors(tmp_path: Path) -> None:
    path = tmp_path / "meter.yaml"
    path.write_text(
        "{name: meter, maker: m, protocol: mqtt, payload: flameblue, interval_s: 10, source: a test's own,"
        " caveats: [none that we know of], points: {tb: {quantity: temperature_c, scale: 0.1,"
        " open_at: [-500], short_at: [9999]}}}",
        encoding="utf-8",
    )
    values = [{"t": NOW_MS, "v": {"tb": raw}} for raw in (412, -500, 9999)]
    result = decode(D0217, load(path), Message(TOPIC, json.dumps(values).encode()), NOW_NS)
    assert [row[2:] for row in rows(result)] == [
        (412, 0),
        (NO_VALUE, Mark.SENSOR_OPEN),
        (NO_VALUE, Mark.SENSOR_SHORT),
    ]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
keys = st.sampled_from(["ir", "tb", "ib", "zz", "t", "v", "s", "\ud800"])
likely = st.fixed_dictionaries(
    {},
    optional={
        "t": json_values,
        "v": st.dictionaries(keys, json_values, max_size=4),
        "s": st.dictionaries(keys, json_values, max_size=4),
        "zz": json_values,
    },
)


@given(
    st.sampled_from([D0217, T0001]),
    st.sampled_from([TOPIC, "v1/devices/me/telemetry", "x"]),
    st.binary(max_size=200)
    | st.text().map(lambda text: text.encode("utf-8", "surrogatepass"))
    | (likely | st.lists(likely, max_size=3) | json_values).map(lambda value: json.dumps(value).encode()),
    st.booleans(),
)
def test_nothing_that_anybody_sends_makes_decoding_raise(
    entry: DeviceEntry, topic: str, payload: bytes, retained: bool
) -> None:
    result = decode(entry, GENERIC, Message(topic, payload, retained), NOW_NS)
    known = {point for point, _ in entry.points.values()}
    for point, at_ns, value, marks in rows(result):
        assert point in known
        assert NOW_NS - BACKLOG_NS_MAX <= at_ns <= NOW_NS + CLOCK_AHEAD_NS_MAX
        assert abs(value) <= STEPS_MAX or value == NO_VALUE
        assert bool(marks & Mark.RETAINED) == retained
    assert all(len(reject.detail) < 300 for reject in result.rejects)


@given(
    st.dictionaries(
        st.sampled_from(["ir", "tb", "ib"]), st.integers(-STEPS_MAX, STEPS_MAX), min_size=1, max_size=3
    ),
    st.integers(NOW_MS - BACKLOG_NS_MAX // 1_000_000, NOW_MS + CLOCK_AHEAD_NS_MAX // 1_000_000),
)
def test_what_was_measured_in_steps_comes_back_as_the_same_steps(steps: dict[str, int], t_ms: int) -> None:
    values = {key: D0217.points[key][1].value(value) for key, value in steps.items()}
    expected = [(D0217.points[key][0], t_ms * 1_000_000, value, 0) for key, value in steps.items()]
    assert rows(decoded({"t": t_ms, "v": values})) == expected


def test_a_profile_that_fixes_points_does_not_hide_those_of_the_registry() -> None:
    fixed: Profile = profile("flameblue-efm8")
    entry = replace(D0217, profile=fixed.name)
    result = decode(entry, fixed, Message(TOPIC, b'{"v":{"tb":-100.0,"ib":3}}'), NOW_NS)
    assert [row[2] for row in rows(result)] == [NO_VALUE, 3000]


@pytest.mark.parametrize(
    "payload",
    [b'{"v":{"\xce\xc2":1}}', '{"v":{"温度":1}}'.encode("gbk"), b'{"v":{"ir":"\xff"}}', b'"\xed\xa0\x80"'],
)
def test_texts_that_are_not_utf_8_are_told_apart(payload: bytes) -> None:
    assert reasons(decoded(payload)) == {Reason.MALFORMED}


@pytest.mark.parametrize("t_ms", [1e305, -1e305, 1e16, 10**400, -(10**30)])
def test_a_time_without_nanoseconds_is_replaced_by_arrival(t_ms: float) -> None:
    assert rows(decoded({"t": t_ms, "v": {"ir": 5}})) == [(1, NOW_NS, 50, Mark.TIME_REPLACED)]


GOOD = json.dumps({"t": NOW_MS, "v": {"ir": 12.5, "tb": -3e1}, "s": {"ir": ["alarm"]}}).encode()


@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), max_size=6), st.integers(0, 8))
def test_no_damage_to_a_message_raises(changes: list[tuple[int, int]], cut: int) -> None:
    """Bytes change, or its end is lost: it is read, or told apart."""
    damaged = bytearray(GOOD)
    for at, byte in changes:
        damaged[at] = byte
    for topic in (TOPIC, "v1/devices/me/telemetry"):
        decoded(bytes(damaged[: len(GOOD) - cut]), topic=topic)


def test_of_many_known_keys_a_few_are_told() -> None:
    points = {f"key{n}": (n, D0217.points["ir"][1]) for n in range(1, 15)}
    entry = replace(D0217, points=points)
    result = decode(entry, GENERIC, Message(TOPIC, b'{"v": {"x": 1, "y": 2}}'), NOW_NS)
    (reject,) = result.rejects
    assert reject.detail.startswith("x, y (it has key1, key2, ")
    assert reject.detail.endswith("key12 and 2 more)")


@pytest.mark.parametrize("t", [NOW_NS // 10**9, NOW_NS / 10**9, NOW_NS // 10**9 - 3600])
def test_a_time_in_seconds_is_told_and_the_readings_kept(t: float) -> None:
    result = decoded({"t": t, "v": {"ir": 1}})
    assert rows(result) == [(1, NOW_NS, 10, Mark.TIME_REPLACED)]
    assert reasons(result) == {Reason.SECONDS}


@pytest.mark.parametrize("t", [0, 86_400_000, 30 * 86_400_000, NOW_NS])
def test_a_clock_that_was_never_set_is_not_taken_for_seconds(t: int) -> None:
    result = decoded({"t": t, "v": {"ir": 1}})
    assert reasons(result) == set()
