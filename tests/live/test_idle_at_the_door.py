"""Connections that ask nothing don't keep others from the pages."""

import socket
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.live.installation import HOST, installation

pytestmark = pytest.mark.live
IDLE = 700  # more than there are live lines


def test_the_pages_answer_while_hundreds_of_connections_ask_nothing(tmp_path: Path) -> None:
    with installation(tmp_path / "data", []) as it, ExitStack() as held:
        for _ in range(IDLE):
            held.enter_context(socket.create_connection((HOST, it.web_port), timeout=5))
        answer = httpx.get(f"http://{HOST}:{it.web_port}/healthz", timeout=8)
        assert answer.status_code == 200
