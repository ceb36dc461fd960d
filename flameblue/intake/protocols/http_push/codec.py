"""Requests out of bytes: h11 reads them; here stand the limits, and what is refused that a proxy might read otherwise.

Invariants: requests come in order, whole; after a `Broken`, or a request that is the connection's last, nothing comes;
h11 is given whole heads, whole lines of chunks, or bytes of a body whose length is known, so that any split gives the
same requests; no more is kept than a head and a body.
Source: RFC 9112 (HTTP/1.1; 6.1 and 6.3: framing, 9.3: persistence), RFC 9110 (10.1.1: Expect; 15: status codes).
"""

import json
import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

import h11

from flameblue.domain.limits import HTTP_BODY_BYTES_MAX, HTTP_HEAD_BYTES_MAX
from flameblue.intake.protocol import Broken

VERSIONS = (b"1.0", b"1.1")
FIRST_BYTE_MIN = 0x21  # of a method; no blank line is passed over, and no TLS waits for its time-out
_HEAD_END = re.compile(rb"\n\r?\n")


class Request(NamedTuple):
    """A request with all its body. `headers`: names in small letters, repeated ones joined by commas.

    `is_last`: the peer wants no other on this connection, or can't.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    is_last: bool


class Continue(NamedTuple):
    """The peer has sent a head and waits for our word before it sends the body."""


def answer(status: int, content: bytes, headers: Mapping[str, str] | None = None) -> bytes:
    """The bytes of an answer; `content` is JSON unless `headers` say otherwise."""
    said = {"Content-Type": "application/json", "Content-Length": str(len(content)), **(headers or {})}
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        *(f"{name}: {text}" for name, text in said.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + content


def refusal(status: int, why: str, headers: Mapping[str, str] | None = None) -> bytes:
    """An answer that says in one line of JSON why not, and ends the connection."""
    content = json.dumps({"error": why}, ensure_ascii=False).encode() + b"\n"
    return answer(status, content, {"Connection": "close", **(headers or {})})


class _Refused(Exception):
    """What ends the session."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class Session:
    """One connection's side of HTTP."""

    def __init__(self) -> None:
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=HTTP_HEAD_BYTES_MAX)
        self._held = bytearray()  # h11 has not seen it: a line without its end
        self._head: h11.Request | None = None
        self._body = bytearray()
        self._body_left = 0  # bytes, where the length is known
        self._over = False

    def feed(self, data: bytes) -> list[Any]:
        """The frames that `data` completes, in order."""
        frames: list[Any] = []
        if self._over:
            return frames
        self._held += data
        try:
            while not self._over and (piece := self._next_piece()):
                self._http.receive_data(piece)
                self._events(frames)
        except _Refused as refused:
            self._end(frames, refused.status, str(refused))
        except h11.RemoteProtocolError as error:
            self._end(frames, error.error_status_hint, f"not HTTP/1.1: {error}")
        return frames

    def held_bytes(self) -> int:
        """Bytes of a request that is not whole."""
        return 0 if self._over else len(self._held) + len(self._http.trailing_data[0]) + len(self._body)

    def give_up(self) -> list[Any]:
        """Half a request is waited for no longer."""
        frames: list[Any] = []
        if self.held_bytes() or self._head is not None:
            self._end(frames, HTTPStatus.REQUEST_TIMEOUT, "the request did not come whole in time")
        return frames

    def settle(self, packet_ids: Iterable[int]) -> None:
        """Nothing: no request has a packet id."""

    def _next_piece(self) -> bytes:
        """What h11 may see next; empty: more has to come first."""
        if self._body_left:
            size = min(self._body_left, len(self._held))
            self._body_left -= size
        elif self._head is None:
            size = self._head_size()
        else:
            size = self._line_size()
        piece = bytes(self._held[:size])
        del self._held[:size]
        return piece

    def _head_size(self) -> int:
        if self._held and self._held[0] < FIRST_BYTE_MIN:
            raise _Refused(400, "this is no request of HTTP")
        found = _HEAD_END.search(self._held, 0, HTTP_HEAD_BYTES_MAX)
        if found is None and len(self._held) >= HTTP_HEAD_BYTES_MAX:
            raise _Refused(431, f"the head has more than {HTTP_HEAD_BYTES_MAX} bytes")
        return found.end() if found else 0

    def _line_size(self) -> int:
        """Of chunks and what is around them, all of which counts as the body."""
        end = self._held.find(b"\n")
        if len(self._body) + (len(self._held) if end < 0 else end) >= HTTP_BODY_BYTES_MAX:
            raise _too_large()
        return end + 1

    def _events(self, frames: list[Any]) -> None:
        while True:
            event = self._http.next_event()
            match event:
                case h11.Request():
                    self._begin(event, frames)
                case h11.Data():
                    self._body += event.data
                    if len(self._body) > HTTP_BODY_BYTES_MAX:
                        raise _too_large()
                case h11.EndOfMessage():
                    frames.append(self._whole())
                case _:
                    return

    def _begin(self, head: h11.Request, frames: list[Any]) -> None:
        named = [name for name, _ in head.headers]
        if head.http_version not in VERSIONS:
            raise _Refused(505, "this is neither HTTP/1.0 nor HTTP/1.1")
        if b"transfer-encoding" in named and (b"content-length" in named or head.http_version == b"1.0"):
            raise _Refused(
                400, "Transfer-Encoding beside Content-Length, or in HTTP/1.0: nobody knows where it ends"
            )
        if head.method == b"CONNECT":
            raise _Refused(405, "CONNECT is for proxies")
        self._head = head
        for name, value in head.headers:
            if name == b"content-length":
                self._body_left = int(value)
        if self._body_left > HTTP_BODY_BYTES_MAX:
            raise _too_large()
        if self._http.they_are_waiting_for_100_continue:
            frames.append(Continue())

    def _whole(self) -> Request:
        head = self._head
        assert head is not None, "h11 ends no message that it has not begun"
        headers: dict[str, str] = {}
        for raw_name, raw_value in head.headers:
            name, value = raw_name.decode("ascii"), raw_value.decode("latin-1")
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        is_last = not self._goes_on()
        body, self._body, self._head = bytes(self._body), bytearray(), None
        return Request(head.method.decode("ascii"), head.target.decode("latin-1"), headers, body, is_last)

    def _goes_on(self) -> bool:
        """Makes h11 ready for the next request. It counts our answers, and these are sent by others, in their time."""
        self._http.send(h11.Response(status_code=200, headers=[(b"content-length", b"0")]))
        self._http.send(h11.EndOfMessage())
        self._over = self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE
        if self._over:
            self._held.clear()
            return False
        self._http.start_next_cycle()
        return True

    def _end(self, frames: list[Any], status: int, why: str) -> None:
        self._over = True
        self._held.clear()
        self._body.clear()
        self._head = None
        is_large = status in (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        frames.append(Broken(why, is_large, refusal(status, why)))


def _too_large() -> _Refused:
    return _Refused(413, f"the body has more than {HTTP_BODY_BYTES_MAX} bytes")
