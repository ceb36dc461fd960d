"""One bound line to the gateway, in a thread of its own: it alone touches the socket.

Invariants: a message is accepted when every part has its submit_sm_resp; a line that breaks fails what waits for it
(delivery tries again) and is bound anew after a pause that grows; receipts and answers are told as they come.
"""

import logging
import queue
import select
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field
from typing import Any

from smpplib import client as smpp_client
from smpplib import consts, exceptions

from flameblue.config import Smpp
from flameblue.domain.clock import Clock
from flameblue.domain.errors import DeliveryError
from flameblue.notices.channel import Ears, Outgoing, Sent
from flameblue.notices.channels.smpp import codec

log = logging.getLogger("flameblue.smpp")
ANSWER_WITHIN_S = 15.0
IDLE_S = 0.05
ENQUIRE_EVERY_S = 20.0
BACK_OFF_S_MIN, BACK_OFF_S_MAX = 0.5, 30.0
THROTTLED = {0x58, 0x14, 0x08}  # throttled, queue full, system error: later it may go
INTERNATIONAL, NATIONAL, ALPHANUMERIC = 1, 2, 5  # type of number
TROUBLE = (exceptions.ConnectionError, exceptions.PDUError, exceptions.UnknownCommandError, OSError)


@dataclass
class Job:
    """A message under way: which part has which sequence number, and the ids that came back."""

    outgoing: Outgoing
    done: "Future[Sent]" = field(default_factory=Future)
    waiting: dict[int, int] = field(default_factory=dict)
    ids: dict[int, str] = field(default_factory=dict)


class SmppLine:
    """The channel. `send` may be called from any thread."""

    def __init__(self, settings: Smpp, ears: Ears, clock: Clock) -> None:
        self._settings = settings
        self._ears = ears
        self._clock = clock
        self._jobs: queue.Queue[Job] = queue.Queue()
        self._by_sequence: dict[int, Job] = {}
        self._references = _references()
        self._closing = threading.Event()
        self._heard_s = 0.0
        self._thread = threading.Thread(target=self._run, name="smpp", daemon=True)
        self._thread.start()

    def send(self, outgoing: Outgoing) -> Sent:
        """Blocks until every part is accepted; DeliveryError when one is refused or no answer comes."""
        job = Job(outgoing)
        self._jobs.put(job)
        try:
            return job.done.result(ANSWER_WITHIN_S)
        except FutureTimeout as error:
            job.done.cancel()
            raise DeliveryError(f"The SMS gateway gave no answer within {ANSWER_WITHIN_S:.0f} s.") from error

    def close(self) -> None:
        self._closing.set()
        self._thread.join(5)

    def _run(self) -> None:
        pause_s = BACK_OFF_S_MIN
        while not self._closing.is_set():
            line = self._client()
            try:
                self._bind(line)
                pause_s = BACK_OFF_S_MIN
                self._serve(line)
            except TROUBLE as error:
                log.warning(
                    "The line to the SMS gateway %s broke: %s", self._settings.host, error or "closed"
                )
            finally:
                self._hang_up(line)
                self._fail_all("The line to the SMS gateway broke.")
            self._closing.wait(pause_s)
            pause_s = min(pause_s * 2, BACK_OFF_S_MAX)

    def _client(self) -> Any:
        context = ssl.create_default_context() if self._settings.use_tls else None
        line = smpp_client.Client(
            self._settings.host,
            self._settings.port,
            timeout=5,
            ssl_context=context,
            allow_unknown_opt_params=True,
        )
        line.set_message_sent_handler(self._sent)
        line.set_message_received_handler(self._received)
        line.set_error_pdu_handler(self._refused)
        return line

    def _bind(self, line: Any) -> None:
        line.connect()
        line.bind_transceiver(
            system_id=self._settings.system_id,
            password=self._settings.password,
            system_type=self._settings.system_type,
        )
        self._heard_s = self._clock.monotonic_s()
        log.info("Bound to the SMS gateway %s:%d.", self._settings.host, self._settings.port)

    def _serve(self, line: Any) -> None:
        asked_s = self._heard_s
        while not self._closing.is_set():
            readable, _, _ = select.select([line._socket], [], [], 0 if not self._jobs.empty() else IDLE_S)
            if readable:
                line.read_once(auto_send_enquire_link=False)
                self._heard_s = self._clock.monotonic_s()
                continue
            if not self._jobs.empty():
                self._submit(line, self._jobs.get())
            now_s = self._clock.monotonic_s()
            if now_s - max(self._heard_s, asked_s) >= ENQUIRE_EVERY_S:
                line.send_pdu(smpp_client.smpp.make_pdu("enquire_link", client=line))
                asked_s = now_s
            if now_s - self._heard_s >= 2 * ENQUIRE_EVERY_S:
                raise exceptions.ConnectionError("the gateway is silent")

    def _submit(self, line: Any, job: Job) -> None:
        if job.done.cancelled():
            return
        pieces = codec.parts(job.outgoing.text, next(self._references))
        for number, piece in enumerate(pieces, 1):
            pdu = smpp_client.smpp.make_pdu(
                "submit_sm",
                client=line,
                source_addr_ton=ALPHANUMERIC if not self._settings.source.isdigit() else NATIONAL,
                source_addr=self._settings.source,
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

    def _sent(self, pdu: Any) -> None:
        job = self._by_sequence.pop(pdu.sequence, None)
        if job is None:
            return
        job.ids[job.waiting.pop(pdu.sequence)] = _text(pdu.message_id)
        if not job.waiting and not job.done.done():
            job.done.set_result(Sent(tuple(job.ids[number] for number in sorted(job.ids))))

    def _refused(self, pdu: Any) -> None:
        job = self._by_sequence.pop(pdu.sequence, None)
        if job is None:
            return
        status = int(pdu.status)
        said = consts.DESCRIPTIONS.get(status, "refused")
        error = DeliveryError(
            f"The SMS gateway refused it: {said} (0x{status:02X}).", permanent=status not in THROTTLED
        )
        if not job.done.done():
            job.done.set_exception(error)

    def _received(self, pdu: Any) -> None:
        message = pdu.short_message or b""
        if int(pdu.esm_class) & codec.IS_RECEIPT:
            found = codec.receipt(message)
            if found is not None:
                self._ears.receipt(found.message_id, found.state)
            return
        sender = _text(pdu.source_addr)
        text = codec.inbound_text(message, int(pdu.data_coding))
        self._ears.inbound(sender if sender.startswith("+") else f"+{sender}", text)

    def _hang_up(self, line: Any) -> None:
        try:
            if self._closing.is_set() and line.state == consts.SMPP_CLIENT_STATE_BOUND_TRX:
                line.unbind()
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
            if not job.done.done():
                job.done.set_exception(DeliveryError(why))


def _references() -> Iterator[int]:
    while True:
        yield from range(1, 256)


def _text(value: bytes | str | None) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value or ""
