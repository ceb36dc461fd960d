"""Over a real socket: who may not send much is refused unread, and who drips loses its place and its connection."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from flameblue.domain.limits import BODY_GRACE_S, LARGE_BODIES_MAX, MIB
from tests.live.installation import HOST, Installation, installation

FILES = "/fleet/files/"
SESSION = """
from django.contrib.auth import SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
user = User.objects.create_superuser("sender")
kept = SessionStore()
kept[SESSION_KEY] = str(user.pk)
kept[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
kept[HASH_SESSION_KEY] = user.get_session_auth_hash()
kept.save()
print(kept.session_key)
"""

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("processes")]


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
    session = it.python(SESSION).strip()
    lines = [opened(it, session) for _ in range(LARGE_BODIES_MAX)]
    wait_until_full(it, session)
    began = time.monotonic()
    assert {answer(line)[:12] for line in lines} == {b"HTTP/1.1 408"}
    assert time.monotonic() - began < BODY_GRACE_S + 15
    with opened(it, session) as line:
        line.settimeout(1)
        with pytest.raises(TimeoutError):  # there is a place again: the rest is waited for
            line.recv(1)


def wait_until_full(it: Installation, session: str) -> None:
    """Until the next one is told that there is no place."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with opened(it, session) as line:
            line.settimeout(0.3)
            try:
                said = line.recv(12)
            except TimeoutError:
                continue
        if said == b"HTTP/1.1 503":
            return
    raise AssertionError("not full within 10 s")
