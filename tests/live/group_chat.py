"""A group chat's robot: a real HTTP server on a loopback port that keeps what was posted and answers as it is told."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.live.installation import HOST

KEY = "hook-key-that-nobody-may-read"


@dataclass(frozen=True)
class Post:
    """One message: the address it was posted to, and its body."""

    path: str
    body: Any


@dataclass
class GroupChat:
    """`url` is what Flameblue is given; `posts` what it said; `answers` (status, body) come in turn, then `ok`."""

    url: str
    posts: list[Post] = field(default_factory=list)
    answers: list[tuple[int, bytes]] = field(default_factory=list)
    ok: bytes = b'{"errcode":0,"errmsg":"ok","code":0}'


@contextmanager
def group_chat() -> Iterator[GroupChat]:
    """A robot that takes every message."""

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            chat.posts.append(Post(self.path, body))
            status, said = chat.answers.pop(0) if chat.answers else (200, chat.ok)
            self.send_response(status)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            """Says nothing: tests look at the posts."""

    server = ThreadingHTTPServer((HOST, 0), Answering)
    chat = GroupChat(f"http://{HOST}:{server.server_address[1]}/send?key={KEY}")
    thread = threading.Thread(target=server.serve_forever, name="group-chat")
    thread.start()
    try:
        yield chat
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
