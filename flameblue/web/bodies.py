"""How much of a request is read, from whom and for how long. Django puts a whole body on disk before anybody asks who
sent it: it is bounded here.

Invariants: a body beyond its address's bound is answered 413 and its rest is never read; of those that are
not small only LARGE_BODIES_MAX are read and handled at a time, the others are answered 503, and who may not call the
address has none of these places; who sends more slowly than BODY_BYTES_PER_S_MIN is answered 408.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flameblue.domain.limits import (
    BODY_BYTES_MAX,
    BODY_BYTES_PER_S_MIN,
    BODY_GRACE_S,
    LARGE_BODIES_MAX,
    LARGE_BODY_BYTES_MAX,
    SMALL_BODY_BYTES_MAX,
)

LARGE = re.compile(r"/fleet/files/|/pictures/[a-z]+/[0-9]+/change/")
SAID = {
    HTTPStatus.FORBIDDEN: "Please sign in as somebody who may send this. 请使用有权限的账号登录后再发送。",
    HTTPStatus.REQUEST_TIMEOUT: "This came too slowly: please try again. 发送太慢,请重试。",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "This is too large. 太大了。",
    HTTPStatus.SERVICE_UNAVAILABLE: "Others are sending files: please wait a minute. 正在接收其他文件,请稍后再试。",
}

Message = Mapping[str, Any]
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class _RefusedError(Exception):
    """The body is read no further."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status)
        self.status = status


@dataclass(slots=True)
class Bounded:
    """`application` behind the bounds; `may_send` says whether who asks may send more than a small body."""

    application: Application
    may_send: Callable[[Scope], Awaitable[bool]]
    monotonic: Callable[[], float] = time.monotonic
    large: int = 0  # bodies that are being read or handled

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return
        most = LARGE_BODY_BYTES_MAX if LARGE.fullmatch(scope["path"]) else BODY_BYTES_MAX
        stated = _stated(scope)
        if stated is not None and stated > most:
            await _refuse(send, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        elif stated is not None and stated <= SMALL_BODY_BYTES_MAX:
            await self._answer(scope, receive, send, SMALL_BODY_BYTES_MAX)
        elif await self.may_send(scope):
            await self._answer_in_a_place(scope, receive, send, most)
        elif stated is None:
            await self._answer(scope, receive, send, SMALL_BODY_BYTES_MAX)
        else:
            await _refuse(send, HTTPStatus.FORBIDDEN)

    async def _answer_in_a_place(self, scope: Scope, receive: Receive, send: Send, most: int) -> None:
        if self.large >= LARGE_BODIES_MAX:
            await _refuse(send, HTTPStatus.SERVICE_UNAVAILABLE)
            return
        self.large += 1
        try:
            await self._answer(scope, receive, send, most)
        finally:
            self.large -= 1

    async def _answer(self, scope: Scope, receive: Receive, send: Send, most: int) -> None:
        try:
            await self.application(scope, _bounded(receive, most, self.monotonic), send)
        except _RefusedError as refused:
            await _refuse(send, refused.status)


def _stated(scope: Mapping[str, Any]) -> int | None:
    """How long the body is, by its own word: 0 where there is none, None where it is sent piece by piece."""
    headers = dict(scope["headers"])
    if b"transfer-encoding" in headers:
        return None
    length = headers.get(b"content-length", b"0")
    return int(length) if length.isdigit() and len(length) < 19 else LARGE_BODY_BYTES_MAX + 1


def _bounded(receive: Receive, most: int, monotonic: Callable[[], float]) -> Receive:
    read, is_whole = 0, False
    patience_from_s = monotonic() + BODY_GRACE_S

    async def bounded() -> Message:
        nonlocal read, is_whole
        if is_whole:
            return await receive()  # what comes now is that the sender goes, whenever that is
        left_s = patience_from_s + read / BODY_BYTES_PER_S_MIN - monotonic()
        message = await _within(receive, left_s)
        read += len(message.get("body", b""))
        is_whole = not message.get("more_body", False)
        if read > most:
            raise _RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return message

    return bounded


async def _within(receive: Receive, left_s: float) -> Message:
    if left_s <= 0:
        raise _RefusedError(HTTPStatus.REQUEST_TIMEOUT)
    try:
        async with asyncio.timeout(left_s):
            return await receive()
    except TimeoutError:
        raise _RefusedError(HTTPStatus.REQUEST_TIMEOUT) from None


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
