"""Names known from births only, gaps that are noticed, deaths that belong to their birth."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from flameblue.domain.errors import BadInput
from flameblue.domain.limits import SPARKPLUG_METRICS_PER_MESSAGE_MAX, SPARKPLUG_QUIET_MESSAGES
from flameblue.intake.payloads.sparkplug_b import births, wire
from flameblue.intake.payloads.sparkplug_b.codec import SparkplugB
from flameblue.intake.samples import Sample

NODE = "spBv1.0/valley/{}/node1"
DEVICE = NODE + "/D0217"
NCMD = NODE.format("NCMD")
SESSION = Path(__file__).parents[1] / "vectors/sparkplug_sessions/tahu.json"
T_MS = 1_700_000_000_000


class Sent(NamedTuple):
    """A metric to be sent: field number of its value, and the value as the field's bytes or number."""

    name: str = ""
    alias: int | None = None
    datatype: int = 0
    number: int = 0
    value: Any = 0
    is_null: bool = False


def encoded(metrics: Sequence[Sent], seq: int | None, t_ms: int = T_MS) -> bytes:
    parts = [wire._number(1, t_ms)]
    for one in metrics:
        metric = wire._field(1, one.name.encode()) if one.name else b""
        metric += wire._number(2, one.alias) if one.alias is not None else b""
        metric += wire._number(4, one.datatype) if one.datatype else b""
        metric += wire._number(7, 1) if one.is_null else b""
        metric += wire._number(one.number, one.value) if one.number else b""
        parts.append(wire._field(2, metric))
    return b"".join([*parts, wire._number(3, seq) if seq is not None else b""])


def born(number: int, *metrics: Sent) -> bytes:
    return encoded([Sent("bdSeq", None, 8, 11, number), *metrics], 0)


def values(samples: list[Sample]) -> dict[str, Any]:
    return {key: value for sample in samples for key, value in sample.values.items()}


def rebirths(node: SparkplugB, topic: str = DEVICE.format("DDATA")) -> list[str]:
    return [to for to, _ in node.replies(topic, b"")]


def test_a_nodes_whole_life_as_tahu_builds_it_is_read_as_it_was_meant() -> None:
    """Each step's values, who it says is there, and whether a birth is asked for."""
    steps = json.loads(SESSION.read_text(encoding="utf-8"))["steps"]
    node = SparkplugB()
    for step in steps:
        samples = node.parse(step["topic"], bytes.fromhex(step["hex"]))
        found: dict[str, dict[str, Any]] = {}
        for sample in samples:
            plain = {
                key: one for key, one in sample.values.items() if one is None or type(one) in (int, float)
            }
            found.setdefault(sample.device, {}).update(plain)
        found = {
            device: {key: one for key, one in all_.items() if key != "bdSeq"}
            for device, all_ in found.items()
        }
        assert {device: all_ for device, all_ in found.items() if all_} == step["values"], step["what"]
        assert {one.device: one.online for one in samples if one.online is not None} == step["online"], step[
            "what"
        ]
        assert bool(rebirths(node, step["topic"])) == step["rebirth"], step["what"]
        assert all(sample.unknown == () for sample in samples)
    assert len(steps) > 10


def test_what_a_node_says_after_its_death_asks_for_its_birth() -> None:
    node = SparkplugB()
    node.parse(NODE.format("NBIRTH"), born(8))
    node.parse(NODE.format("NDEATH"), encoded([Sent("bdSeq", None, 8, 11, 8)], None))
    assert rebirths(node, NODE.format("NDEATH")) == []
    node.parse(NODE.format("NDATA"), encoded([], 1))
    assert rebirths(node) == [NCMD]


