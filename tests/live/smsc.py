"""An SMS centre over TCP on a loopback port, on smpp34's server, in a thread of its own.

It keeps what it was handed with the time of arrival (`time.monotonic`, the same clock in every process), gives a
message id a part, sends a receipt a part, and can be told to throttle, to refuse a number, to be silent, to go away
and to come back on the same port.
"""

import asyncio
import itertools
import threading
import time
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from smpp34 import ESME_RINVDSTADR, ESME_ROK, ESME_RTHROTTLED, Esme, Server, SubmitSmEvent, Unbound

from tests.live.installation import HOST, free_port, wait_for

UCS2 = 8
WITH_HEADER, IS_RECEIPT = 0x40, 0x04
CONCATENATED = bytes([5, 0, 3])  # the header of a part: then reference, total, number
WITHIN_S = 10.0


@dataclass(frozen=True)
class Submission:
    """One submit_sm as it came, and the status it was answered with (None: not at all)."""

    arrived_s: float
    to: str
    text: str
    part: tuple[int, int, int]  # reference, how many, which; (0, 1, 1) where it is alone
    bytes_long: int
    coding: int
    message_id: str
    status: int | None


@dataclass(frozen=True)
class Message:
    """A whole text, put together from its parts; `arrived_s` is the last part's."""

    to: str
    text: str
    arrived_s: float
    message_ids: tuple[str, ...]
    parts: tuple[Submission, ...]

    @property
    def units(self) -> int:
        """Its length as an operator counts it."""
        return len(self.text.encode("utf-16-be")) // 2


class Cable:
    """The TCP line to the server behind it: smpp34's own `stop` leaves bound sessions, a cut cable leaves none."""

    def __init__(self, behind: int) -> None:
        self._behind = behind
        self._ends: set[asyncio.StreamWriter] = set()
        self._lines: set[asyncio.Task[Any] | None] = set()

    async def plug_in(self, port: int) -> None:
        self._listener = await asyncio.start_server(self._join, HOST, port)

    async def cut(self) -> None:
        """Nobody is let in any more, and every connection breaks."""
        self._listener.close()
        for end in self._ends:
            end.transport.abort()
        if lines := {line for line in self._lines if line is not None}:
            await asyncio.wait(lines)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(HOST, self._behind)
        self._ends.update((writer, back))
        self._lines.add(asyncio.current_task())
        await asyncio.gather(_carry(reader, back), _carry(there, writer))
        self._ends.difference_update((writer, back))
        self._lines.discard(asyncio.current_task())


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


