"""How much of a request is read. Django puts a whole body on disk before anybody asks who sent it: it is bounded here.

Invariants: a body beyond its address's bound is answered 413 and its rest is never read; of those that are
not small only LARGE_BODIES_MAX are read and handled at a time, the others are answered 503.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flameblue.domain.limits import (
    BODY_BYTES_MAX,
    LARGE_BODIES_MAX,
    LARGE_BODY_BYTES_MAX,
    SMALL_BODY_BYTES_MAX,
)

LARGE = re.compile(r"/fleet/files/|/pictures/[a-z]+/[0-9]+/change/")
SAID = {
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "This is too large. 太大了。",
    HTTPStatus.SERVICE_UNAVAILABLE: "Others are sending files: please wait a minute. 正在接收其他文件,请稍后再试。",
}

Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]


class _TooMuchError(Exception):
    """More was sent than may be."""


@dataclass(slots=True)
class Bounded:
    """`application` behind the bounds."""

    application: Application
    large: int = 0  # bodies that are being read or handled

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return
        most = LARGE_BODY_BYTES_MAX if LARGE.fullmatch(scope["path"]) else BODY_BYTES_MAX
        stated = _stated(scope)
        if stated is not None and stated > most:
            await _refuse(send, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        elif stated is not None and stated <= SMALL_BODY_BYTES_MAX:
            await self._answer(scope, _counted(receive, SMALL_BODY_BYTES_MAX), send)
        elif self.large >= LARGE_BODIES_MAX:
            await _refuse(send, HTTPStatus.SERVICE_UNAVAILABLE)
        else:
            self.large += 1
            try:
                await self._answer(scope, _counted(receive, most), send)
            finally:
                self.large -= 1

    async def _answer(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        try:
            await self.application(scope, receive, send)
        except _TooMuchError:
            await _refuse(send, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


def _stated(scope: Mapping[str, Any]) -> int | None:
    """How long the body is, by its own word: 0 where there is none, None where it is sent piece by piece."""
    headers = dict(scope["headers"])
    if b"transfer-encoding" in headers:
        return None
    length = headers.get(b"content-length", b"0")
    return int(length) if length.isdigit() and len(length) < 19 else LARGE_BODY_BYTES_MAX + 1


def _counted(receive: Receive, most: int) -> Receive:
    read = 0

    async def counted() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > most:
            raise _TooMuchError
        return message

    return counted


async def _refuse(send: Send, status: HTTPStatus) -> None:
    text = SAID[status].encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(text)).encode()),
        (b"connection", b"close"),
        (b"retry-after", b"60"),
    ]
    await send({"type": "http.response.start", "status": status.value, "headers": headers})
    await send({"type": "http.response.body", "body": text})