def test_aliases_mean_what_the_last_birth_said() -> None:
    node = SparkplugB()
    node.parse(NODE.format("NBIRTH"), born(1))
    node.parse(DEVICE.format("DBIRTH"), encoded([Sent("ir", 1, 7, 10, 5)], 1))
    assert values(node.parse(DEVICE.format("DDATA"), encoded([Sent(alias=1, number=10, value=7)], 2))) == {
        "ir": 7
    }
    node.parse(DEVICE.format("DBIRTH"), encoded([Sent("tb", 1, 7, 10, 5)], 3))
    assert values(node.parse(DEVICE.format("DDATA"), encoded([Sent(alias=1, number=10, value=7)], 4))) == {
        "tb": 7
    }
    assert rebirths(node) == []


def test_an_alias_of_one_device_or_node_means_nothing_of_another() -> None:
    node = SparkplugB()
    node.parse(NODE.format("NBIRTH"), born(1))
    node.parse(DEVICE.format("DBIRTH"), encoded([Sent("ir", 1, 7, 10, 5)], 1))
    for topic in (
        "spBv1.0/valley/DDATA/node1/D0218",
        "spBv1.0/valley/DDATA/node2/D0217",
        NODE.format("NDATA"),
    ):
        (sample,) = node.parse(topic, encoded([Sent(alias=1, number=10, value=7)], 2))
        assert (dict(sample.values), sample.unknown) == ({}, ("alias 1",))


def test_a_nodes_birth_ends_what_its_devices_had_told() -> None:
    node = SparkplugB()
    node.parse(NODE.format("NBIRTH"), born(1))
    node.parse(DEVICE.format("DBIRTH"), encoded([Sent("ir", 1, 7, 10, 5)], 1))
    node.parse(NODE.format("NBIRTH"), born(2))
    (sample,) = node.parse(DEVICE.format("DDATA"), encoded([Sent(alias=1, number=10, value=7)], 1))
    assert sample.unknown == ("alias 1",)
    assert rebirths(node) == [NCMD]


def test_data_without_a_birth_asks_for_one_but_not_with_each_message() -> None:
    node = SparkplugB()
    asked = []
    for seq in range(SPARKPLUG_QUIET_MESSAGES + 1):
        node.parse(DEVICE.format("DDATA"), encoded([Sent(alias=1, number=10, value=7)], seq % 256))
        asked += rebirths(node)
    assert asked == [NCMD, NCMD]
    node.parse(NODE.format("NBIRTH"), born(1))
    assert rebirths(node) == []


def test_what_is_asked_is_what_the_specification_calls_a_rebirth() -> None:
    node = SparkplugB()
    node.parse(NODE.format("NDATA"), encoded([], 5))
    ((topic, content),) = node.replies(NODE.format("NDATA"), b"")
    assert topic == NCMD
    (metric,) = wire.decode(content).metrics
    assert (metric.name, metric.datatype, metric.value) == ("Node Control/Rebirth", 11, True)
    assert wire.decode(content).t_ms == T_MS
    assert node.matches(topic)
    assert values(node.parse(topic, content)) == {}


@pytest.mark.parametrize(("seqs", "gap"), [([1, 2, 3], False), ([1, 3], True), ([255], True), ([1, 1], True)])
def test_a_gap_in_seq_asks_for_a_rebirth_and_values_go_on(seqs: list[int], gap: bool) -> None:
    node = SparkplugB()
    node.parse(NODE.format("NBIRTH"), born(1, Sent("ir", 1, 7, 10, 5)))
    for seq in seqs:
        samples = node.parse(NODE.format("NDATA"), encoded([Sent(alias=1, number=10, value=seq)], seq))
        assert values(samples) == {"ir": seq}
    assert rebirths(node) == ([NCMD] if gap else [])


def test_seq_goes_on_from_255_to_0() -> None:
    node = SparkplugB()
    node.parse(NODE.format("NBIRTH"), born(1))
    for seq in [*range(1, 256), 0, 1]:
        node.parse(NODE.format("NDATA"), encoded([], seq))
    assert rebirths(node) == []


@pytest.mark.parametrize(("number", "online"), [(8, False), (7, None)])
def test_a_death_counts_for_its_own_birth(number: int, online: bool | None) -> None:
    node = SparkplugB()
    node.parse(NODE.format("NBIRTH"), born(8))
    (sample,) = node.parse(NODE.format("NDEATH"), encoded([Sent("bdSeq", None, 8, 11, number)], None))
    assert (sample.device, sample.online) == ("", online)


