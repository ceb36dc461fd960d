"""The codec and MQTT 5: structured packets there and back, any split, soup within packets, our bounds."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flameblue.domain.limits import INFLIGHT_PER_CONNECTION_MAX, PROPERTIES_MAX, TOPIC_ALIASES_MAX
from flameblue.intake.protocol import Broken
from flameblue.intake.protocols.mqtt import codec
from flameblue.intake.protocols.mqtt.packets import (
    Acknowledged,
    Connect,
    Disconnect,
    Frame,
    Ping,
    Publish,
    PublishOnce,
    Release,
    Subscribe,
    Terms,
    Unsubscribe,
    Will,
)
from tests.intake import mqtt5_packets as packets
from tests.intake.mqtt_packets import PING, packet, text

HELLO = packets.connect()
texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=20)
topics = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\0+#"), min_size=1, max_size=20
)
ids = st.integers(1, 65535)
four = st.integers(0, 2**32 - 1)
users = st.lists(st.tuples(texts, texts), max_size=3)
of_message = st.fixed_dictionaries(
    {},
    optional={0x01: st.integers(0, 1), 0x02: four, 0x03: texts, 0x08: texts, 0x09: st.binary(), 0x26: users},
)
of_connect = st.fixed_dictionaries(
    {},
    optional={
        0x11: four,
        0x17: st.integers(0, 1),
        0x19: st.integers(0, 1),
        0x21: st.integers(1, 65535),
        0x22: st.integers(0, 65535),
        0x26: users,
        0x27: st.integers(64, 2**32 - 1),
    },
)


def told(topic: str, payload: bytes, number: int, said: dict[int, Any], flags: int) -> tuple[bytes, Frame]:
    """A PUBLISH as bytes and as the frame that it must give."""
    once, duplicate, retain = bool(flags & 4 and number), bool(flags & 8), bool(flags & 1)
    kind = PublishOnce if once else Publish
    sent = packets.publish(topic, payload, number, said, flags=flags if number else flags & 9)
    return sent, kind(topic, payload, number, retain, duplicate)


spoken = st.one_of(
    st.builds(
        told, topics, st.binary(max_size=50), st.just(0) | ids, of_message, st.sampled_from([0, 1, 4, 8, 12])
    ),
    ids.map(lambda number: (packets.pubrel(number), Release(number))),
    st.builds(
        lambda number, code: (packets.puback(number, code), Acknowledged(number)),
        ids,
        st.sampled_from([0, 0x10, 0x87, 0x99]),
    ),
    st.builds(
        lambda number, names: (
            packets.subscribe(number, *names),
            Subscribe(number, tuple((name, options & 3) for name, options in names)),
        ),
        ids,
        st.lists(st.tuples(texts, st.sampled_from([0, 1, 2, 0x0E, 0x2D])), min_size=1, max_size=4),
    ),
    st.builds(
        lambda number, names: (packets.unsubscribe(number, *names), Unsubscribe(number, tuple(names))),
        ids,
        st.lists(texts, min_size=1, max_size=4),
    ),
    st.just((PING, Ping())),
)


def frames_of(*pieces: bytes) -> list[Frame]:
    session = codec.Session()
    return [frame for piece in pieces for frame in session.feed(piece)]


@given(st.lists(spoken, max_size=10), st.lists(st.integers(0, 5000), max_size=12))
def test_what_is_written_is_read_however_it_is_split(
    said: list[tuple[bytes, Frame]], cuts: list[int]
) -> None:
    data = HELLO + b"".join(sent for sent, _ in said) + packets.disconnect()
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    frames = frames_of(*(data[start:stop] for start, stop in itertools.pairwise(places)))
    assert frames[1:-1] == [frame for _, frame in said]
    assert [type(frame) for frame in frames[1:-1]] == [type(frame) for _, frame in said]
    assert frames[-1] == Disconnect()


@given(
    texts,
    of_connect,
    st.booleans(),
    st.integers(0, 65535),
    st.none() | st.tuples(topics, st.binary(max_size=9)),
)
def test_a_connect_says_what_was_put_into_it(
    client_id: str, asked: dict[int, Any], clean: bool, keep_alive_s: int, will: tuple[str, bytes] | None
) -> None:
    sent = packets.connect(
        client_id,
        asked,
        clean=clean,
        keep_alive_s=keep_alive_s,
        will=None if will is None else (*will, {0x18: 30, 0x26: [("a", "b")]}),
    )
    terms = Terms(5, asked.get(0x11, 0), asked.get(0x21, 65535), asked.get(0x27, 2**32 - 1))
    (frame,) = frames_of(sent)
    assert isinstance(frame, Connect)
    assert (frame.client_id, frame.clean, frame.keep_alive_s) == (client_id, clean, keep_alive_s)
    assert frame.will == (None if will is None else Will(*will, 0, False))
    assert frame.terms == terms


@given(
    st.sampled_from([0x20, 0x30, 0x32, 0x34, 0x3D, 0x40, 0x50, 0x62, 0x70, 0x82, 0xA2, 0xC0, 0xE0, 0xF0]),
    st.binary(max_size=80) | st.builds(lambda *parts: b"".join(parts), st.just(b"\0\1a\0\1"), st.binary()),
    st.booleans(),
)
def test_no_soup_within_a_packet_raises_and_what_is_wrong_is_told(
    head: int, soup: bytes, connected: bool
) -> None:
    whole = packet(head, soup) if connected else packet(0x10, text("MQTT") + b"\5" + soup)
    frames = frames_of((HELLO if connected else b"") + whole + PING)
    broken = [frame for frame in frames if isinstance(frame, Broken)]
    assert not broken or frames[-1] is broken[0]
    for frame in broken:
        assert frame.farewell[0] == (0xE0 if connected else 0x20)
        assert frame.farewell[2 if connected else 3] >= 0x80


def test_a_user_may_say_a_few_things_of_his_own_but_not_thousands() -> None:
    few = packets.publish("t", b"", 1, {0x26: [("a", "b")] * PROPERTIES_MAX})
    many = packets.publish("t", b"", 2, {0x26: [("a", "b")] * (PROPERTIES_MAX + 1)})
    kept, broken = frames_of(HELLO, few, many)[1:]
    assert isinstance(kept, Publish)
    assert isinstance(broken, Broken)


def test_topic_aliases_are_served_up_to_our_maximum_and_may_be_given_anew() -> None:
    sent = [
        packets.publish(f"t{number}", b"", 0, {0x23: number}) for number in range(1, TOPIC_ALIASES_MAX + 1)
    ]
    sent += [packets.publish("new", b"", 0, {0x23: 1}), packets.publish("", b"", 0, {0x23: 1})]
    sent += [packets.publish("", b"", 0, {0x23: TOPIC_ALIASES_MAX})]
    frames = frames_of(HELLO, *sent)[1:]
    assert [frame.topic for frame in frames if isinstance(frame, Publish)] == [
        *(f"t{number}" for number in range(1, TOPIC_ALIASES_MAX + 1)),
        "new",
        "new",
        f"t{TOPIC_ALIASES_MAX}",
    ]


def flood(session: codec.Session, count: int) -> list[Frame]:
    return [
        frame for number in range(1, count + 1) for frame in session.feed(packets.publish("t", b"", number))
    ]


def test_more_in_flight_than_we_said_is_a_protocol_error_and_settled_ones_make_room() -> None:
    session = codec.Session()
    session.feed(HELLO)
    assert len(flood(session, INFLIGHT_PER_CONNECTION_MAX)) == INFLIGHT_PER_CONNECTION_MAX
    session.settle(range(1, 11))
    for number in range(100, 110):
        (frame,) = session.feed(packets.publish("t", b"", number))
        assert isinstance(frame, Publish)
    (frame,) = session.feed(packets.publish("t", b"", 200))
    assert isinstance(frame, Broken)
    assert frame.farewell[2] == 0x93


def test_a_client_that_comes_back_may_send_its_backlog_at_once() -> None:
    session = codec.Session()
    session.feed(packets.connect(clean=False))
    frames = flood(session, 10 * INFLIGHT_PER_CONNECTION_MAX)
    assert {type(frame) for frame in frames} == {Publish}


@pytest.mark.parametrize("packet_bytes_max", [64, 80, 1000])
def test_our_last_word_is_no_longer_than_the_client_takes(packet_bytes_max: int) -> None:
    hello = packets.connect(asked={0x27: packet_bytes_max})
    frame = frames_of(hello, packet(0xE0, b"\0\5\x11\0\0\0\x0a"))[-1]
    assert isinstance(frame, Broken)
    assert len(frame.farewell) <= packet_bytes_max
    assert frame.farewell[2] == 0x82
