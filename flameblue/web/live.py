"""Pages that follow what happens: server-sent events, whose id is the number of the newest case event.

One poller a process asks for the newest number where the database may have been written, and wakes every open line;
each line then sends the parts of its page that differ, rendered with the page's own templates as its reader may see
them, once for all readers who may see the same. Who connects, also again (Last-Event-ID), gets the present parts at
once: nothing is missed, nothing replayed. Where the newest number falls, the database is another one than it was (a
backup that was put back): every line then gets all of its page anew. A line ends after LINE_S, so that the browser
asks anew and a right that was withdrawn ends with it.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from asgiref.sync import sync_to_async
from django.db import Error, close_old_connections
from django.db.models import Max
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import get_token
from django.utils import translation

from flameblue.cases.models import CaseEvent
from flameblue.domain.limits import LIVE_LINES_MAX
from flameblue.domain.readings import NS_PER_MS
from flameblue.web import stirring
from flameblue.web.drawings import Context, Drawing, Line, Page, Parts, message_of
from flameblue.web.now import now_ns
from flameblue.web.numbers import number

log = logging.getLogger("flameblue.web.live")
LOOK_S = 0.05  # at the database's files, without a query
ASK_S = 0.4  # so often where it is written all the time: 2.5 queries a second a process
ASKS_SAVED = 6  # after a quiet time, one a look: commits that come together are read as soon as they can be
ASK_ANYWAY_S = 5.0  # whatever the files say
WATCH_S = 1.0
BEAT_S = 2.0  # an idle line says so often that it is alive; the page says when it is not
LINE_S = 900.0
TOO_MANY_RETRY_S = 30


@dataclass(slots=True)
class Hub:
    """The newest number, asked for by one task while anybody listens."""

    ask: Callable[[], Awaitable[int]]
    stirred: Callable[[], bool] = lambda: True
    number: int = 0
    turn: int = 0  # how often the number has fallen
    listeners: int = 0
    drawings: dict[Hashable, Drawing] = field(default_factory=dict)
    words: dict[int, tuple[float, Hashable]] = field(default_factory=dict)
    _moved: asyncio.Event = field(default_factory=asyncio.Event)
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _asked: int = 0
    _task: "asyncio.Task[None] | None" = None

    def join(self) -> None:
        """One more listener; the first starts the poller, and who finds that it has failed."""
        self.listeners += 1
        if self._task is None or self._task.done():
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

    async def draw(self, line: Line, drawing: Drawing, number: int) -> Parts:
        """The parts of `line` as they are at event `number` or later, not older than they may be."""
        async with drawing.lock:
            now_s, word, turn = asyncio.get_running_loop().time(), self.word(line.page), self.turn
            if drawing.turn != turn or not drawing.is_of(line, number, word, now_s):
                await drawing.draw(line, max(number, self.number), word, now_s)
                drawing.turn = turn
        return drawing.parts[line.language]

    @contextmanager
    def listening(self, line: Line, key: Hashable) -> Iterator[Drawing]:
        """One more listener and the drawing that it sees, which is forgotten with the last who does."""
        whole = (id(line.page), key)
        drawing = self.drawings.setdefault(whole, Drawing())
        self.join()
        drawing.readers[line.language] += 1
        try:
            yield drawing
        finally:
            drawing.readers -= Counter([line.language])
            if not drawing.readers:
                self.drawings.pop(whole, None)
            self.leave()

    async def beyond(self, number: int, within_s: float) -> int:
        """The newest number, as soon as it is beyond `number` or has fallen, or what it is after `within_s`."""
        turn = self.turn
        try:
            async with asyncio.timeout(within_s):
                while self.number <= number and self.turn == turn:
                    await self._moved.wait()
        except TimeoutError:
            return self.number
        return self.number

    async def present(self, number: int) -> int:
        """The newest number now, for who has seen `number`; the poller's, where it has just looked."""
        if self.number == 0 or self.listeners == 1 or self.number < number:
            await self.look()
        return self.number

    async def look(self) -> None:
        """Asks once, and wakes the listeners where something is new; a failing database is asked again.

        One question at a time: an answer that comes late would look like a database that was put back. Who waits
        for a question that was asked meanwhile needs none of their own.
        """
        asked = self._asked
        async with self._asking:
            if self._asked != asked:
                return
            self._asked += 1
            try:
                number = await self.ask()
            except Error as error:
                log.warning("The newest case event can't be read: %s", error)
                return
            self._heard(number)

    def _heard(self, number: int) -> None:
        if number < self.number:
            log.warning(
                "The newest case event is %s and was %s: the database was put back", number, self.number
            )
            self.turn += 1
        if number != self.number:
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
        ask = sync_to_async(_newest_for_a_line, thread_sensitive=False)
        _hubs[loop] = Hub(ask=ask, stirred=stirring.of_the_database(now_ns).has_stirred)
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
    language = translation.get_language_from_request(request)
    line = Line(request, page, context, token=get_token(request), language=language)
    response = StreamingHttpResponse(_messages(line, here), content_type="text/event-stream")
    response.headers["X-Accel-Buffering"] = "no"
    return response


async def _messages(line: Line, here: Hub) -> AsyncIterator[str]:
    loop, page = asyncio.get_running_loop(), line.page
    key = await sync_to_async(page.shared)(line.request) if page.shared else object()
    if here.listeners >= LIVE_LINES_MAX:  # who came at the same moment was not counted before
        yield f"retry: {TOO_MANY_RETRY_S * 1000}\n\n"
        return
    with here.listening(line, key) as drawing:
        ends_s = loop.time() + LINE_S
        number = seen(line.request)
        newer, turn = await here.present(number), here.turn
        parts, drawn_s, word = await here.draw(line, drawing, newer), loop.time(), here.word(page)
        sent: Parts = {} if newer != number else {name: parts[name] for name in page.typed}
        number = newer
        yield "retry: 1000\n\n"
        while loop.time() < ends_s:
            step = drawing.step(line.language, number, sent, parts)
            yield step + message_of(number, "beat", str(now_ns() // NS_PER_MS))
            sent = parts
            newer = await here.beyond(number, min(BEAT_S, page.refresh_s))
            is_old = loop.time() - drawn_s >= page.refresh_s or word != here.word(page)
            if here.turn != turn:
                turn, number, sent, is_old = here.turn, newer, {}, True
            if newer > number or is_old:
                number, word = max(number, newer), here.word(page)
                parts, drawn_s = await here.draw(line, drawing, number), loop.time()
