"""Pages that follow what happens: server-sent events, whose id is the number of the newest case event.

One poller a process asks for the newest number where the database may have been written, and wakes every open line;
each line then sends the parts of its page that differ, rendered with the page's own templates as its reader may see
them, once for all readers who may see the same. Who connects, also again (Last-Event-ID), gets the present parts at
once: nothing is missed, nothing replayed. A line ends after LINE_S, so that the browser asks anew and a right that was
withdrawn ends with it.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from asgiref.sync import sync_to_async
from django.db import DatabaseError, close_old_connections
from django.db.models import Max
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils import translation

from flameblue.cases.models import CaseEvent
from flameblue.domain.limits import LIVE_LINES_MAX
from flameblue.domain.readings import NS_PER_MS
from flameblue.web.now import now_ns
from flameblue.web.numbers import number
from flameblue.web.stirring import Stirring, files

log = logging.getLogger("flameblue.web.live")
LOOK_S = 0.05  # at the database's files, without a query
ASK_S = 0.4  # so often where it is written all the time: 2.5 queries a second a process
ASKS_SAVED = 6  # after a quiet time, one a look: a commit is read as soon as it can be
ASK_ANYWAY_S = 5.0  # whatever the files say
WATCH_S = 1.0
BEAT_S = 2.0  # an idle line says so often that it is alive; the page says when it is not
LINE_S = 900.0
TOO_MANY_RETRY_S = 30

Context = Callable[[HttpRequest], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Page:
    """The live parts of a page: the name of each and its template; drawn anew every `refresh_s`.

    They are also drawn anew when what `watched` says has changed, which asks the database nothing. A part in `typed`
    holds fields that a reader may be filling in: it is sent only for a newer event. Readers of whom `shared` says the
    same see the same parts, which are drawn once for all of them.
    """

    parts: Mapping[str, str]
    refresh_s: float
    typed: frozenset[str] = frozenset()
    shared: Callable[[HttpRequest], Hashable] | None = None
    watched: Callable[[], Hashable] | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One reader of a page. One CSRF token for all its drawings: a new mask would make every part differ."""

    request: HttpRequest
    page: Page
    context: Context
    token: str

    def draw(self) -> dict[str, str]:
        """Each live part of the page as the reader sees it now."""
        try:
            return parts_of(self.request, self.page, self.context(self.request) | {"csrf_token": self.token})
        finally:
            close_old_connections()


