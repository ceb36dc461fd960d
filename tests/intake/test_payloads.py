"""Payload formats against real messages."""

import json
from pathlib import Path
from typing import Any

import pytest

from flameblue import plugins
from flameblue.domain.errors import BadInput
from flameblue.intake import payloads

FORMATS = plugins.find(payloads)
VECTORS = Path(__file__).parents[1] / "vectors"
MESSAGES = sorted(path for name in FORMATS for path in (VECTORS / name).glob("*.json"))


def listed(value: Any) -> Any:
    return json.loads(json.dumps(value))


@pytest.mark.parametrize("path", MESSAGES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_message_means_what_its_vector_says(path: Path) -> None:
    vector = json.loads(path.read_text(encoding="utf-8"))
    payload = FORMATS[path.parent.name]
    assert payload.matches(vector["topic"])
    if "error" in vector:
        with pytest.raises(BadInput) as raised:
            payload.parse(vector["payload"].encode())
        assert vector["error"] in str(raised.value)
    else:
        samples = payload.parse(vector["payload"].encode())
        assert listed([sample._asdict() for sample in samples]) == vector["samples"]


def test_formats_do_not_take_each_others_topics() -> None:
    topics = {json.loads(path.read_text(encoding="utf-8"))["topic"] for path in MESSAGES}
    assert len(topics) == len(FORMATS)
    for topic in topics:
        assert sum(payload.matches(topic) for payload in FORMATS.values()) == 1
