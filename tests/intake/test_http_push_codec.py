"""Requests of HTTP out of bytes: whole ones, and everything that two readers might understand differently."""

import random

import h11
import pytest

from flameblue.domain.limits import HTTP_BODY_BYTES_MAX, HTTP_HEAD_BYTES_MAX, MIB
from flameblue.intake.protocol import Broken
from flameblue.intake.protocols.http_push.codec import Continue, Request, Session, answer, refusal

HEAD = b"POST /a HTTP/1.1\r\nHost: x\r\n"
GOOD = HEAD + b"Content-Length: 2\r\n\r\n{}"


def frames(*pieces: bytes) -> list[object]:
    session = Session()
    return [frame for piece in pieces for frame in session.feed(piece)]


def status(frame: object) -> int:
    """The status of the answer that a broken request gets."""
    assert isinstance(frame, Broken)
    assert frame.reason
    return int(frame.farewell.split(b" ")[1])


def test_a_body_of_chunks_is_joined_and_the_next_request_follows() -> None:
    chunked = HEAD + b"Transfer-Encoding: chunked\r\n\r\n3;ext=1\r\n{\n \r\n1\r\n}\r\n0\r\nTrailer: t\r\n\r\n"
    first, second = frames(chunked + GOOD)
    assert isinstance(first, Request)
    assert first.body == b"{\n }"
    assert second == frames(GOOD)[0]


def test_repeated_headers_are_joined_and_names_are_small() -> None:
    (found,) = frames(HEAD + b"X-Forwarded-For: 1\r\nX-FORWARDED-FOR: 2\r\nContent-Length: 0\r\n\r\n")
    assert isinstance(found, Request)
    assert found.headers["x-forwarded-for"] == "1, 2"


def test_a_peer_that_waits_is_told_to_go_on() -> None:
    waiting = HEAD + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    assert frames(waiting) == [Continue()]
    assert len(frames(waiting, b"{}")) == 2


@pytest.mark.parametrize("last", [b"GET /a HTTP/1.0\r\n\r\n", HEAD + b"Connection: close\r\n\r\n"])
def test_nothing_is_read_behind_the_last_request(last: bytes) -> None:
    (found,) = frames(last + GOOD, GOOD)
    assert isinstance(found, Request)
    assert found.is_last


@pytest.mark.parametrize(
    "smuggled",
    [
        HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        HEAD + b"Content-Length: 5, 6\r\n\r\nabcdef",
        HEAD + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + GOOD,
        HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" + GOOD,
        HEAD + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}X\r\n0\r\n\r\n",
        HEAD + b"Content-Length: +2\r\n\r\n{}",
        HEAD + b"Content-Length: 0x2\r\n\r\n{}",
        HEAD + b"Content-Length: -2\r\n\r\n{}",
        HEAD + b"Content-Length 2\r\n\r\n{}",
        HEAD + b"X: a\0b\r\n\r\n",
        b"POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"POST /a HTTP/1.1\r\n\r\n",
        b"POST /a HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        b"POST  /a HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\r\nPOST /a HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
def test_what_two_readers_might_understand_differently_ends_the_connection(smuggled: bytes) -> None:
    *before, last = frames(smuggled + GOOD)
    assert before == []
    assert status(last) == 400


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n", 501),
        (b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (b"A" * HTTP_HEAD_BYTES_MAX, 431),
        (HEAD + b"X: " + b"x" * HTTP_HEAD_BYTES_MAX + b"\r\n\r\n", 431),
        (HEAD + b"Content-Length: %d\r\n\r\n" % (HTTP_BODY_BYTES_MAX + 1), 413),
        (HEAD + b"Content-Length: 99999999999999999999\r\n\r\n", 413),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % MIB + b"x" * MIB, 413),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n2;" + b"x" * MIB, 413),
    ],
)
def test_what_is_too_much_or_another_protocol_is_told_so(data: bytes, expected: int) -> None:
    assert status(frames(data)[-1]) == expected


def test_the_largest_body_and_the_largest_head_are_taken() -> None:
    (found,) = frames(HEAD + b"Content-Length: %d\r\n\r\n" % HTTP_BODY_BYTES_MAX, b"x" * HTTP_BODY_BYTES_MAX)
    assert isinstance(found, Request)
    assert len(found.body) == HTTP_BODY_BYTES_MAX
    rest = HTTP_HEAD_BYTES_MAX - len(HEAD) - len(b"X: \r\n\r\n")
    (found,) = frames(HEAD + b"X: " + b"x" * rest + b"\r\n\r\n")
    assert isinstance(found, Request)
    assert status(frames(HEAD + b"X: " + b"x" * (rest + 1) + b"\r\n\r\n")[0]) == 431


def test_a_megabyte_of_garbage_is_not_kept() -> None:
    draw = random.Random(3)
    for _ in range(20):
        session = Session()
        for _ in range(512):
            session.feed(draw.randbytes(2_048))
            assert session.held_bytes() <= HTTP_HEAD_BYTES_MAX
        assert session.held_bytes() == 0


@pytest.mark.parametrize("size", range(1, len(GOOD)))
def test_half_a_request_is_given_up(size: int) -> None:
    session = Session()
    assert session.feed(GOOD[:size]) == []
    (given_up,) = session.give_up()
    assert status(given_up) == 408
    assert session.feed(GOOD[size:]) == []


def test_between_two_requests_nothing_is_given_up() -> None:
    session = Session()
    assert session.give_up() == []
    session.feed(GOOD)
    assert session.give_up() == []
    assert len(session.feed(GOOD)) == 1


def test_our_answers_are_read_by_another_reader_of_http() -> None:
    for said, expected in (
        (answer(200, b'{"readings": 1}\n'), 200),
        (refusal(503, "später", {"Retry-After": "5"}), 503),
    ):
        peer = h11.Connection(h11.CLIENT)
        peer.send(h11.Request(method="POST", target="/a", headers=[("Host", "x")]))
        peer.send(h11.EndOfMessage())
        peer.receive_data(said)
        head, body, end = peer.next_event(), peer.next_event(), peer.next_event()
        assert isinstance(head, h11.Response)
        assert head.status_code == expected
        assert isinstance(body, h11.Data)
        assert isinstance(end, h11.EndOfMessage)