@dataclass(slots=True)
class Drawing:
    """Parts that several readers see."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    number: int = -1
    at_s: float = 0.0
    word: Hashable = None
    parts: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Hub:
    """The newest number, asked for by one task while anybody listens."""

    ask: Callable[[], Awaitable[int]]
    stirred: Callable[[], bool] = lambda: True
    number: int = 0
    listeners: int = 0
    drawings: dict[Hashable, Drawing] = field(default_factory=dict)
    readers: Counter[Hashable] = field(default_factory=Counter)
    words: dict[int, tuple[float, Hashable]] = field(default_factory=dict)
    _moved: asyncio.Event = field(default_factory=asyncio.Event)
    _task: "asyncio.Task[None] | None" = None

    def join(self) -> None:
        """One more listener; the first starts the poller."""
        self.listeners += 1
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._poll())

    def leave(self) -> None:
        """One listener less; the last stops the poller."""
        self.listeners -= 1
        if self.listeners == 0 and self._task is not None:
            self._task.cancel()
            self._task = None

    def word(self, page: Page) -> Hashable:
        """What is watched for `page`, looked at once a moment for all its readers."""
        if page.watched is None:
            return None
        now_s = asyncio.get_running_loop().time()
        looked_s, word = self.words.get(id(page), (0.0, None))
        if id(page) not in self.words or now_s - looked_s >= WATCH_S:
            word = page.watched()
            self.words[id(page)] = (now_s, word)
        return word

    async def draw(self, line: Line, key: Hashable, number: int) -> dict[str, str]:
        """The parts of `line` as they are at event `number` or later, not older than they may be."""
        if key is None:
            return await sync_to_async(line.draw)()
        drawing = self.drawings.setdefault((id(line.page), key), Drawing())
        async with drawing.lock:
            now_s, word = asyncio.get_running_loop().time(), self.word(line.page)
            is_old = now_s - drawing.at_s >= line.page.refresh_s or drawing.word != word
            if drawing.number < number or is_old:
                number = max(number, self.number)
                drawing.parts = await sync_to_async(line.draw)()  # who fails or goes leaves it to the next
                drawing.number, drawing.at_s, drawing.word = number, now_s, word
        return drawing.parts

    @contextmanager
    def listening(self, page: Page, key: Hashable) -> Iterator[None]:
        """One more listener, as long as it sees the drawing of `key`; that is forgotten with the last who does."""
        whole = (id(page), key)
        self.join()
        self.readers[whole] += 1
        try:
            yield
        finally:
            self.readers[whole] -= 1
            if not self.readers[whole]:
                del self.readers[whole]
                self.drawings.pop(whole, None)
            self.leave()

    async def beyond(self, number: int, within_s: float) -> int:
        """The newest number, as soon as it is beyond `number`, or what it is after `within_s`."""
        try:
            async with asyncio.timeout(within_s):
                while self.number <= number:
                    await self._moved.wait()
        except TimeoutError:
            return self.number
        return self.number

    async def present(self) -> int:
        """The newest number now; the poller's, where it has just looked."""
        if self.number == 0 or self.listeners == 1:
            await self.look()
        return self.number

    async def look(self) -> None:
        """Asks once, and wakes the listeners where something is new; a failing database is asked again."""
        try:
            number = await self.ask()
        except DatabaseError as error:
            log.warning("The newest case event can't be read: %s", error)
            return
        if number > self.number:
            self.number = number
            moved, self._moved = self._moved, asyncio.Event()
            moved.set()

    async def _poll(self) -> None:
        loop, saved, asked_s = asyncio.get_running_loop(), float(ASKS_SAVED), -ASK_ANYWAY_S
        looked_s = loop.time()
        while True:
            now_s = loop.time()
            saved, looked_s = min(float(ASKS_SAVED), saved + (now_s - looked_s) / ASK_S), now_s
            if now_s - asked_s >= ASK_ANYWAY_S or (saved >= 1.0 and self.stirred()):
                saved, asked_s = saved - 1.0, now_s
                await self.look()
            await asyncio.sleep(LOOK_S)


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """The hub of this process (of its event loop)."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        stirring = Stirring(files(), now_ns)
        ask = sync_to_async(_newest_for_a_line, thread_sensitive=False)
        _hubs[loop] = Hub(ask=ask, stirred=stirring.has_stirred)
    return _hubs[loop]


def newest() -> int:
    """The number of the newest case event; 0 before there is one."""
    return CaseEvent.objects.aggregate(n=Max("number"))["n"] or 0


def _newest_for_a_line() -> int:
    """The same in a thread of its own, which must not keep its connection."""
    try:
        return newest()
    finally:
        close_old_connections()


def seen(request: HttpRequest) -> int:
    """Up to which number the reader has seen: from the last event it got, else from the page it holds."""
    for text in (request.headers.get("Last-Event-ID"), request.GET.get("after")):
        if (found := number(text)) is not None:
            return found
    return 0


async def answer(request: HttpRequest, page: Page, context: Context) -> HttpResponseBase:
    """The line: parts of `page` as they change. 503 where too many are open."""
    here = hub()
    if here.listeners >= LIVE_LINES_MAX:
        return HttpResponse(status=503, headers={"Retry-After": str(TOO_MANY_RETRY_S)})
    line = Line(request=request, page=page, context=context, token=get_token(request))
    response = StreamingHttpResponse(_messages(line, here), content_type="text/event-stream")
    response.headers["X-Accel-Buffering"] = "no"
    return response


async def _messages(line: Line, here: Hub) -> AsyncIterator[str]:
    loop, page = asyncio.get_running_loop(), line.page
    key = await sync_to_async(page.shared)(line.request) if page.shared else None
    if here.listeners >= LIVE_LINES_MAX:  # who came at the same moment was not counted before
        yield f"retry: {TOO_MANY_RETRY_S * 1000}\n\n"
        return
    with here.listening(page, key):
        ends_s = loop.time() + LINE_S
        number = seen(line.request)
        newer = await here.present()
        parts, drawn_s, word = await here.draw(line, key, newer), loop.time(), here.word(page)
        sent = {} if newer > number else {name: parts[name] for name in page.typed}
        number = newer
        yield "retry: 1000\n\n"
        while loop.time() < ends_s:
            for message in messages(number, sent, parts):
                yield message
            sent = parts
            yield message_of(number, "beat", str(now_ns() // NS_PER_MS))
            newer = await here.beyond(number, min(BEAT_S, page.refresh_s))
            is_old = loop.time() - drawn_s >= page.refresh_s or word != here.word(page)
            if newer > number or is_old:
                number, word = max(number, newer), here.word(page)
                parts, drawn_s = await here.draw(line, key, number), loop.time()


def parts_of(request: HttpRequest, page: Page, values: Mapping[str, Any]) -> dict[str, str]:
    """Each live part of the page with `values`, in the reader's language."""
    with translation.override(translation.get_language_from_request(request)):
        return {
            name: render_to_string(template, dict(values), request=request)
            for name, template in page.parts.items()
        }


def messages(number: int, before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """One message for each part that differs."""
    return [message_of(number, name, html) for name, html in after.items() if before.get(name) != html]


def message_of(number: int, name: str, data: str) -> str:
    """One server-sent event; `number` comes back as Last-Event-ID."""
    lines = "".join(f"data: {line}\n" for line in data.replace("\r", "").split("\n"))
    return f"id: {number}\nevent: {name}\n{lines}\n"
