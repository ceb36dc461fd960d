"""Our own endpoints for devices, a protocol each. An acknowledgement means "on disk".

    sockets ─▶ lines ─▶ turns (turns.py): journal, quarantine, answers ─▶ sockets

Invariants: nobody keeps a line without presenting himself in time, nor without keeping alive; every queue is
bounded (domain/limits.py), and beyond it the sockets are not read; at the limit of lines a stranger gives his place up
for the next, and nobody else does (newcomers.py); whatever one line sends, and however many come
or go at once, the others have their turn within milliseconds: accepting, reading, answering and ending go a few
at a time.
"""

import asyncio
import ssl
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial

from flameblue import plugins
from flameblue.config import HttpPush, Mqtt
from flameblue.domain.errors import WorldFailed
from flameblue.domain.limits import (
    CONNECT_WITHIN_S,
    CONNECTIONS_MAX,
    ENDS_PER_TURN,
    LOOKS_PER_TURN,
    READ_BYTES_MAX,
    REST_S,
    WAKE_EVERY_S,
)
from flameblue.intake import protocols, tls
from flameblue.intake.conversation import Conversation, Farewell
from flameblue.intake.door import open_port
from flameblue.intake.lines import Ending, Line
from flameblue.intake.mqtt_conversation import MqttConversation
from flameblue.intake.newcomers import Newcomers
from flameblue.intake.protocol import Session
from flameblue.intake.reception import Intake
from flameblue.intake.turns import Turns

SWEEP_S = 1.0


