"""What a bad line makes of frames: from a seed, and never a frame that passes for another."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flameblue.domain.errors import BadInput
from flameblue.intake.protocols import dlt645, gb26875, modbus_rtu
from flameblue.intake.protocols.dlt645 import codec as dlt645_codec
from flameblue.intake.protocols.gb26875.codec import Frame
from flameblue.intake.protocols.gb26875.codec import encode as gb26875_frame
from flameblue.intake.protocols.modbus_rtu.codec import encode as rtu_frame
from flameblue.simulation import scenarios
from flameblue.simulation.kinds import KINDS
from flameblue.simulation.line_faults import NO_FAULTS, LineFaults, by_kind, spoil, written

WORST = LineFaults(split=0.5, delayed=0.5, corrupted=0.5, duplicated=0.5, garbage=0.5)
ONLY_CORRUPTED = LineFaults(corrupted=1.0)
WITHOUT_BITS = LineFaults(split=1.0, delayed=1.0)
FRAMES = {
    "gb26875": (
        gb26875.PLUGIN,
        gb26875_frame(
            Frame(7, 1, 1, bytes((1, 2, 3, 4, 5, 26)), bytes(6), bytes(6), 2, b"\x1c\x01" + bytes(6))
        ),
    ),
    "modbus_rtu": (modbus_rtu.PLUGIN, rtu_frame(1, bytes((3, 4, 0, 27, 1, 244)))),
    "dlt645": (dlt645.PLUGIN, dlt645_codec.encode("260000100005", 0x91, bytes((0, 1, 0x90, 2, 0x33, 0)))),
}


def frames_in(kind: str, data: bytes) -> list[object]:
    """What the codec finds, without places; of what it refuses, nothing."""
    session = FRAMES[kind][0].session()
    found = [*session.feed(data), *session.give_up()]
    return [
        frame._replace(at=0) if hasattr(frame, "preamble") or hasattr(frame, "pdu") else frame
        for frame in found
        if type(frame).__name__ == "Frame"
    ]


def test_a_good_line_leaves_frames_as_they_are() -> None:
    spoilt = spoil(b"frame", NO_FAULTS, Random("1"), checked=True)
    assert spoilt.pieces == [(0.0, b"frame")]
    assert (spoilt.is_whole, spoilt.is_changed) == (True, False)


@given(st.binary(min_size=1, max_size=300), st.integers())
def test_the_same_seed_spoils_the_same_frame_in_the_same_way(frame: bytes, seed: int) -> None:
    one, other = (spoil(frame, WORST, Random(seed), checked=True) for _ in range(2))
    assert one == other


@given(st.binary(min_size=1, max_size=300), st.integers())
def test_pieces_and_pauses_lose_no_byte(frame: bytes, seed: int) -> None:
    spoilt = spoil(frame, WITHOUT_BITS, Random(seed), checked=True)
    assert b"".join(data for _, data in spoilt.pieces) == frame
    assert all(data for _, data in spoilt.pieces)
    assert spoilt.pieces[0].pause_s > 0


@given(st.binary(min_size=1, max_size=300), st.integers())
def test_frames_without_a_check_of_their_own_are_never_changed(frame: bytes, seed: int) -> None:
    spoilt = spoil(frame, WORST, Random(seed), checked=False)
    assert b"".join(data for _, data in spoilt.pieces) == frame


@pytest.mark.parametrize("kind", sorted(FRAMES))
def test_no_flipped_bit_passes_for_a_frame(kind: str) -> None:
    _, frame = FRAMES[kind]
    (right,) = frames_in(kind, frame)
    seen = set()
    for seed in range(40 * len(frame)):
        (piece,) = spoil(frame, ONLY_CORRUPTED, Random(seed), checked=True).pieces
        seen.add(piece.data)
        assert all(found == right for found in frames_in(kind, piece.data)), piece.data.hex()
    assert len(seen) > 6 * len(frame)  # of 8: nearly each of its bits


@pytest.mark.parametrize("kind", sorted(FRAMES))
def test_of_a_bad_line_nothing_but_the_frames_themselves_is_read(kind: str) -> None:
    _, frame = FRAMES[kind]
    (right,) = frames_in(kind, frame)
    chance = Random(kind)
    spoilt = [spoil(frame, WORST, chance, checked=True) for _ in range(300)]
    found = frames_in(kind, b"".join(data for one in spoilt for _, data in one.pieces))
    assert {repr(one) for one in found} == {repr(right)}
    assert len(found) > 200


def test_a_kind_s_lines_are_as_the_others_but_for_what_is_said_of_them() -> None:
    found = by_kind({"split": 0.2, "dtu": {"drop_every_s": 20}}, KINDS)
    assert found["gb26875"] == LineFaults(split=0.2)
    assert found["dtu"] == LineFaults(split=0.2, drop_every_s=20)
    assert found.keys() == KINDS.keys()


def test_the_command_line_says_the_same_as_a_scenario() -> None:
    table = {"split": 0.2, "dtu": {"drop_every_s": 20, "garbage": 0.1}}
    assert written(["split=0.2", "dtu.drop_every_s=20", "dtu.garbage=0.1"]) == table


@pytest.mark.parametrize(
    ("texts", "told"),
    [(["split"], "nothing like"), (["broken=1"], "there is no broken"), (["split=2"], "share of the frames")],
)
def test_what_is_no_fault_is_told(texts: list[str], told: str) -> None:
    with pytest.raises(BadInput, match=told):
        by_kind(written(texts), KINDS)


def test_the_scenario_of_bad_lines_has_every_fault() -> None:
    scenario = scenarios.load("bad-lines")
    found = by_kind(scenario.line, KINDS)
    assert min(found["gb26875"].split, found["gb26875"].corrupted, found["gb26875"].garbage) > 0
    assert found["dtu"].drop_every_s == 20
    assert scenario.faults
