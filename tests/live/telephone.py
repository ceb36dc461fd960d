"""A voice provider: a real HTTP server on a loopback port that keeps the calls it was asked to make."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.live.installation import HOST


@dataclass(frozen=True)
class Call:
    """One call, and the bearer token that asked for it."""

    to: str
    text: str
    token: str


@dataclass
class VoiceProvider:
    """`url` is what Flameblue is given; `calls` what it asked for."""

    url: str
    calls: list[Call] = field(default_factory=list)

    def called(self, to: str) -> list[str]:
        """The texts spoken to this number."""
        return [call.text for call in list(self.calls) if call.to == to]


@contextmanager
def voice_provider() -> Iterator[VoiceProvider]:
    """A provider that accepts every call."""

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            provider.calls.append(Call(asked["to"], asked["text"], token))
            body = json.dumps({"id": f"call-{len(provider.calls)}"}).encode()
            self.send_response(202)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing: tests look at the calls."""

    server = ThreadingHTTPServer((HOST, 0), Answering)
    provider = VoiceProvider(f"http://{HOST}:{server.server_address[1]}/calls")
    thread = threading.Thread(target=server.serve_forever, name="telephone")
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
