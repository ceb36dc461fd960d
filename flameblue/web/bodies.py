"""How much of a request is read, from whom and for how long. Django puts a whole body on disk before anybody asks who
sent it: it is bounded here.

Invariants: a body beyond its address's bound is answered 413 and its rest is never kept; of those that are
not small only LARGE_BODIES_MAX are read and handled at a time, the others are answered 503, and who may not call the
address has none of these places; nobody has more than LARGE_BODIES_PER_SENDER_MAX of them, and is answered 429; who
sends more slowly than BODY_BYTES_PER_S_MIN is answered 408, and who sends what is no body 400. A refusal is read by
who sends first and reads after: what is still on its way is taken and dropped, since the system resets a connection
that is closed over unread bytes (RFC 9112, section 9.6).
"""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from flameblue.domain.limits import (
    BODY_BYTES_MAX,
    BODY_BYTES_PER_S_MIN,
    BODY_GRACE_S,
    LARGE_BODIES_MAX,
    LARGE_BODIES_PER_SENDER_MAX,
    LARGE_BODY_BYTES_MAX,
    REFUSED_BODY_BYTES_MAX,
    REFUSED_BODY_S_MAX,
    REFUSED_SILENCE_S_MAX,
    SMALL_BODY_BYTES_MAX,
)

LARGE = re.compile(r"/fleet/files/|/pictures/[a-z]+/[0-9]+/change/")
SAID = {
    HTTPStatus.BAD_REQUEST: "This did not arrive whole: please send it again. 内容不完整,请重新发送。",
    HTTPStatus.FORBIDDEN: "Please sign in as somebody who may send this. 请使用有权限的账号登录后再发送。",
    HTTPStatus.REQUEST_TIMEOUT: "This came too slowly: please try again. 发送太慢,请重试。",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "This is too large. 太大了。",
    HTTPStatus.TOO_MANY_REQUESTS: "You are sending other files: please wait until one has arrived. "
    "您正在发送其他文件,请等其中一个完成。",
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
    """`application` behind the bounds; `sender_of` says who may send more than a small body, None: nobody."""

    application: Application
    sender_of: Callable[[Scope], Awaitable[Hashable | None]]
    monotonic: Callable[[], float] = time.monotonic
    places: Counter[Hashable] = field(default_factory=Counter)  # bodies that are being read or handled

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return
        try:
            await self._answer(scope, receive, send)
        except _RefusedError as refused:
            await _refuse(send, refused.status)
            await self._drop(receive)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        most = LARGE_BODY_BYTES_MAX if LARGE.fullmatch(scope["path"]) else BODY_BYTES_MAX
        stated, small = _stated(scope), _bounded(receive, SMALL_BODY_BYTES_MAX, self.monotonic)
        if stated is not None and stated > most:
            raise _RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if stated is not None and stated <= SMALL_BODY_BYTES_MAX:
            await self.application(scope, small, send)
        elif (sender := await self.sender_of(scope)) is not None:
            with self._place(sender):
                await self.application(scope, _bounded(receive, most, self.monotonic), send)
        elif stated is None:
            await self.application(scope, small, send)
        else:
            raise _RefusedError(HTTPStatus.FORBIDDEN)

    @contextmanager
    def _place(self, sender: Hashable) -> Iterator[None]:
        if self.places[sender] >= LARGE_BODIES_PER_SENDER_MAX:
            raise _RefusedError(HTTPStatus.TOO_MANY_REQUESTS)
        if self.places.total() >= LARGE_BODIES_MAX:
            raise _RefusedError(HTTPStatus.SERVICE_UNAVAILABLE)
        self.places[sender] += 1
        try:
            yield
        finally:
            self.places -= Counter([sender])

    async def _drop(self, receive: Receive) -> None:
        """Takes what comes until its end, or until it is too much, too long or nothing."""
        dropped, until_s, goes_on = 0, self.monotonic() + REFUSED_BODY_S_MAX, True
        with suppress(TimeoutError):
            while goes_on and dropped < REFUSED_BODY_BYTES_MAX and self.monotonic() < until_s:
                async with asyncio.timeout(REFUSED_SILENCE_S_MAX):
                    message = await receive()
                dropped += len(message.get("body", b""))
                goes_on = message.get("more_body", False)


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
        if message["type"] == "http.disconnect":
            raise _RefusedError(HTTPStatus.BAD_REQUEST)  # the sender has gone, or has sent what is no body
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
