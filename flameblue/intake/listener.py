"""Our own endpoint for devices: MQTT on a plain and a TLS port. PUBACK means "on disk".

    sockets ─▶ lines ─▶ queue ─▶ pump: batch ─▶ sink, quarantine ─▶ acknowledge ─▶ sockets

Invariants: an answer leaves after everything of its batch is durable; answers leave in the frames' order;
batches reach the sink in the order of arrival; every queue is bounded (domain/limits.py), and beyond it the
sockets are not read. Nobody keeps a line without presenting himself in time, nor without keeping alive.
"""

import asyncio
import logging
import ssl
from collections import deque
from collections.abc import Callable
from functools import partial

from flameblue import plugins
from flameblue.config import Mqtt
from flameblue.domain.errors import WorldFailed
from flameblue.domain.limits import CONNECT_WITHIN_S, CONNECTIONS_MAX, INTAKE_BATCHES_MAX
from flameblue.intake import protocols, tls
from flameblue.intake.conversation import Conversation
from flameblue.intake.lines import Answer, Ending, Line
from flameblue.intake.protocol import Session
from flameblue.intake.protocols.mqtt import codes
from flameblue.intake.reception import Batch, Intake

log = logging.getLogger("flameblue.intake")
SWEEP_S = 1.0
ACCEPT_BACKLOG = 1_024  # connections that wait in the kernel: a village comes back at once after an outage


