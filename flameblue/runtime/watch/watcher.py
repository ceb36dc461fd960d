"""The watch at work: each address is asked on its own, and a slow channel holds up no other address."""

import asyncio
import logging
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import httpx

from flameblue.config import Config
from flameblue.domain.clock import Clock, SystemClock, to_datetime
from flameblue.domain.limits import WATCH_ANSWER_BYTES_MAX, WATCH_ANSWER_S, WATCH_EVERY_S
from flameblue.notices.channel import Channel
from flameblue.runtime.stages import every
from flameblue.runtime.watch import memory, rule, settings, telling
from flameblue.runtime.watch.memory import Known
from flameblue.runtime.watch.rule import Answer, Word
from flameblue.runtime.watch.settings import Watched

log = logging.getLogger("flameblue.watch")
DEAF_S = 60.0  # a line that is down for so long is told to the log
ALIVE, NOT_ALIVE = 0, 3  # exit statuses of a single look; 1 is a wrong setting


@dataclass(slots=True)
class Watcher:
    """Asks, judges, tells and remembers, for ever."""

    config: Config
    clock: Clock
    lines: Mapping[str, Channel]
    known: dict[str, Known] = field(default_factory=dict)
    dated: dict[str, str] = field(default_factory=dict)  # how the last answer of each address was
    troubles: dict[str, str] = field(default_factory=dict)  # as the log has them
    deaf: set[str] = field(default_factory=set)

    async def run(self, watched: Sequence[Watched]) -> None:
        """Watches until it is cancelled."""
        self.known = memory.read(self.config.data / memory.FILE)
        async with _client(self.config) as client, asyncio.TaskGroup() as tasks:
            tasks.create_task(every(self.config.watch.every_s, self._listen))
            for one in watched:
                tasks.create_task(self._follow(one, client))

    async def _follow(self, one: Watched, client: httpx.AsyncClient) -> None:
        due_s = self.clock.monotonic_s()
        while True:
            await self.look(one, await ask(client, one, self.dated.get(one.url, "")))
            due_s = max(due_s + self.config.watch.every_s, self.clock.monotonic_s())
            await asyncio.sleep(due_s - self.clock.monotonic_s())

    async def look(self, one: Watched, answer: Answer) -> None:
        """Takes `answer`, and tells whoever is to be told, or has not been reached before."""
        now = to_datetime(self.clock.now_ns())
        self.dated[one.url] = answer.at or self.dated.get(one.url, "")
        self._log(one, answer)
        had = self.known.get(one.url, Known())
        standing, word = rule.step(had.standing, answer, now)
        known = Known(standing, had.word, had.lasted_s, had.left)
        if word is not None:
            since = had.standing.since or standing.since or now
            missed = set(had.left) if had.word is Word.DOWN else set()  # who never heard that it was down
            known.word, known.lasted_s = word, (now - since).total_seconds()
            known.left = tuple(
                phone for phone in self.config.watch.phones if word is Word.DOWN or phone not in missed
            )
        self.known[one.url] = known
        if word is not None:
            self._remember()
        if known.left:
            await self._tell(one, known)

    async def _tell(self, one: Watched, known: Known) -> None:
        news = telling.News(known.word, one.name, timedelta(seconds=known.lasted_s))
        tries = [
            asyncio.to_thread(telling.tell, news, phone, self.lines, self.config) for phone in known.left
        ]
        done = await asyncio.gather(*tries)
        known.left = tuple(phone for phone, told in zip(known.left, done, strict=True) if not told)
        self._remember()

    def _remember(self) -> None:
        memory.write(self.config.data / memory.FILE, self.known)

    def _log(self, one: Watched, answer: Answer) -> None:
        before = self.troubles.get(one.url, "")
        if answer.trouble and answer.trouble != before:
            log.warning("%s (%s): %s.", one.name, one.url, answer.trouble)
        elif before and not answer.trouble:
            log.info("%s (%s) answers again.", one.name, one.url)
        self.troubles[one.url] = answer.trouble

    async def _listen(self) -> None:
        """A watch that could tell nobody says so while there is nothing to tell."""
        for name, line in self.lines.items():
            if line.deaf_s() >= DEAF_S and name not in self.deaf:
                log.error("The line of %s is down, nobody can be told by it: %s.", name, line.trouble())
                self.deaf.add(name)
            elif not line.deaf_s() and name in self.deaf:
                log.info("The line of %s is up again.", name)
                self.deaf.discard(name)


async def ask(client: httpx.AsyncClient, one: Watched, before: str) -> Answer:
    """The answer of `one`, whatever comes; `before`: how the last one was dated."""
    try:
        async with asyncio.timeout(client.timeout.read), client.stream("GET", one.url) as said:
            if said.is_redirect:
                return Answer(f"it sends us to {said.headers.get('Location', '?')}; watch that address")
            body = await _body(said)
    except TimeoutError:
        return Answer("it does not answer in time")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Answer(f"it can't be reached: {str(error) or type(error).__name__}")
    if body is None:
        return Answer("its answer does not end; is the address right?")
    return rule.judged(said.status_code, body, before)


async def _body(said: httpx.Response) -> bytes | None:
    """None where it is larger than any of ours."""
    body = b""
    async for piece in said.aiter_bytes():
        body += piece
        if len(body) > WATCH_ANSWER_BYTES_MAX:
            return None
    return body


def run(config: Config, given: Sequence[str]) -> int:
    """`flameblue watch`, until it is told to stop."""
    watched = settings.watched(given, config)
    settings.check(config)
    with telling.opened(config) as lines:
        for one in watched:
            log.info("Watching %s (%s) every %g s.", one.name, one.url, config.watch.every_s)
        asyncio.run(_until_told(Watcher(config, SystemClock(), lines), watched))
    return ALIVE


def look_once(config: Config, given: Sequence[str]) -> tuple[list[str], int]:
    """A sentence for each address, and the exit status; nobody is told."""
    watched = settings.watched(given, config)
    answers = asyncio.run(_ask_all(config, watched))
    said = [f"{one.name}: {answer.trouble or 'alive'}." for one, answer in zip(watched, answers, strict=True)]
    return said, NOT_ALIVE if any(answer.trouble for answer in answers) else ALIVE


async def _ask_all(config: Config, watched: Sequence[Watched]) -> list[Answer]:
    async with _client(config) as client:
        return list(await asyncio.gather(*(ask(client, one, "") for one in watched)))


async def _until_told(watcher: Watcher, watched: Sequence[Watched]) -> None:
    task = asyncio.ensure_future(watcher.run(watched))
    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, task.cancel)
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()


def _client(config: Config) -> httpx.AsyncClient:
    """No connection is kept: a new one each time finds a machine that is gone at once."""
    return httpx.AsyncClient(
        timeout=WATCH_ANSWER_S * min(1.0, config.watch.every_s / WATCH_EVERY_S),
        headers={"Cache-Control": "no-cache", "Connection": "close"},
        limits=httpx.Limits(max_keepalive_connections=0),
    )
