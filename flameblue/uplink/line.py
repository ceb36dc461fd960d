"""The TCP line to a centre: connected, listened to and spoken on for as long as it lives, and then connected anew."""

import asyncio
import logging
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

from flameblue.domain.limits import (
    UPLINK_ANSWER_S,
    UPLINK_BACK_OFF_S_MAX,
    UPLINK_BACK_OFF_S_MIN,
    UPLINK_PLAN_S,
)
from flameblue.uplink.mapping import Mapping
from flameblue.uplink.talking import Desk, LineEnded, Talk

log = logging.getLogger("flameblue.uplink")
READ_BYTES = 4_096


@dataclass(slots=True)
class Line:
    """The line of one core. `down_since_s` (monotonic) None: it is up, and the centre has answered on it."""

    host: str
    port: int
    agreed: Mapping
    desk: Desk
    counts: Counter[str] = field(default_factory=Counter)
    down_since_s: float | None = None
    trouble: str = "not tried yet"
    talk: Talk | None = None
    news: asyncio.Event = field(default_factory=asyncio.Event)
    alarms: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Keeps the line for ever."""
        self.down_since_s = self.desk.monotonic_s()
        pause_s = UPLINK_BACK_OFF_S_MIN
        while True:
            try:
                await self._visit()
            except* (OSError, TimeoutError, LineEnded) as errors:
                self._broke(_first(errors))
            was_up, self.talk = self.down_since_s is None, None
            if was_up:
                self.down_since_s = self.desk.monotonic_s()
                pause_s = UPLINK_BACK_OFF_S_MIN
            await self._rest(pause_s)
            pause_s = min(2 * pause_s, UPLINK_BACK_OFF_S_MAX)

    def wake(self, *, alarm: bool) -> None:
        """There is something to say."""
        self.news.set()
        if alarm:
            self.alarms.set()

    def state_changed(self) -> None:
        """Our state is not what the centre was told."""
        if self.talk is not None:
            self.talk.conversation.state_changed()
            self.news.set()

    def down_s(self) -> float:
        """For how long it has been down; 0: it is up."""
        return 0.0 if self.down_since_s is None else self.desk.monotonic_s() - self.down_since_s

    def _broke(self, error: BaseException) -> None:
        self.trouble = str(error) or type(error).__name__
        if self.down_since_s is None or not self.counts["broken"]:
            log.warning("The line to the centre %s:%d is down: %s.", self.host, self.port, self.trouble)
        self.counts["broken"] += 1

    async def _rest(self, pause_s: float) -> None:
        """Before the next try; an alarm that has just been made waits for the shortest pause only."""
        self.alarms.clear()
        await asyncio.sleep(UPLINK_BACK_OFF_S_MIN)
        if pause_s > UPLINK_BACK_OFF_S_MIN:
            await _set_within(self.alarms, pause_s - UPLINK_BACK_OFF_S_MIN)

    async def _visit(self) -> None:
        async with asyncio.timeout(UPLINK_ANSWER_S):
            reader, writer = await asyncio.open_connection(self.host, self.port)
        self.counts["connects"] += 1
        try:
            talk = self.talk = Talk(self.agreed, self.desk, self.counts)
            async with asyncio.TaskGroup() as both:
                both.create_task(self._listen(talk, reader, writer))
                both.create_task(self._speak(talk, writer))
        finally:
            writer.transport.abort()

    async def _listen(self, talk: Talk, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(READ_BYTES):
            before_s = talk.conversation.answered_s
            await _write(writer, await talk.hear(data))
            if talk.conversation.answered_s != before_s and self.down_since_s is not None:
                log.info("The line to the centre %s:%d is up.", self.host, self.port)
                self.down_since_s = None
            self.news.set()
        raise LineEnded("the centre has closed the line")

    async def _speak(self, talk: Talk, writer: asyncio.StreamWriter) -> None:
        while True:
            self.news.clear()
            said = await talk.speak()
            if said:
                await _write(writer, said)
            else:
                await _set_within(self.news, UPLINK_PLAN_S)


async def _write(writer: asyncio.StreamWriter, data: bytes) -> None:
    """A centre that reads nothing holds nobody up for longer than it may take to answer."""
    if data:
        writer.write(data)
        async with asyncio.timeout(UPLINK_ANSWER_S):
            await writer.drain()


async def _set_within(event: asyncio.Event, at_most_s: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(at_most_s):  # wait_for can swallow that the line has ended
            await event.wait()


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
