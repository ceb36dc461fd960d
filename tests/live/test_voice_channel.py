"""The voice channel against a real HTTP server: what it asks, which answers pass, which never will."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from flameblue.domain.errors import DeliveryError
from flameblue.notices.channel import Outgoing
from flameblue.notices.channels.voice import Voice
from tests.live.installation import HOST

pytestmark = pytest.mark.live
CALL = Outgoing(17, 3, "voice", "+8613900000001", "报警:松林客栈203房", "zh-hans")


class Provider(ThreadingHTTPServer):
    """Answers with `status` and `body`, and keeps what was asked."""

    status: int = 201
    body: bytes = b'{"id": "call-9"}'

    def __init__(self) -> None:
        super().__init__((HOST, 0), Answering)
        self.asked: list[tuple[dict[str, str], dict[str, Any]]] = []


class Answering(BaseHTTPRequestHandler):
    server: Provider

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((dict(self.headers), body))
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_: object) -> None:
        """Says nothing: tests look at what was asked."""


@pytest.fixture
def provider() -> Iterator[Provider]:
    running = Provider()
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield running
    running.shutdown()
    thread.join()
    running.server_close()


@pytest.fixture
def voice(provider: Provider) -> Iterator[Voice]:
    channel = Voice(f"http://{HOST}:{provider.server_address[1]}/calls", "secret")
    yield channel
    channel.close()


def test_a_call_is_asked_for_in_json_with_the_token(provider: Provider, voice: Voice) -> None:
    assert voice.send(CALL).message_ids == ("call-9",)
    ((headers, body),) = provider.asked
    assert body == {
        "to": "+8613900000001",
        "text": "报警:松林客栈203房",
        "language": "zh-hans",
        "notice": 17,
    }
    assert headers["Authorization"] == "Bearer secret"


def test_every_try_of_one_notice_has_the_same_key_so_that_it_rings_once(
    provider: Provider, voice: Voice
) -> None:
    voice.send(CALL)
    voice.send(CALL)
    assert {headers["Idempotency-Key"] for headers, _ in provider.asked} == {"flameblue-notice-17"}


@pytest.mark.parametrize("body", [b"", b"OK", b"[]", b'{"id": null}'])
def test_an_accepted_call_needs_no_id(provider: Provider, voice: Voice, body: bytes) -> None:
    provider.body = body
    assert voice.send(CALL).message_ids == ()


@pytest.mark.parametrize(
    ("status", "permanent"),
    [(400, True), (401, True), (404, True), (408, False), (429, False), (500, False), (503, False)],
)
def test_which_refusals_may_pass(provider: Provider, voice: Voice, status: int, permanent: bool) -> None:
    provider.status = status
    with pytest.raises(DeliveryError, match=str(status)) as refused:
        voice.send(CALL)
    assert refused.value.permanent is permanent
