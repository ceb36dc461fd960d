"""What every payload format obeys. A folder is met or the test fails."""

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flameblue import plugins
from flameblue.domain.errors import BadInput
from flameblue.intake import payloads
from flameblue.intake.protocols.mqtt import filters
from flameblue.intake.samples import Sample

FOLDER = Path(payloads.__file__).parent
VECTORS = Path(__file__).parents[1] / "vectors"
FOUND = plugins.find(payloads)
NAMES = sorted(FOUND)


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
    vectors = [json.loads(path.read_text(encoding="utf-8")) for path in (VECTORS / name).glob("*.json")]
    assert any("samples" in vector for vector in vectors)
    assert any("error" in vector for vector in vectors)
    assert all(vector["source"] for vector in vectors)
    assert all(FOUND[name].matches(vector["topic"]) for vector in vectors)


@pytest.mark.parametrize("name", NAMES)
@given(
    soup=st.binary(max_size=200)
    | st.text().map(lambda text: text.encode("utf-8", "surrogatepass"))
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner),
    ).map(lambda value: json.dumps(value).encode())
)
def test_no_payload_raises_anything_but_bad_input(name: str, soup: bytes) -> None:
    with suppress(BadInput):
        parsed = FOUND[name].parse(soup)
        assert parsed
        assert all(isinstance(sample, Sample) for sample in parsed)


@pytest.mark.parametrize("name", NAMES)
@given(topic=st.text(max_size=80))
def test_any_topic_can_be_asked_about(name: str, topic: str) -> None:
    if FOUND[name].matches(topic):
        assert isinstance(FOUND[name].device(topic), str)


@pytest.mark.parametrize("name", NAMES)
@given(device=st.text(max_size=30), other=st.text(max_size=30))
def test_a_device_may_subscribe_to_its_own_topics_and_not_to_those_of_others(
    name: str, device: str, other: str
) -> None:
    for own in FOUND[name].commands(device):
        assert filters.valid(own)
        if other and other != device and set(other).isdisjoint("/+#"):
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
    for answer, content in FOUND[name].replies(topic, soup):
        assert answer
        assert set(answer).isdisjoint("+#")
        assert isinstance(content, bytes)
