"""Over a real socket: a refusal is read by who sends all first and reads after, and no body stumbles."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from flameblue.domain.limits import BODY_BYTES_MAX, MIB, REFUSED_BODY_BYTES_MAX
from tests.live.installation import HOST, Installation, installation

FILES = "/fleet/files/"
CHUNKED = "Transfer-Encoding: chunked"
BROKEN = {
    "no size": b"zz\r\nabc\r\n0\r\n\r\n",
    "no size after a good piece": b"3\r\nabc\r\nxyz\r\n",
    "no line's end": b"3\r\nabcdef\r\n0\r\n\r\n",
    "a size beyond 64 bits": b"f" * 30 + b"\r\nabc",
    "no size at all": b"\r\n\r\n",
    "less than nothing": b"-1\r\nabc\r\n",
}

pytestmark = [pytest.mark.live]


@pytest.fixture(scope="module")
def it(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    data: Path = tmp_path_factory.mktemp("refused") / "data"
    with installation(data, []) as running:
        yield running


def answer(it: Installation, path: str, header: str, body: bytes, *, ends: bool = False) -> bytes:
    """What is read once all is sent; whole, since the other side closes."""
    with socket.create_connection((HOST, it.web_port), timeout=40) as line:
        head = f"POST {path} HTTP/1.1\r\nHost: {HOST}:{it.web_port}\r\n{header}\r\n\r\n"
        line.sendall(head.encode() + body)
        if ends:
            line.shutdown(socket.SHUT_WR)
        said = b""
        while piece := line.recv(4096):
            said += piece
    return said


@pytest.mark.parametrize("path", [FILES, "/sign-in/", "/api/v1/cases/1/comment"])
@pytest.mark.parametrize("broken", BROKEN)
def test_what_is_no_body_is_answered_in_words(it: Installation, path: str, broken: str) -> None:
    said = answer(it, path, CHUNKED, BROKEN[broken])
    assert said.startswith(b"HTTP/1.1 400"), said[:200]
    assert "请重新发送".encode() in said
    assert "Traceback" not in it.tail()


@pytest.mark.parametrize(("header", "body"), [(CHUNKED, b"5\r\nab"), ("Content-Length: 5", b"ab")])
def test_who_stops_in_the_middle_leaves_no_trace(it: Installation, header: str, body: bytes) -> None:
    said = answer(it, "/sign-in/", header, body, ends=True)
    assert not said or said.startswith(b"HTTP/1.1 400"), said[:200]
    assert "Traceback" not in it.tail()


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [
        (FILES, 2 * MIB, 403),
        (FILES, REFUSED_BODY_BYTES_MAX - MIB, 403),
        ("/sign-in/", 2 * MIB, 403),
        ("/sign-in/", BODY_BYTES_MAX + MIB, 413),
    ],
)
def test_who_sends_first_and_reads_after_reads_the_refusal(
    it: Installation, path: str, size: int, status: int
) -> None:
    said = answer(it, path, f"Content-Length: {size}", bytes(size))
    assert said.startswith(b"HTTP/1.1 %d" % status), said[:200]
    assert "。".encode() in said
    pieces = b"".join(b"10000\r\n" + bytes(65_536) + b"\r\n" for _ in range(size // 65_536))
    said = answer(it, path, CHUNKED, pieces + b"0\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 413"), said[:200]
