"""Over a real socket: who may not send much is refused unread, and who drips loses its place and its connection."""

import select
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from flameblue.domain.limits import BODY_GRACE_S, LARGE_BODIES_MAX, LARGE_BODIES_PER_SENDER_MAX, MIB
from tests.live.installation import HOST, Installation, installation

FILES = "/fleet/files/"
SESSIONS = """
from django.contrib.auth import SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
for number in range(5):
    user = User.objects.create_superuser(f"sender{number}")
    kept = SessionStore()
    kept[SESSION_KEY] = str(user.pk)
    kept[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    kept[HASH_SESSION_KEY] = user.get_session_auth_hash()
    kept.save()
    print(kept.session_key)
"""

pytestmark = [pytest.mark.live]


@pytest.fixture
def it(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path / "data", []) as running:
        yield running


def opened(it: Installation, session: str = "") -> socket.socket:
    """A connection that has promised a mebibyte and sent one byte of it."""
    line = socket.create_connection((HOST, it.web_port), timeout=2 * BODY_GRACE_S)
    cookie = f"Cookie: sessionid={session}\r\n" if session else ""
    head = f"POST {FILES} HTTP/1.1\r\nHost: {HOST}:{it.web_port}\r\n{cookie}Content-Length: {MIB}\r\n\r\n"
    line.sendall(head.encode() + b"x")
    return line


def answer(line: socket.socket) -> bytes:
    """All that is said until the other side closes."""
    with line:
        said = b""
        while piece := line.recv(4096):
            said += piece
    return said


def test_nobody_without_a_session_holds_a_place(it: Installation) -> None:
    lines = [opened(it) for _ in range(2 * LARGE_BODIES_MAX)]
    assert {answer(line)[:12] for line in lines} == {b"HTTP/1.1 403"}
    assert httpx.get(f"http://{HOST}:{it.web_port}/healthz", timeout=8).status_code == 200


@pytest.mark.proof
def test_who_drips_loses_the_place_and_the_connection(it: Installation) -> None:
    *senders, late = it.python(SESSIONS).split()
    lines = [opened(it, session) for session in senders for _ in range(LARGE_BODIES_PER_SENDER_MAX)]
    assert len(lines) == LARGE_BODIES_MAX
    lines.append(opened(it, late))
    refused = first_answered(lines)
    assert answer(refused).startswith(b"HTTP/1.1 503")
    began = time.monotonic()
    assert {answer(line)[:12] for line in lines if line is not refused} == {b"HTTP/1.1 408"}
    assert time.monotonic() - began < BODY_GRACE_S + 15
    with opened(it, late) as line:
        line.settimeout(1)
        with pytest.raises(TimeoutError):  # there is a place again: the rest is waited for
            line.recv(1)


def test_one_sender_leaves_places_to_the_others(it: Installation) -> None:
    first, other, *_ = it.python(SESSIONS).split()
    lines = [opened(it, first) for _ in range(LARGE_BODIES_PER_SENDER_MAX + 1)]
    said = answer(first_answered(lines))
    assert said.startswith(b"HTTP/1.1 429")
    assert "请等其中一个完成".encode() in said
    with opened(it, other) as line:
        line.settimeout(1)
        with pytest.raises(TimeoutError):
            line.recv(1)
    for line in lines:
        line.close()


def first_answered(lines: list[socket.socket]) -> socket.socket:
    """The one of `lines` that found no place: whichever was read last, which need not be the one opened last."""
    answered, _, _ = select.select(lines, [], [], BODY_GRACE_S / 2)
    assert len(answered) == 1, f"{len(answered)} of {len(lines)} were answered within {BODY_GRACE_S / 2} s"
    refused: socket.socket = answered[0]
    return refused