class Endpoint(ABC):
    """The lines of `protocol`, one of the plug-ins. `started` is set once the ports are open."""

    open_count = "connections_open"  # how many lines there are, among the counts
    lines_max = CONNECTIONS_MAX

    def __init__(self, intake: Intake, protocol: str, conversation: Conversation) -> None:
        self._intake = intake
        self.buffer = memoryview(bytearray(READ_BYTES_MAX))
        self._session: Callable[[], Session] = plugins.find(protocols)[protocol].session
        self._conversation = conversation
        self._turns = Turns(intake, conversation, self._end, self._rest)
        self._lines: set[Line] = set()
        self._newcomers: Newcomers[Line] = Newcomers(Line.has_presented_itself)
        self._resting: deque[tuple[float, Line]] = deque()  # until when, the first first
        self.started = asyncio.Event()

    async def serve(self) -> None:
        """Serves until it is cancelled. WorldFailed when a port or the certificate can't be opened."""
        self._intake.look_at_profiles()
        servers = await self._open()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._turns.pump())
                tasks.create_task(self._turns.acknowledge())
                tasks.create_task(self._turns.answer_late())
                tasks.create_task(self._conversation.news.pass_on())
                tasks.create_task(self._sweep_for_ever())
                tasks.create_task(self._wake_for_ever())
                self.started.set()
        finally:
            for server in servers:
                server.close()
            for line in list(self._lines):
                self._conversation.dismiss(line, Farewell.SHUTTING_DOWN, Ending.OURS)
            self._turns.cancel()
            await self._intake.keeper.flush()

    @abstractmethod
    async def _open(self) -> list[asyncio.Server]:
        """Opens the ports; all or none."""

    def opened(self, line: Line) -> bool:
        """A connection came in; False: there are too many, and it is closed at once."""
        self._intake.counts.add("connections")
        if len(self._lines) + self._turns.leaving() >= self.lines_max:
            self._intake.counts.add("connections_over_limit")
            if (stranger := self._newcomers.give_up()) is None:
                return False
            stranger.abort(Ending.OURS)
        self._lines.add(line)
        self._newcomers.came(line)
        self._intake.counts.set(self.open_count, len(self._lines))
        line.speak_by_s = self._intake.clock.monotonic_s() + CONNECT_WITHIN_S
        return True

    def heard(self, line: Line) -> None:
        """`line` has frames to be answered."""
        if line.patience_s:
            line.speak_by_s = self._intake.clock.monotonic_s() + line.patience_s
        self._turns.queue(line)

    def relieved(self, line: Line) -> None:
        """`line`'s peer reads again."""
        self._conversation.relieved(line)

    def ended(self, line: Line) -> None:
        """`line` is gone; what it had sent is still taken."""
        self._lines.discard(line)
        self._newcomers.gone(line)
        self._intake.counts.set(self.open_count, len(self._lines))
        self._turns.leave(line)

    def sweep(self) -> None:
        """Ends the lines that did not speak in time, and those whose device is no longer admitted."""
        for _ in self._sweep():
            pass

    def _sweep(self) -> Iterator[None]:
        """Sweeps; yields wherever the others should have their turn."""
        now_s = self._intake.clock.monotonic_s()
        self._conversation.expire(now_s)
        ended = 0
        for number, line in enumerate(list(self._lines), 1):
            ended += self._look_at(line, now_s)
            if ended == ENDS_PER_TURN or not number % LOOKS_PER_TURN:
                ended = 0
                yield

    def _look_at(self, line: Line, now_s: float) -> bool:
        """Whether it ended `line`."""
        if line.closed:
            return False
        if not (line.end_with or line.is_leaving() or self._conversation.may_stay(line)):
            self._conversation.send_away(line, Farewell.NOT_ADMITTED)
            return True
        line.give_up(now_s)
        if line.waits_for_us():
            line.speak_by_s = max(line.speak_by_s, now_s + line.patience_s)
        elif now_s > line.speak_by_s:
            self._intake.counts.add("connections_timed_out")
            self._conversation.dismiss(line, Farewell.TOO_QUIET, Ending.EXPIRED)
            return True
        return False

    def lag(self) -> int:
        """Batches that are not durable yet."""
        return self._turns.lag()

    async def _sweep_for_ever(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            self._intake.look_at_profiles()
            for _ in self._sweep():
                await asyncio.sleep(0)

    async def _wake_for_ever(self) -> None:
        """One after the other, so that those who rested do not come all at once."""
        while True:
            await asyncio.sleep(WAKE_EVERY_S)
            if self._resting and self._resting[0][0] <= self._intake.clock.monotonic_s():
                self._resting.popleft()[1].wake()

    def _rest(self, line: Line) -> None:
        """Does not read `line` for a while: it sends much and no reading."""
        if line.resting:
            return
        if line.fruit.rests == 1:
            self._intake.counts.add("connections_slowed")
        line.rest()
        self._resting.append((self._intake.clock.monotonic_s() + REST_S, line))

    def _end(self, line: Line, ending: Ending) -> None:
        """Lets the last answer go out; whoever does not take it in time is cut off by `sweep`."""
        line.patience_s = 0.0
        line.speak_by_s = self._intake.clock.monotonic_s() + CONNECT_WITHIN_S
        if ending in (Ending.BROKEN, Ending.OURS):
            line.leave(ending)
        else:
            line.end(ending)

    def _line(self) -> Line:
        return Line(self, self._session())

    async def _open_both(
        self, name: str, settings: Mqtt | HttpPush, context: Callable[[], ssl.SSLContext]
    ) -> list[asyncio.Server]:
        """The plain and the TLS port of `settings`, whichever are wanted; all or none."""
        servers: list[asyncio.Server] = []
        try:
            if settings.port:
                servers.append(await open_port(self._line, settings.host, settings.port))
            if settings.tls_port:
                doorstep = partial(self._doorstep, context())
                servers.append(await open_port(doorstep, settings.host, settings.tls_port))
        except OSError as error:
            for server in servers:
                server.close()
            where = f"{settings.host}:{settings.port or settings.tls_port}"
            raise WorldFailed(f"The {name} endpoint {where} can't be opened: {error}.") from error
        return servers

    def _doorstep(self, context: ssl.SSLContext) -> tls.Doorstep:
        return tls.Doorstep(self._line(), context)


class Listener(Endpoint):
    """MQTT on a plain and a TLS port; `settings` says where."""

    def __init__(self, intake: Intake, settings: Mqtt) -> None:
        conversation = MqttConversation(intake)
        super().__init__(intake, "mqtt", conversation)
        self.settings = settings
        self._mailbox = conversation.mailbox

    def send(self, device: str, topic: str, payload: bytes) -> bool:
        """True: a line that subscribed took it; at QoS 1 also for one that will be resumed."""
        return self._mailbox.send(device, topic, payload)

    async def _open(self) -> list[asyncio.Server]:
        return await self._open_both("MQTT", self.settings, lambda: tls.server_context(self.settings))