@dataclass
class SmsCentre:
    """The centre. `refused`: numbers answered with 0x0B; `throttled`: how many submit_sm to answer with 0x58."""

    port: int = field(default_factory=free_port)
    receipt: str = "DELIVRD"  # what the receipts say; empty: none are sent
    refused: set[str] = field(default_factory=set)
    throttled: int = 0
    silent: bool = False
    submissions: list[Submission] = field(default_factory=list)
    binds: int = 0
    _sessions: dict[str, Esme] = field(default_factory=dict)
    _held: list[SubmitSmEvent] = field(default_factory=list)
    _numbers: Iterable[int] = field(default_factory=lambda: itertools.count(70_000_001))
    _loop: asyncio.AbstractEventLoop | None = None
    _thread: threading.Thread | None = None
    _tasks: set["asyncio.Task[Any]"] = field(default_factory=set)

    def start(self) -> None:
        """Listens; what was handed over before is kept."""
        ready: Future[None] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(ready)), name="smsc")
        self._thread.start()
        ready.result(WITHIN_S)

    def stop(self) -> None:
        """Goes away: the port is closed and every session with it."""
        if self._thread is None or self._loop is None:
            return
        loop, thread, self._thread = self._loop, self._thread, None
        loop.call_soon_threadsafe(self._stopping.set)
        thread.join(WITHIN_S)
        assert not thread.is_alive()

    def environment(self) -> dict[str, str]:
        """What tells an installation to send its SMS here."""
        return {
            "FLAMEBLUE_MESSAGES_SMS_CHANNEL": "smpp",
            "FLAMEBLUE_SMPP_HOST": HOST,
            "FLAMEBLUE_SMPP_PORT": str(self.port),
            "FLAMEBLUE_SMPP_SYSTEM_ID": "flame",
            "FLAMEBLUE_SMPP_PASSWORD": "blue",
            "FLAMEBLUE_SMPP_SOURCE": "106900",
        }

    @property
    def is_bound(self) -> bool:
        return bool(self._sessions)

    def wait_until_bound(self, within_s: float = 40.0) -> None:
        wait_for(lambda: self.is_bound, within_s, "somebody has bound to the SMS centre")

    def says(self, sender: str, text: str) -> None:
        """A phone sends `text` to us; returns when it was taken."""
        sent = self._deliver(source_addr=sender.lstrip("+"), message=text, esm_class=0)
        assert asyncio.run_coroutine_threadsafe(sent, self._running()).result(WITHIN_S) == ESME_ROK

    def answer_held(self) -> None:
        """What was received in silence is accepted now."""
        self._running().call_soon_threadsafe(self._answer_held)

    def messages(self, to: str = "", *, accepted: bool = True) -> list[Message]:
        """Whole texts in the order in which they were complete; all that came, where not only `accepted` ones."""
        pending: dict[tuple[str, int, int], dict[int, Submission]] = {}
        whole: list[Message] = []
        for one in list(self.submissions):
            if accepted and one.status != ESME_ROK:
                continue
            reference, total, number = one.part
            parts = pending.setdefault((one.to, reference, total), {})
            parts[number] = one
            if len(parts) < total:
                continue
            del pending[one.to, reference, total]
            ordered = tuple(parts[n] for n in sorted(parts))
            text = "".join(part.text for part in ordered)
            ids = tuple(part.message_id for part in ordered)
            whole.append(Message(one.to, text, one.arrived_s, ids, ordered))
        return [message for message in whole if not to or message.to == to]

    def wait_for(self, wanted: Callable[[Message], bool], within_s: float, what: str) -> Message:
        """The first whole message that is `wanted`."""
        found: list[Message] = []

        def came() -> bool:
            found[:] = [message for message in self.messages() if wanted(message)]
            return bool(found)

        try:
            wait_for(came, within_s, what)
        except AssertionError as error:
            said = "\n".join(f"{one.to} {one.text}" for one in self.messages()[-12:])
            raise AssertionError(f"{error}; what came:\n{said}") from None
        return found[0]

    def _running(self) -> asyncio.AbstractEventLoop:
        assert self._loop is not None
        return self._loop

    async def _serve(self, ready: "Future[None]") -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        behind = free_port()
        server = Server(HOST, behind, system_id="smsc", inbound_capacity=4096)
        cable = Cable(behind)
        try:
            await server.start()
            await cable.plug_in(self.port)
        except BaseException as error:
            ready.set_exception(error)
            raise
        ready.set_result(None)
        events = asyncio.create_task(self._take(server))
        await self._stopping.wait()
        events.cancel()
        self._sessions.clear()
        self._held.clear()
        await cable.cut()
        await server.stop()

    async def _take(self, server: Server) -> None:
        while True:
            event = await server.next()
            if isinstance(event, Esme):
                self._sessions[event.session_id] = event
                self.binds += 1
            elif isinstance(event, Unbound):
                self._sessions.pop(event.session_id, None)
            else:
                self._submitted(event)

    def _submitted(self, event: SubmitSmEvent) -> None:
        arrived_s = time.monotonic()
        status: int | None = ESME_ROK
        to = f"+{event.destination_addr}"
        if self.silent:
            status = None
        elif self.throttled > 0:
            self.throttled -= 1
            status = ESME_RTHROTTLED
        elif to in self.refused:
            status = ESME_RINVDSTADR
        message_id = str(next(iter(self._numbers)))
        text, part = _read(event)
        self.submissions.append(
            Submission(
                arrived_s=arrived_s,
                to=to,
                text=text,
                part=part,
                bytes_long=len(event.short_message),
                coding=event.data_coding,
                message_id=message_id,
                status=status,
            )
        )
        if status is None:
            self._held.append(event)
        elif status == ESME_ROK:
            self._accept(event, message_id)
        else:
            event.reject(status)

    def _answer_held(self) -> None:
        self.silent = False
        for event in self._held:
            self._accept(event, str(next(iter(self._numbers))))
        self._held.clear()

    def _accept(self, event: SubmitSmEvent, message_id: str) -> None:
        event.accept(message_id)
        if self.receipt and event.registered_delivery & 1:
            delivered = "001" if self.receipt == "DELIVRD" else "000"
            said = (
                f"id:{message_id} sub:001 dlvrd:{delivered} submit date:2601150307 done date:2601150307 "
                f"stat:{self.receipt} err:000 text:"
            )
            sent = self._deliver(source_addr=event.destination_addr, message=said, esm_class=IS_RECEIPT)
            self._spawn(sent)

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, *, source_addr: str, message: str, esm_class: int) -> int:
        session = next(iter(self._sessions.values()))
        coding = 0 if esm_class == IS_RECEIPT else UCS2
        content = message.encode("ascii") if coding == 0 else message.encode("utf-16-be")
        answer = await session.deliver_sm(
            "106900",
            content,
            source_addr=source_addr,
            source_addr_ton=1,
            source_addr_npi=1,
            esm_class=esm_class,
            data_coding=coding,
        )
        return answer.command_status


def _read(event: SubmitSmEvent) -> tuple[str, tuple[int, int, int]]:
    """The text of a submit_sm, and which part it is."""
    content, part = event.short_message, (0, 1, 1)
    if event.esm_class & WITH_HEADER:
        assert content[:3] == CONCATENATED, content[:6]
        part = (content[3], content[4], content[5])
        content = content[6:]
    return content.decode("utf-16-be" if event.data_coding == UCS2 else "ascii"), part
