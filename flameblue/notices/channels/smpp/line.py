"""One bound line to the gateway, in a thread of its own: it alone touches the socket.

Invariants: a message is accepted when every part has its submit_sm_resp; a line that breaks fails what waits for it
(delivery tries again) and is bound anew after a pause that grows; a deliver_sm is acknowledged when it is kept, and
answered with a temporary error when it could not be, so that the gateway repeats it.
"""

import logging
import queue
import select
import socket
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field
from typing import Any

from smpplib import consts, exceptions, smpp

from flameblue.config import Smpp
from flameblue.domain.clock import Clock
from flameblue.domain.errors import DeliveryError, WorldFailed
from flameblue.notices.channel import Ears, Outgoing, Sent
from flameblue.notices.channels.smpp import codec
from flameblue.notices.channels.smpp.client import Client

log = logging.getLogger("flameblue.smpp")
ANSWER_WITHIN_S = 15.0  # shorter than delivery.TRY_S: an answer is settled before another try
BOUND_WITHIN_S = 3.0  # how long a message waits for the line
IO_S = 5.0  # of one PDU under way, and of connecting
BACK_OFF_S_MIN, BACK_OFF_S_MAX = 0.5, 5.0
STEADY_S = 10.0  # a line that held this long begins again with the shortest pause
TEMPORARY_ERROR = 0x64  # ESME_RX_T_APPN: the gateway repeats its deliver_sm
REFUSED = frozenset(
    {0x01, 0x02, 0x03, 0x0A, 0x0B, 0x33, 0x34, *range(0x40, 0x45), *range(0x48, 0x52), 0x61, 0x62}
)
INTERNATIONAL, NATIONAL, ALPHANUMERIC = 1, 2, 5  # type of number
TROUBLE = (exceptions.ConnectionError, exceptions.PDUError, exceptions.UnknownCommandError, OSError)


@dataclass
class Job:
    """A message under way: which part has which sequence number, and the ids that came back."""

    outgoing: Outgoing
    done: "Future[Sent]" = field(default_factory=Future)
    waiting: dict[int, int] = field(default_factory=dict)
    ids: dict[int, str] = field(default_factory=dict)
    abandoned: bool = False

    def fail(self, why: str, *, permanent: bool = False) -> None:
        """Ends the job, if it has not ended yet."""
        if not self.done.done():
            self.done.set_exception(DeliveryError(why, permanent=permanent))