def test_births_and_deaths_say_who_is_there() -> None:
    node = SparkplugB()
    assert [one.online for one in node.parse(NODE.format("NBIRTH"), born(1))] == [True]
    (birth,) = node.parse(DEVICE.format("DBIRTH"), encoded([], 1))
    (death,) = node.parse(DEVICE.format("DDEATH"), encoded([], 2))
    assert (birth.device, birth.online) == ("D0217", True)
    assert (death.device, death.online) == ("D0217", False)


@pytest.mark.parametrize(
    ("datatype", "number", "sent", "value"),
    [
        (1, 10, 0xFF, -1),
        (1, 10, 0xFFFFFFFF, -1),
        (2, 10, 0x8000, -32768),
        (3, 10, 2**32 - 5, -5),
        (4, 11, 2**64 - 5, -5),
        (7, 10, 2**32 - 5, 2**32 - 5),
        (8, 11, 2**64 - 5, 2**64 - 5),
    ],
)
def test_signed_numbers_come_back_signed_by_the_datatype_of_the_birth(
    datatype: int, number: int, sent: int, value: int
) -> None:
    node = SparkplugB()
    node.parse(NODE.format("NBIRTH"), born(1, Sent("t", 1, datatype, number, 0)))
    assert values(
        node.parse(NODE.format("NDATA"), encoded([Sent(alias=1, number=number, value=sent)], 1))
    ) == {"t": value}


def test_a_null_is_none_and_never_zero() -> None:
    node = SparkplugB()
    samples = node.parse(NODE.format("NBIRTH"), born(1, Sent("t", 1, 7, 10, 0, is_null=True)))
    assert values(samples)["t"] is None


def test_topics_that_could_mean_two_nodes_are_nobodys() -> None:
    node = SparkplugB()
    assert node.device("spBv1.0/a/NDATA/b") == "a:b"
    for topic in (
        "spBv1.0/a:b/NDATA/c",
        "spBv1.0/a/NDATA/b:c",
        "spBv1.0/a/NDATA/b/c",
        "spBv1.0/a/DDATA/b",
        "spBv1.0/STATE/x",
    ):
        assert not node.matches(topic)


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(births, "SPARKPLUG_METRICS_MAX", 20)
    node = SparkplugB()
    for number in range(10):
        birth = born(1, *(Sent(f"m{n}", n, 7, 10, 0) for n in range(4)))
        node.parse(f"spBv1.0/valley/NBIRTH/node{number}", birth)
    data = encoded([Sent(alias=1, number=10, value=7)], 1)
    assert values(node.parse("spBv1.0/valley/NDATA/node9", data)) == {"m1": 7}
    assert node.parse("spBv1.0/valley/NDATA/node0", data)[0].unknown == ("alias 1",)


@pytest.mark.parametrize(
    "damage", ["0a", "08" + "ff" * 11, "12020a05", "1202", "0b", "1a0141", "12030d0000", "12056d00000000"]
)
def test_bytes_that_are_no_payload_are_told(damage: str) -> None:
    with pytest.raises(BadInput, match=r"no protobuf|no Sparkplug"):
        SparkplugB().parse(NODE.format("NDATA"), bytes.fromhex(damage))


def test_a_message_of_very_many_empty_metrics_is_not_read_to_its_end() -> None:
    """A packet has room for 131,072 of them, which would hold everybody up for half a second."""
    most = b"\x12\x00" * SPARKPLUG_METRICS_PER_MESSAGE_MAX
    assert len(wire.decode(most).metrics) == SPARKPLUG_METRICS_PER_MESSAGE_MAX
    with pytest.raises(BadInput, match="more than 16384 metrics"):
        wire.decode(most + b"\x12\x00")
    with pytest.raises(BadInput, match="more than 16384 metrics"):
        wire.decode(most + b"\x12\x00" + b"\xff" * 20)  # what follows is not looked at