class Listener:
    """`settings` says where; `started` is set once the ports are open."""

    def __init__(self, intake: Intake, settings: Mqtt) -> None:
        self._intake = intake
        self.settings = settings
        self._session: Callable[[], Session] = plugins.find(protocols)["mqtt"].session
        self._conversation = Conversation(intake)
        self._lines: set[Line] = set()
        self._ready: deque[Line] = deque()
        self._wake = asyncio.Event()
        self._under_way: asyncio.Queue[tuple[Batch, list[Answer]]] = asyncio.Queue(INTAKE_BATCHES_MAX)
        self.started = asyncio.Event()

    async def serve(self) -> None:
        """Serves until it is cancelled. WorldFailed when a port or the certificate can't be opened."""
        self._intake.look_at_profiles()
        servers = await self._open()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._pump())
                tasks.create_task(self._acknowledge())
                tasks.create_task(self._sweep_for_ever())
                self.started.set()
        finally:
            for server in servers:
                server.close()
            for line in list(self._lines):
                self._conversation.dismiss(line, codes.SHUTTING_DOWN, Ending.OURS)
            while not self._under_way.empty():
                self._under_way.get_nowait()[0].cancel()

    def send(self, device: str, topic: str, payload: bytes) -> bool:
        """True: a line that subscribed took it; at QoS 1 also for one that will be resumed."""
        return self._conversation.mailbox.send(device, topic, payload)

    def opened(self, line: Line) -> bool:
        """A connection came in; False: there are too many, and it is closed at once."""
        self._intake.counts.add("connections")
        if len(self._lines) >= CONNECTIONS_MAX:
            self._intake.counts.add("connections_over_limit")
            return False
        self._lines.add(line)
        self._intake.counts.set("connections_open", len(self._lines))
        line.speak_by_s = self._intake.clock.monotonic_s() + CONNECT_WITHIN_S
        return True

    def heard(self, line: Line) -> None:
        """`line` has frames to be answered."""
        if line.patience_s:
            line.speak_by_s = self._intake.clock.monotonic_s() + line.patience_s
        self._queue(line)

    def relieved(self, line: Line) -> None:
        """`line`'s peer reads again."""
        if line.session is not None:
            self._conversation.mailbox.pump(line.session)

    def ended(self, line: Line) -> None:
        """`line` is gone; what it had sent is still taken."""
        self._lines.discard(line)
        self._intake.counts.set("connections_open", len(self._lines))
        self._queue(line)

    def sweep(self) -> None:
        """Ends the lines that did not speak in time, and those whose device is no longer admitted."""
        now_s = self._intake.clock.monotonic_s()
        self._conversation.sessions.expire(now_s)
        for line in list(self._lines):
            if line.end_with is None and not self._conversation.may_stay(line):
                self._conversation.dismiss(line, codes.NOT_AUTHORIZED, Ending.OURS)
            elif line.waits_for_us():
                line.speak_by_s = max(line.speak_by_s, now_s + line.patience_s)
            elif now_s > line.speak_by_s:
                self._intake.counts.add("connections_timed_out")
                self._conversation.dismiss(line, codes.KEEP_ALIVE_PASSED, Ending.EXPIRED)

    def lag(self) -> int:
        """Batches that are not durable yet."""
        return self._under_way.qsize()

    def _queue(self, line: Line) -> None:
        if not line.queued:
            line.queued = True
            self._ready.append(line)
            self._wake.set()

    async def _sweep_for_ever(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            self._intake.look_at_profiles()
            self.sweep()

    async def _pump(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._ready:
                batch = Batch(self._intake.clock.now_ns())
                answers = self._collect(batch)
                batch.start(self._intake)
                await self._under_way.put((batch, answers))
                await asyncio.sleep(0)  # the sockets' turn

    def _collect(self, batch: Batch) -> list[Answer]:
        """What the lines have said, in turn, until the batch is full."""
        answers: list[Answer] = []
        while self._ready and not batch.full():
            line = self._ready.popleft()
            line.queued = False
            answers.append(self._converse(line, batch))
            if line.frames:
                self._queue(line)
            elif line.closed:
                self._conversation.ended(line, batch)
        return answers

    def _converse(self, line: Line, batch: Batch) -> Answer:
        answer = Answer(line)
        frames, data, count = line.frames, answer.data, 0
        while frames and not batch.full():
            count += 1
            data += self._conversation.answer(frames.popleft(), answer, batch)
            if line.end_with is not None:
                count += len(frames)
                frames.clear()
        answer.frames = count
        return answer

    async def _acknowledge(self) -> None:
        while True:
            batch, answers = await self._under_way.get()
            failure = await batch.finished()
            if failure is not None:
                self._fail(failure, answers)
                continue
            for answer in answers:
                line = answer.line
                line.answered(answer)
                if line.end_with is not None:
                    self._end(line, line.end_with)
                elif line.session is not None and line.session.waiting:
                    self._conversation.mailbox.pump(line.session)

    def _end(self, line: Line, ending: Ending) -> None:
        """Lets the last answer go out; whoever does not take it in time is cut off by `sweep`."""
        line.patience_s = 0.0
        line.speak_by_s = self._intake.clock.monotonic_s() + CONNECT_WITHIN_S
        if ending in (Ending.BROKEN, Ending.OURS):
            line.leave(ending)
        else:
            line.end(ending)

    def _fail(self, failure: WorldFailed, answers: list[Answer]) -> None:
        """Nothing of the batch may be acknowledged: its lines end, and their devices send again."""
        log.error("Nothing is acknowledged: %s", failure)
        self._intake.counts.add("batches_failed")
        for answer in answers:
            self._conversation.dismiss(answer.line, codes.UNSPECIFIED, Ending.OURS)

    async def _open(self) -> list[asyncio.Server]:
        settings, loop = self.settings, asyncio.get_running_loop()
        servers: list[asyncio.Server] = []
        try:
            if settings.port:
                servers.append(
                    await loop.create_server(self._line, settings.host, settings.port, backlog=ACCEPT_BACKLOG)
                )
            if settings.tls_port:
                doorstep = partial(self._doorstep, tls.server_context(settings))
                servers.append(
                    await loop.create_server(
                        doorstep, settings.host, settings.tls_port, backlog=ACCEPT_BACKLOG
                    )
                )
        except OSError as error:
            for server in servers:
                server.close()
            where = f"{settings.host}:{settings.port or settings.tls_port}"
            raise WorldFailed(f"The MQTT endpoint {where} can't be opened: {error}.") from error
        return servers

    def _line(self) -> Line:
        return Line(self, self._session())

    def _doorstep(self, context: ssl.SSLContext) -> tls.Doorstep:
        return tls.Doorstep(self._line(), context)