class SmppLine:
    """The channel. `send` may be called from any thread; everything below `_run` is the line's own thread."""

    def __init__(self, settings: Smpp, ears: Ears, clock: Clock, enquire_every_s: float = 20.0) -> None:
        self._settings = settings
        self._ears = ears
        self._clock = clock
        self._enquire_every_s = enquire_every_s
        self._jobs: queue.Queue[Job] = queue.Queue()
        self._by_sequence: dict[int, Job] = {}
        self._references = _references(clock.now_ns())
        self._closing, self._bound = threading.Event(), threading.Event()
        self._deaf_since_s: float | None = clock.monotonic_s()
        self._trouble = "it is being called"
        self._woken, self._wake = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="smpp", daemon=True)
        self._thread.start()

    def send(self, outgoing: Outgoing) -> Sent:
        """Blocks until every part is accepted; DeliveryError when one is refused or no answer comes."""
        if not self._bound.wait(BOUND_WITHIN_S):
            raise DeliveryError(f"The SMS gateway can't be reached: {self._trouble}.")
        job = Job(outgoing)
        self._jobs.put(job)
        self._wake.send(b"!")
        try:
            return job.done.result(ANSWER_WITHIN_S)
        except FutureTimeout as error:
            job.abandoned = True
            raise DeliveryError(f"The SMS gateway gave no answer within {ANSWER_WITHIN_S:.0f} s.") from error

    def deaf_s(self) -> float:
        """How long the line has been down; 0 while it is bound."""
        since_s = self._deaf_since_s
        return 0.0 if since_s is None else self._clock.monotonic_s() - since_s

    def trouble(self) -> str:
        """What the line broke with, or why it could not be bound."""
        return "" if self._bound.is_set() else self._trouble

    def close(self) -> None:
        """Unbinds; a message under way fails."""
        self._closing.set()
        self._wake.send(b"!")
        self._thread.join(IO_S + 1)
        self._woken.close()
        self._wake.close()

    def _run(self) -> None:
        pause_s = BACK_OFF_S_MIN
        while not self._closing.is_set():
            began_s = self._clock.monotonic_s()
            self._one_line()
            if self._clock.monotonic_s() - began_s >= STEADY_S:
                pause_s = BACK_OFF_S_MIN
            self._closing.wait(pause_s)
            pause_s = min(pause_s * 2, BACK_OFF_S_MAX)

    def _one_line(self) -> None:
        """Binds and serves until the line breaks or is to be closed."""
        line = self._client()
        try:
            self._bind(line)
            self._serve(line)
        except TROUBLE as error:
            self._trouble = str(error) or "the line was closed"
            log.warning("The line to the SMS gateway %s broke: %s.", self._settings.host, self._trouble)
        except Exception:
            self._trouble = "it sends what can't be read"
            log.exception("What the SMS gateway %s sends can't be read.", self._settings.host)
        finally:
            self._bound.clear()
            if self._deaf_since_s is None:
                self._deaf_since_s = self._clock.monotonic_s()
            self._hang_up(line)
            self._fail_all(f"The line to the SMS gateway broke: {self._trouble}.")

    def _client(self) -> Any:
        context = _Tls(self._settings.host) if self._settings.use_tls else None
        return Client(
            self._settings.host,
            self._settings.port,
            timeout=IO_S,
            ssl_context=context,
            allow_unknown_opt_params=True,
        )

    def _bind(self, line: Any) -> None:
        line.connect()
        line.bind_transceiver(
            system_id=self._settings.system_id,
            password=self._settings.password,
            system_type=self._settings.system_type,
        )
        self._deaf_since_s = None
        self._bound.set()
        log.info("Bound to the SMS gateway %s:%d.", self._settings.host, self._settings.port)

    def _serve(self, line: Any) -> None:
        heard_s = asked_s = self._clock.monotonic_s()
        while not self._closing.is_set():
            if _readable(line, self._woken, self._enquire_every_s / 4):
                self._take(line, line.read_pdu())
                heard_s = self._clock.monotonic_s()
            while not self._jobs.empty():
                self._submit(line, self._jobs.get())
            now_s = self._clock.monotonic_s()
            if now_s - heard_s >= 2 * self._enquire_every_s:
                raise exceptions.ConnectionError("the gateway is silent")
            if now_s - max(heard_s, asked_s) >= self._enquire_every_s:
                line.send_pdu(smpp.make_pdu("enquire_link", client=line))
                asked_s = now_s

    def _submit(self, line: Any, job: Job) -> None:
        if job.abandoned:
            return
        for number, piece in enumerate(codec.parts(job.outgoing.text, next(self._references)), 1):
            pdu = smpp.make_pdu(
                "submit_sm",
                client=line,
                source_addr_ton=_type_of(self._settings.source),
                source_addr=self._settings.source.lstrip("+"),
                dest_addr_ton=INTERNATIONAL,
                dest_addr_npi=1,
                destination_addr=job.outgoing.to.lstrip("+"),
                data_coding=codec.UCS2,
                esm_class=piece.esm_class,
                short_message=piece.message,
                registered_delivery=1,
            )
            job.waiting[pdu.sequence] = number
            self._by_sequence[pdu.sequence] = job
            line.send_pdu(pdu)

    def _take(self, line: Any, pdu: Any) -> None:
        if pdu is None:
            return
        if pdu.command in {"submit_sm_resp", "generic_nack"}:
            self._answered(pdu)
        elif pdu.command == "deliver_sm":
            answer = smpp.make_pdu("deliver_sm_resp", client=line, status=self._received(pdu))
            answer.sequence = pdu.sequence
            line.send_pdu(answer)
        elif pdu.command == "enquire_link":
            answer = smpp.make_pdu("enquire_link_resp", client=line)
            answer.sequence = pdu.sequence
            line.send_pdu(answer)
        elif pdu.command == "unbind":
            raise exceptions.ConnectionError("the gateway ended it")

    def _answered(self, pdu: Any) -> None:
        """A part was accepted or refused; an answer to what was given up is too late."""
        job = self._by_sequence.pop(pdu.sequence, None)
        if job is None or job.done.done():
            return
        status = int(pdu.status)
        number = job.waiting.pop(pdu.sequence)
        if status or pdu.command == "generic_nack":
            said = consts.DESCRIPTIONS.get(status, "refused")
            job.fail(f"The SMS gateway refused it: {said} (0x{status:02X}).", permanent=status in REFUSED)
            return
        job.ids[number] = _text(pdu.message_id)
        if not job.waiting:
            job.done.set_result(Sent(tuple(job.ids[part] for part in sorted(job.ids))))

    def _received(self, pdu: Any) -> int:
        """Tells of a receipt or a message; the status to answer with."""
        message = _bytes(pdu.short_message) or _bytes(pdu.message_payload)
        esm_class = int(pdu.esm_class or 0)
        try:
            if codec.is_receipt(esm_class):
                found = codec.receipt(message, _text(pdu.receipted_message_id), pdu.message_state)
                if found is not None:
                    self._ears.receipt(found.message_id, found.state)
            else:
                sender = _text(pdu.source_addr).lstrip("+")
                self._ears.inbound(
                    f"+{sender}", codec.inbound_text(message, int(pdu.data_coding or 0), esm_class)
                )
        except WorldFailed as error:
            log.warning("What came by SMS could not be kept, the gateway is asked to repeat it: %s", error)
            return TEMPORARY_ERROR
        return 0

    def _hang_up(self, line: Any) -> None:
        try:
            if self._closing.is_set() and line.state == consts.SMPP_CLIENT_STATE_BOUND_TRX:
                line.send_pdu(smpp.make_pdu("unbind", client=line))
        except TROUBLE as error:
            log.debug("Unbinding failed: %s", error)
        line.state = consts.SMPP_CLIENT_STATE_OPEN
        line.disconnect()

    def _fail_all(self, why: str) -> None:
        jobs = {id(job): job for job in self._by_sequence.values()}
        self._by_sequence.clear()
        while not self._jobs.empty():
            job = self._jobs.get()
            jobs[id(job)] = job
        for job in jobs.values():
            job.fail(why)


