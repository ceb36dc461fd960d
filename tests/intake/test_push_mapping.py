"""Pushed messages become samples as their models say: published ones, and what no model would wish."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flameblue.domain.clock import to_ns
from flameblue.domain.errors import BadInput
from flameblue.domain.readings import NS_PER_MS
from flameblue.intake import written_times
from flameblue.intake.push import mapping, pointers
from flameblue.intake.samples import Sample
from flameblue.profiles import pushing
from flameblue.profiles.loader import Shelf, package_folder

SHELF = Shelf(package_folder()).current()
MODELS = sorted(name for name, profile in SHELF.items() if profile.push is not None)
ARRIVAL = datetime(2026, 1, 14, 19, 7, tzinfo=UTC)
ARRIVAL_NS = to_ns(ARRIVAL)
HOUR_MS = 3_600_000
VECTORS = sorted((Path(__file__).parents[1] / "vectors" / "pushed").glob("*.json"))


def vector(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def shown(sample: Sample) -> dict[str, Any]:
    """As a vector writes it."""
    said: dict[str, Any] = {"t_ms": sample.t_ms, "device": sample.device, "values": dict(sample.values)}
    if isinstance(sample.t_ms, datetime):
        said["t_ms"] = sample.t_ms.isoformat()
    if sample.states:
        said["states"] = dict(sample.states)
    return said if sample.online is None else {**said, "online": sample.online}


def push(name: str) -> pushing.Push:
    found = SHELF[name].push
    assert found is not None
    return found


def read(table: dict[str, Any], content: Any) -> mapping.Pushed:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return mapping.read(pushing.push(table), body)


def test_every_model_that_is_pushed_has_messages() -> None:
    assert {vector(path)["profile"] for path in VECTORS} == set(MODELS)
    assert all(vector(path)["source"] for path in VECTORS)


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_a_published_message_is_read_as_listed(path: Path) -> None:
    told = vector(path)
    if "error" in told:
        with pytest.raises(BadInput, match=told["error"]):
            mapping.read(push(told["profile"]), told["body"].encode())
        return
    found = mapping.read(push(told["profile"]), told["body"].encode())
    assert found.identity == told["id"]
    assert [shown(sample) for sample in found.samples] == told["samples"]


@pytest.mark.parametrize("name", MODELS)
@given(
    soup=st.binary(max_size=120)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "msg",
                        "t",
                        "v",
                        "s",
                        "id",
                        "device",
                        "data",
                        "params",
                        "payload",
                        "value",
                        "time",
                        "ds_id",
                    ]
                )
                | st.text(max_size=3),
                inner,
                max_size=6,
            )
        ),
    ).map(lambda value: json.dumps(value).encode())
)
def test_no_message_raises_anything_but_bad_input(name: str, soup: bytes) -> None:
    with suppress(BadInput):
        found = mapping.read(push(name), soup)
        assert all(isinstance(key, str) for sample in found.samples for key in sample.values)
        assert isinstance(found.can_be_known_again(ARRIVAL_NS), bool)


@pytest.mark.parametrize(
    ("unit", "said", "expected"),
    [
        ("ms", 1768417620000, 1768417620000),
        ("ms", "1768417620000", 1768417620000),
        ("s", 1768417620, 1768417620000),
        ("s", "1768417620.5", 1768417620500.0),
        ("text", "2026-01-14T19:07:00Z", 1768417620000),
        ("text", "20260114T190700Z", 1768417620000),
        ("text", "2026-01-14 19:07:00", datetime.fromisoformat("2026-01-14T19:07")),
        ("text", "yesterday", "yesterday"),
        ("ms", None, None),
        ("ms", "", None),
        ("ms", {}, "dict"),
    ],
)
def test_times_are_read_as_the_model_writes_them(unit: str, said: Any, expected: Any) -> None:
    table = {"values": "/v", "time": "/t", "unit": unit}
    (sample,) = read(table, {"t": said, "v": {"ir": 1}}).samples
    assert sample.t_ms == expected


def test_each_value_may_bear_its_own_time_and_key() -> None:
    table = {"values": "/d", "time": "/t", "each": {"key": "/k", "value": "/x", "time": "/at"}}
    content = {
        "t": 5,
        "d": [{"k": "a", "x": 1, "at": 7}, {"k": "b", "x": 2}, {"k": "c", "x": 3, "at": 7}, {"x": 4}],
    }
    assert [(one.t_ms, one.values) for one in read(table, content).samples] == [
        (7, {"a": 1, "c": 3}),
        (5, {"b": 2}),
    ]


def test_nested_values_have_keys_by_their_path_and_other_fields_are_none() -> None:
    (sample,) = read(
        {"values": "", "device": "/meta/dev", "time": "/t"},
        {"t": 5, "meta": {"dev": "D1", "v": 2}, "p": {"a": [1, 2]}},
    ).samples
    assert sample.values == {"meta.v": 2, "p.a.1": 1, "p.a.2": 2}


def test_a_report_that_does_not_count_is_passed_over() -> None:
    table = {"values": "/v", "reports": "/r", "only": [{"at": "/k", "is": ["data", 1]}]}
    kinds = ["data", "event", 1, "1", True, None]
    found = read(table, {"r": [{"k": kind, "v": {"n": n}} for n, kind in enumerate(kinds)]})
    assert [sample.values["n"] for sample in found.samples] == [0, 2, 3]


def test_reports_that_are_not_where_they_should_be_are_told() -> None:
    with pytest.raises(BadInput, match="nothing at /a/r"):
        read({"values": "/v", "inside": "/a", "reports": "/r"}, {"a": {"q": 1}})


def test_without_id_and_time_nothing_is_known_again() -> None:
    table = {"values": "/v", "time": "/t", "id": "/id"}
    now_ms = ARRIVAL_NS // NS_PER_MS
    for said, known in (
        ({"id": 5}, True),
        ({"t": now_ms}, True),
        ({"t": now_ms - 3 * HOUR_MS}, True),
        ({"t": 5}, False),  # the clock of a device that has just begun
        ({"t": now_ms + HOUR_MS}, False),
        ({"t": now_ms // 1_000}, False),
        ({"t": True}, False),
        ({}, False),
    ):
        assert read(table, said | {"v": {"a": 1}}).can_be_known_again(ARRIVAL_NS) is known, said
    mixed = [{"t": now_ms, "v": {"a": 1}}, {"v": {"a": 1}}]
    assert not read(table, mixed).can_be_known_again(ARRIVAL_NS)


def test_a_local_time_is_known_again_wherever_it_may_be_of() -> None:
    for hours, known in ((14, True), (-12, True), (15, False), (-12 - 7 * 24, True), (-13 - 7 * 24, False)):
        local = ARRIVAL.replace(tzinfo=None) + timedelta(hours=hours)
        assert written_times.may_be(local, ARRIVAL_NS) is known, hours


def test_a_pointer_is_read_and_written_as_rfc_6901_has_it() -> None:
    value = {"a/b": {"m~n": [1, {"": 2}]}}
    for text, expected in (("/a~1b/m~0n/0", 1), ("/a~1b/m~0n/1/", 2), ("", value)):
        found = pushing.pointer(text)
        assert pointers.written(found) == text
        assert pointers.at(value, found) == expected
    for text in ("/x", "/a~1b/m~0n/2", "/a~1b/m~0n/-1", "/a~1b/m~0n/x"):
        assert pointers.at(value, pushing.pointer(text)) is pointers.NOWHERE


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ({"values": "", "signature": {"at": {"json": "/s"}, "hash": "md5", "over": ["body"]}}, "anybody can"),
        ({"values": "", "online": {"at": "/s"}}, "neither what means there"),
        ({"values": "", "answer": "OK"}, "no JSON"),
    ],
)
def test_a_model_that_proves_or_says_nothing_is_refused(table: dict[str, Any], why: str) -> None:
    assert any(why in one for one in pushing.mistakes({"protocol": "http_push", "push": table}))


def test_what_belongs_to_another_protocol_is_refused() -> None:
    assert list(pushing.mistakes({"protocol": "mqtt", "push": {"values": ""}}))
    assert list(pushing.mistakes({"protocol": "http_push", "push": {"values": ""}, "payload": "shelly"}))
    assert not list(pushing.mistakes({"protocol": "mqtt", "payload": "shelly"}))
