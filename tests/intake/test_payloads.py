"""Payload formats against real messages."""

from pathlib import Path

import pytest

from flameblue.domain.errors import BadInput
from tests.intake.payload_vectors import FOUND, PATHS, USUAL, content, fresh, listed, read


@pytest.mark.parametrize("path", PATHS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_message_means_what_its_vector_says(path: Path) -> None:
    vector = read(path)
    payload = fresh(path.parent.name, vector)
    assert payload.matches(vector["topic"])
    if "error" in vector:
        with pytest.raises(BadInput) as raised:
            payload.parse(vector["topic"], content(vector))
        assert vector["error"] in str(raised.value)
    else:
        samples = payload.parse(vector["topic"], content(vector))
        assert listed(samples) == [USUAL | sample for sample in vector["samples"]]


def test_formats_do_not_take_each_others_topics() -> None:
    topics = {read(path)["topic"] for path in PATHS}
    assert len(topics) >= len(FOUND)
    for topic in topics:
        assert sum(payload.matches(topic) for payload in FOUND.values()) == 1