@dataclass(frozen=True, slots=True)
class _Tls:
    """What smpplib asks of a TLS context, with the host's name checked."""

    host: str

    def wrap_socket(self, plain: socket.socket) -> ssl.SSLSocket:
        return ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)


def _readable(line: Any, woken: socket.socket, within_s: float) -> bool:
    """The gateway has sent something; also False when somebody has a message to send, or time is over."""
    plain = line._socket
    if isinstance(plain, ssl.SSLSocket) and plain.pending():
        return True
    ready, _, _ = select.select([plain, woken], [], [], within_s)
    if woken in ready:
        woken.recv(4_096)
    return plain in ready


def _type_of(source: str) -> int:
    if source.startswith("+"):
        return INTERNATIONAL
    return NATIONAL if source.isdigit() else ALPHANUMERIC


def _references(now_ns: int) -> Iterator[int]:
    """1 … 255 round and round, from another place at each start: a phone may still wait for old parts."""
    yield from range(now_ns // 1_000_000_000 % 255 + 1, 256)
    while True:
        yield from range(1, 256)


def _bytes(value: bytes | str | None) -> bytes:
    return value.encode("latin-1") if isinstance(value, str) else value or b""


def _text(value: bytes | str | None) -> str:
    return _bytes(value).decode("latin-1").rstrip("\0")
