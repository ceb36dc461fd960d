"""The MQTT codec: recorded packets, any split, round trips, and bytes that mean nothing."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flameblue.domain.limits import CONNECT_BYTES_MAX, PACKET_BYTES_MAX
from flameblue.intake.protocol import Broken
from flameblue.intake.protocols.mqtt import answers, codec
from flameblue.intake.protocols.mqtt.packets import (
    Connect,
    Disconnect,
    Frame,
    Publish,
    Terms,
    Unacceptable,
    Will,
)
from tests.intake import mqtt_packets as packets

VECTORS = sorted((Path(__file__).parents[1] / "vectors/mqtt").glob("*.hex"))
FAREWELLS = (b"\x20", b"\xe0")  # CONNACK and DISCONNECT are written in hexadecimal, all else is text
HELLO = packets.Client().connect()

texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=40)
topics = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\0+#"), min_size=1, max_size=40
)


def frames_of(*pieces: bytes) -> list[Frame]:
    session = codec.Session()
    return [frame for piece in pieces for frame in session.feed(piece)]


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[start:stop] for start, stop in itertools.pairwise(places)]


def as_json(value: Any) -> Any:
    """A frame as the vectors write it."""
    if isinstance(value, bytes):
        return value.hex() if value[:1] in FAREWELLS else value.decode()
    if isinstance(value, Will | Terms):
        return {name: as_json(field) for name, field in value._asdict().items()}
    return [as_json(item) for item in value] if isinstance(value, tuple) else value


def described(frame: Frame) -> dict[str, Any]:
    fields = {name: as_json(value) for name, value in frame._asdict().items()}
    return {"frame": type(frame).__name__, **fields}


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_a_recorded_conversation_gives_its_frames(path: Path) -> None:
    expected = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["frames"]
    data = bytes.fromhex(path.read_text(encoding="ascii"))
    assert [described(frame) for frame in frames_of(data)] == expected


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_byte_by_byte_gives_the_same_frames(path: Path) -> None:
    data = bytes.fromhex(path.read_text(encoding="ascii"))
    assert frames_of(*(data[at : at + 1] for at in range(len(data)))) == frames_of(data)


@given(
    st.lists(st.tuples(topics, st.binary(max_size=300), st.integers(0, 65535)), max_size=8),
    st.lists(st.integers(0, 5000), max_size=12),
)
def test_any_split_gives_the_same_frames(messages: list[tuple[str, bytes, int]], cuts: list[int]) -> None:
    data = HELLO + b"".join(packets.publish(*message) for message in messages) + packets.DISCONNECT
    frames = frames_of(*pieces(data, cuts))
    assert frames == frames_of(data)
    assert [frame[:3] for frame in frames[1:-1]] == messages
    assert frames[-1] == Disconnect()


@given(
    st.binary(max_size=400),
    st.lists(st.integers(0, 400), max_size=10),
    st.booleans(),
)
def test_no_soup_of_bytes_raises_and_any_split_of_it_gives_the_same(
    soup: bytes, cuts: list[int], connected: bool
) -> None:
    data = (HELLO if connected else b"\x10") + soup
    session = codec.Session()
    frames = []
    for piece in pieces(data, cuts):
        frames += session.feed(piece)
        assert session.held_bytes() <= PACKET_BYTES_MAX + 5
    assert frames == frames_of(data)
    ends = [frame for frame in frames if isinstance(frame, Broken | Disconnect | Unacceptable)]
    assert len(ends) <= 1
    assert not ends or (frames[-1] is ends[0] and session.feed(packets.PING) == [])


@given(
    st.builds(
        packets.Client,
        client_id=texts.filter(bool),
        user=st.none() | texts,
        keep_alive_s=st.integers(0, 65535),
        clean=st.booleans(),
        will=st.none() | st.tuples(topics, st.binary(max_size=50)),
    )
)
def test_a_connect_says_what_was_put_into_it(client: packets.Client) -> None:
    (frame,) = frames_of(client.connect())
    assert isinstance(frame, Connect)
    assert (frame.client_id, frame.user, frame.keep_alive_s) == (
        client.client_id,
        client.user,
        client.keep_alive_s,
    )
    assert (frame.clean, frame.will and frame.will[:2]) == (client.clean, client.will)


@settings(max_examples=30)
@given(st.integers(0, PACKET_BYTES_MAX - 200))
def test_a_packet_of_any_allowed_size_comes_whole(size: int) -> None:
    payload = b"x" * size
    frames = frames_of(HELLO, packets.publish("t", payload, 7))
    assert frames[1:] == [Publish("t", payload, 7, False, False)]


def test_one_byte_too_many_is_refused_at_the_header() -> None:
    session = codec.Session()
    session.feed(HELLO)
    whole = packets.publish("t", b"x" * (PACKET_BYTES_MAX - 3))
    assert isinstance(session.feed(whole)[0], Publish)
    (frame,) = session.feed(packets.publish("t", b"x" * (PACKET_BYTES_MAX - 2))[:5])
    assert isinstance(frame, Broken)
    assert frame.oversized
    assert session.held_bytes() == 0


def test_whoever_has_not_presented_himself_may_send_little() -> None:
    (frame,) = frames_of(packets.packet(0x10, b"x" * (CONNECT_BYTES_MAX + 1))[:4])
    assert isinstance(frame, Broken)
    assert frame.oversized


def test_a_packet_that_trickles_in_is_looked_at_when_it_is_complete_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks = []
    look = codec.Session._start
    monkeypatch.setattr(
        codec.Session, "_start", lambda session, data, at: looks.append(at) or look(session, data, at)
    )
    session = codec.Session()
    session.feed(HELLO)
    whole = packets.publish("t", b"x" * 50_000, 1)
    frames = [frame for at in range(len(whole)) for frame in session.feed(whole[at : at + 1])]
    assert [type(frame) for frame in frames] == [Publish]
    assert len(looks) < 10


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (answers.puback(258), b"\x40\x02\x01\x02"),
        (answers.pubrec(258), b"\x50\x02\x01\x02"),
        (answers.pubcomp(258), b"\x70\x02\x01\x02"),
        (answers.pubcomp(258, 0x92), b"\x70\x03\x01\x02\x92"),
        (answers.welcome(4, True, {}), b"\x20\x02\x01\x00"),
        (answers.refusal(4, 5, "who?"), b"\x20\x02\x00\x05"),
        (answers.refusal(5, 0x87, "who?"), b"\x20\x0a\x00\x87\x07\x1f\x00\x04who?"),
        (answers.suback(4, 9, [1, 0x80]), b"\x90\x04\x00\x09\x01\x80"),
        (answers.suback(5, 9, [1, 0x87]), b"\x90\x05\x00\x09\x00\x01\x87"),
        (answers.unsuback(4, 9, [0]), b"\xb0\x02\x00\x09"),
        (answers.unsuback(5, 9, [0, 0x11]), b"\xb0\x05\x00\x09\x00\x00\x11"),
        (answers.disconnect(Terms(4), 0x8E), b""),
        (answers.disconnect(Terms(5), 0x8E, "x"), b"\xe0\x06\x8e\x04\x1f\x00\x01x"),
        (answers.disconnect(Terms(5, packet_bytes_max=40), 0x8E), b"\xe0\x01\x8e"),
        (answers.disconnect(Terms(5, packet_bytes_max=64), 0x81, "x" * 100), b"\xe0\x01\x81"),
        (answers.publish(4, "t", b"p", 0, False), b"\x30\x04\x00\x01tp"),
        (answers.publish(4, "t", b"p", 7, True), b"\x3a\x06\x00\x01t\x00\x07p"),
        (answers.publish(5, "t", b"p", 7, False), b"\x32\x07\x00\x01t\x00\x07\x00p"),
    ],
)
def test_every_answer_has_its_bytes(answer: bytes, expected: bytes) -> None:
    assert answer == expected


def test_a_long_list_of_subscriptions_is_answered_in_full() -> None:
    answer = answers.suback(4, 1, [0x80] * 200)
    assert answer[:3] == b"\x90\xca\x01"
    assert answer[5:] == b"\x80" * 200


@pytest.mark.parametrize("flags", [0x01, 0x08, 0x18, 0x20, 0x40, 0x1C])
def test_connect_flags_that_contradict_each_other_are_refused(flags: int) -> None:
    body = packets.text("MQTT") + bytes([4, flags]) + b"\0\x3c" + packets.text("c") + packets.text("t") * 3
    (frame,) = frames_of(packets.packet(0x10, body))
    assert isinstance(frame, Broken)
