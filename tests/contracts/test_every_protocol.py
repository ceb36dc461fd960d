"""What every protocol of the listener obeys. A folder is met or the test fails."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flameblue import plugins
from flameblue.intake import protocols
from flameblue.intake.protocol import Broken

FOLDER = Path(protocols.__file__).parent
VECTORS = Path(__file__).parents[1] / "vectors"
FOUND = plugins.find(protocols)
NAMES = sorted(FOUND)
KINDS = ("truncated", "garbled")


def recorded(name: str) -> list[bytes]:
    return [
        bytes.fromhex(path.read_text(encoding="ascii")) for path in sorted((VECTORS / name).glob("*.hex"))
    ]


def frames_of(name: str, pieces: list[bytes]) -> list[Any]:
    session = FOUND[name].session()
    frames = []
    for piece in pieces:
        frames += session.feed(piece)
        assert session.held_bytes() <= FOUND[name].frame_bytes_max + 16
    return frames


def test_every_folder_on_disk_is_met() -> None:
    folders = {path.name for path in FOLDER.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert set(FOUND) == folders
    assert folders


@pytest.mark.parametrize("name", NAMES)
def test_it_has_a_codec_and_a_readme_with_the_frame_drawn(name: str) -> None:
    assert (FOLDER / name / "codec.py").exists()
    text = (FOLDER / name / "README.md").read_text(encoding="utf-8")
    assert "```text" in text
    assert {"## Try it", "## Known limits"} <= set(text.splitlines())


@pytest.mark.parametrize("name", NAMES)
def test_it_has_recorded_truncated_and_garbled_frames(name: str) -> None:
    stems = {path.stem for path in (VECTORS / name).glob("*.hex")}
    assert stems == {path.stem for path in (VECTORS / name).glob("*.json")}
    for kind in KINDS:
        assert any(stem.startswith(kind) for stem in stems)
    for path in (VECTORS / name).glob("*.json"):
        vector = json.loads(path.read_text(encoding="utf-8"))
        assert vector["about"]
        assert vector["source"]


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_any_split_of_any_mutation_gives_the_same_frames_and_none_raises(
    name: str, data: st.DataObject
) -> None:
    stream = bytearray(b"".join(data.draw(st.lists(st.sampled_from(recorded(name)), min_size=1, max_size=3))))
    for place in data.draw(st.lists(st.integers(0, len(stream) - 1), max_size=3)):
        stream[place] = data.draw(st.integers(0, 255))
    stream += data.draw(st.binary(max_size=30))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=10)))
    pieces = [bytes(stream[start:stop]) for start, stop in pairwise([0, *cuts, len(stream)])]
    frames = frames_of(name, pieces)
    assert frames == frames_of(name, [bytes(stream)])
    assert [frame for frame in frames[:-1] if isinstance(frame, Broken)] == []


@pytest.mark.parametrize("name", NAMES)
def test_no_single_byte_changed_in_a_recorded_frame_raises(name: str) -> None:
    for stream in recorded(name):
        for place in range(len(stream)):
            changed = bytearray(stream)
            changed[place] ^= 0xFF
            frames_of(name, [bytes(changed)])
