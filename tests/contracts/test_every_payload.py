"""What every payload format obeys. A folder is met or the test fails."""

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flameblue.domain.errors import BadInput
from flameblue.intake import payloads
from flameblue.intake.protocols.mqtt import filters
from flameblue.intake.samples import Sample
from tests.intake.payload_vectors import FOUND, PATHS, content, fresh, read

FOLDER = Path(payloads.__file__).parent
NAMES = sorted(FOUND)
TOPICS = sorted({(path.parent.name, read(path)["topic"]) for path in PATHS})
LEVELS = sorted({level for _, topic in TOPICS for level in topic.split("/")} | {"", "x"})
NAMES_OF_DEVICES = st.text(
    st.characters(exclude_characters="/+#\0", exclude_categories=["Cs"]), min_size=1, max_size=30
)
GOOD = [path for path in PATHS if "samples" in read(path)]


def test_every_folder_on_disk_is_met() -> None:
    folders = {path.name for path in FOLDER.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert set(FOUND) == folders
    assert folders


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_it_is_how_to_try_it_and_what_it_can_not_do(name: str) -> None:
    text = (FOLDER / name / "README.md").read_text(encoding="utf-8")
    assert {"## Try it", "## Known limits"} <= set(text.splitlines())


@pytest.mark.parametrize("name", NAMES)
def test_it_has_good_and_bad_messages_to_be_tested_with(name: str) -> None:
    vectors = [read(path) for path in PATHS if path.parent.name == name]
    assert any("samples" in vector for vector in vectors)
    assert any("error" in vector for vector in vectors)
    assert all(vector["source"] for vector in vectors)
    assert all(FOUND[name].matches(vector["topic"]) for vector in vectors)


@pytest.mark.parametrize(("name", "topic"), TOPICS)
@given(
    soup=st.binary(max_size=200)
    | st.text().map(lambda text: text.encode("utf-8", "surrogatepass"))
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner),
    ).map(lambda value: json.dumps(value).encode())
)
def test_no_payload_raises_anything_but_bad_input(name: str, topic: str, soup: bytes) -> None:
    with suppress(BadInput):
        parsed = fresh(name).parse(topic, soup)
        assert parsed
        assert all(isinstance(sample, Sample) for sample in parsed)
        assert all(isinstance(key, str) for sample in parsed for key in sample.values)


@pytest.mark.parametrize("path", GOOD, ids=lambda path: f"{path.parent.name}-{path.stem}")
@given(
    changes=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=6),
    cut=st.integers(0, 60),
)
def test_no_damage_to_a_real_message_raises(path: Path, changes: list[tuple[int, int]], cut: int) -> None:
    vector = read(path)
    damaged = bytearray(content(vector))
    for at, byte in changes:
        damaged[at % len(damaged)] = byte
    payload = fresh(path.parent.name, vector)
    with suppress(BadInput):
        assert payload.parse(vector["topic"], bytes(damaged[: len(damaged) - cut]))
    payload.replies(vector["topic"], bytes(damaged))


@pytest.mark.parametrize("name", NAMES)
@given(topic=st.text(max_size=80) | st.lists(st.sampled_from(LEVELS), max_size=6).map("/".join))
def test_any_topic_can_be_asked_about(name: str, topic: str) -> None:
    payload = fresh(name)
    if payload.matches(topic):
        assert isinstance(payload.device(topic), str)
        with suppress(BadInput):
            assert payload.parse(topic, b"{}")
        assert all(isinstance(one, bytes) for _, one in payload.replies(topic, b"{}"))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("device", ["D0217", "valley:node1", "厨房 插座"])
def test_what_a_device_may_listen_on_is_a_list_of_topics(name: str, device: str) -> None:
    topics = FOUND[name].commands(device)
    assert isinstance(topics, tuple)
    assert all("$" not in topic and topic not in ("#", "+/#") for topic in topics)


@pytest.mark.parametrize("name", NAMES)
def test_it_says_whether_it_is_strict_and_who_is_believed(name: str) -> None:
    assert isinstance(FOUND[name].strict, bool)
    assert isinstance(FOUND[name].line_decides, bool)


@pytest.mark.parametrize("name", NAMES)
@given(device=NAMES_OF_DEVICES, other=NAMES_OF_DEVICES)
def test_a_device_may_subscribe_to_its_own_topics_and_not_to_those_of_others(
    name: str, device: str, other: str
) -> None:
    for own in FOUND[name].commands(device):
        assert filters.valid(own)
        if other != device:
            theirs = set(FOUND[name].commands(other)) - set(FOUND[name].commands(device))
            assert not any(filters.covers(own, topic) for topic in theirs)


@pytest.mark.parametrize("name", NAMES)
@given(
    topic=st.text(max_size=40)
    | st.builds(
        "{}{}".format, st.sampled_from(["v1/devices/me/rpc/request/", "v1/gateway/"]), st.text(max_size=9)
    ),
    soup=st.binary(max_size=60) | st.sampled_from([b"{}", b'{"method":1}', b"[" * 5000]),
)
def test_any_message_can_be_replied_to(name: str, topic: str, soup: bytes) -> None:
    for answer, said in FOUND[name].replies(topic, soup):
        assert answer
        assert set(answer).isdisjoint("+#")
        assert isinstance(said, bytes)
