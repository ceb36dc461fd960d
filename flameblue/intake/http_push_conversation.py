"""What platforms that push over HTTP are answered: 200 once all of a message is on disk, in the journal or quarantine.

Promises: what is not on disk is answered 503, or not at all; a message that comes again is answered 200 and taken once,
as far as its first is known to be on disk; answers leave in the order of the requests; what can't be read is kept and
answered 200, since a platform that is refused often stops sending, also what others of its devices have to say.
Source: RFC 9110 (9.3: methods, 15: status codes, 10.2.3: Retry-After), RFC 9112 (9.3, 9.6: the connection's end).
"""

import json
from collections import Counter
from collections.abc import Mapping
from email.utils import formatdate
from http import HTTPStatus
from typing import Any, NamedTuple

from flameblue.domain.errors import BadInput
from flameblue.domain.limits import (
    HTTP_ECHO_CHARACTERS_MAX,
    HTTP_QUIET_S,
    HTTP_REFUSED_PER_MIN_MAX,
    HTTP_REMEMBERED_MAX,
    HTTP_REQUEST_WEIGHT,
    HTTP_SENT_AGAIN_S,
    KIB,
)
from flameblue.domain.readings import NS_PER_S
from flameblue.intake.connection_news import ConnectionNews
from flameblue.intake.conversation import Farewell
from flameblue.intake.decode import Message
from flameblue.intake.directory import DeviceEntry
from flameblue.intake.lines import Answer, Ending, Line
from flameblue.intake.protocol import Broken
from flameblue.intake.protocols.http_push import codec
from flameblue.intake.protocols.http_push.codec import Continue, Request
from flameblue.intake.push import admitting, mapping, signing
from flameblue.intake.push.admitting import PATH, Admitted, Asked, Knowledge, Refused
from flameblue.intake.push.proxies import Proxies
from flameblue.intake.push.secrets import Secrets
from flameblue.intake.quarantine import Quarantined, Unknown
from flameblue.intake.reasons import Reason
from flameblue.intake.reception import Batch, Intake
from flameblue.intake.taken import Taken
from flameblue.profiles.pushing import PROTOCOL, Push

METHODS = ("POST", "GET", "HEAD")
RETRY_S = 5  # after the journal has failed: a full disk has its reserve given up within seconds
RETRY_SOON_S = 1  # the same message is on its way to the disk
MINUTE_S = 60.0
GO_ON = b"HTTP/1.1 100 Continue\r\n\r\n"
_NOTHING: Mapping[str, str] = {}


class Reply(NamedTuple):
    """An answer. `ends`: none follows it on this connection."""

    status: int
    content: bytes
    headers: Mapping[str, str] = _NOTHING
    ends: bool = False


class HttpPushConversation:
    """The platforms' lines, and what they have sent in the last hours."""

    def __init__(self, intake: Intake, secrets: Secrets, proxies: Proxies) -> None:
        self._intake = intake
        self._secrets = secrets
        self._proxies = proxies
        self._taken = Taken(HTTP_SENT_AGAIN_S, HTTP_REMEMBERED_MAX)
        self._refusals: Counter[str] = Counter()  # by peer, of this minute
        self._minute_s = 0.0
        self.news = ConnectionNews(intake)

    def answer(self, frame: Any, answer: Answer, batch: Batch) -> bytes:
        """Takes what the request brings, into `batch`, and returns what is to be sent once the batch is durable."""
        line = answer.line
        if line.is_leaving():
            return b""
        match frame:
            case Request():
                return self._request(frame, answer, batch)
            case Continue():
                return GO_ON
            case Broken(reason=reason, oversized=oversized, farewell=farewell):
                self._count_broken(line, Reason.OVERSIZED if oversized else Reason.PROTOCOL, reason, batch)
                line.end_with = Ending.BROKEN
                return farewell
        return b""

    def delivered(self, answer: Answer) -> None:
        """What was taken is on disk: sent again, on any line, it is only answered."""
        self._taken.kept(answer.received)

    def relieved(self, _line: Line) -> None:
        """Nothing waits for it."""

    def dismiss(self, line: Line, _why: Farewell, ending: Ending) -> None:
        """Nothing is said that nobody has asked for: the peer would take it for the answer to its next request."""
        line.dismiss(b"", ending)

    def send_away(self, line: Line, why: Farewell) -> None:
        """What was not kept is answered 503, and forgotten, so that it is taken when it comes again."""
        self._taken.lost(line)
        told = b""
        if why is Farewell.NOT_KEPT:
            headers = {"Retry-After": str(RETRY_S), **self._date()}
            told = codec.refusal(503, "Nothing can be put on disk now; send it again.", headers)
        line.send_away(told, self._intake.clock.monotonic_s())

    def ended(self, line: Line) -> None:
        """Nobody is lost: a platform comes with a new connection when it has something to say."""
        self._proxies.forget(line)

    def may_stay(self, _line: Line) -> bool:
        """Each request is looked at for itself."""
        return True

    def expire(self, now_s: float) -> None:
        """Messages are forgotten that nobody sends again; a changed file of secrets is read."""
        self._secrets.look()
        if now_s - self._minute_s >= MINUTE_S:
            self._minute_s = now_s
            self._refusals.clear()
        self._taken.expire(now_s)

    def _request(self, request: Request, answer: Answer, batch: Batch) -> bytes:
        line = answer.line
        answer.kib += HTTP_REQUEST_WEIGHT + len(request.body) // KIB
        line.peer = self._proxies.peer(line, request.headers.get("x-forwarded-for", ""))
        reply = self._reply(admitting.asked(request), answer, batch)
        headers = {**self._date(), **reply.headers}
        if reply.ends or request.is_last:
            headers["Connection"] = "close"
            line.end_with = Ending.OURS if reply.ends else Ending.GOODBYE
        elif line.end_with is None:
            line.patience_s = HTTP_QUIET_S
            line.speak_by_s = self._intake.clock.monotonic_s() + HTTP_QUIET_S
        said = codec.answer(reply.status, reply.content, headers)
        return said[: len(said) - len(reply.content)] if request.method == "HEAD" else said

    def _reply(self, one: Asked, answer: Answer, batch: Batch) -> Reply:
        request = one.request
        if not one.source:
            return _no(HTTPStatus.NOT_FOUND, f"Nothing is here; a source pushes to {PATH}SOURCE.")
        if request.method not in METHODS:
            return _no(HTTPStatus.METHOD_NOT_ALLOWED, "A source pushes with POST.", Allow=", ".join(METHODS))
        if request.headers.get("content-encoding", "identity").lower() != "identity":
            return _no(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "No compressed bodies are taken.")
        intake = self._intake
        known = Knowledge(intake.directory, intake.profiles, self._secrets, intake.clock.now_ns())
        found = admitting.admit(one, known, answer.line.peer)
        if isinstance(found, Refused):
            return self._refuse(found, one, answer.line, batch)
        answer.line.entry = found.entry or answer.line.entry
        if request.method != "POST":
            return self._validation(one, found)
        if found.entry is None or found.push is None:
            return self._list_unknown(one, found, answer.line, batch)
        return self._message(request.body, (found.entry, found.push), answer, batch)

    def _message(self, body: bytes, sender: tuple[DeviceEntry, Push], answer: Answer, batch: Batch) -> Reply:
        """What becomes of a message of a source."""
        entry, push = sender
        topic = f"{PATH}{entry.name}"
        try:
            pushed = mapping.read(push, body)
        except BadInput as error:
            batch.keep(Quarantined(entry.name, topic, Reason.MALFORMED, str(error), body, batch.arrival_ns))
            return _taken(push, readings=0, in_quarantine=True, why=str(error))
        what = None
        if pushed.can_be_known_again(batch.arrival_ns):
            what = hash((entry.name, pushed.stamp())), hash(repr(pushed.samples))
        if what is not None and (again := self._again(what, push, answer.line)) is not None:
            return again
        readings, owed = batch.readings(), batch.owed_to_quarantine
        if pushed.samples:
            batch.take(self._intake, entry, Message(topic, body), pushed.samples)
            self._remember(what, answer)
        else:
            self._intake.counts.add("http_push_without_readings")
        more: dict[str, Any] = {"in_quarantine": True} if batch.owed_to_quarantine > owed else {}
        return _taken(push, readings=batch.readings() - readings, **more)

    def _again(self, what: tuple[int, int], push: Push, line: Line) -> Reply | None:
        """What is said to a message that was taken before; None: it was not.

        Of one on the same line, what fails ends the line, and no later answer is sent on it.
        """
        if self._taken.holds(*what, line, self._intake.clock.monotonic_s()):
            self._intake.counts.add("duplicates")
            line.fruit.came()
            return _taken(push, readings=0, duplicate=True)
        if not self._taken.is_under_way(*what):
            return None
        return _no(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "The same message is being put on disk for another connection.",
            **{"Retry-After": str(RETRY_SOON_S)},
        )

    def _remember(self, what: tuple[int, int] | None, answer: Answer) -> None:
        if what is None:
            return
        self._taken.add(*what, answer.line, self._intake.clock.monotonic_s())
        answer.received.append(what)

    def _validation(self, one: Asked, found: Admitted) -> Reply:
        """A platform asks whether the address is ours; anybody who is let in may look whether it is."""
        validation = None if found.push is None else found.push.validation
        if validation is None:
            return Reply(HTTPStatus.OK, b'{"source": "known"}\n')
        said = signing.Said(one.request.headers, one.query, b"", None)
        echo = signing.text(validation.echo, said, "")
        if not echo or len(echo) > HTTP_ECHO_CHARACTERS_MAX:
            return _no(HTTPStatus.BAD_REQUEST, f"There is nothing to answer with at {validation.echo.name}.")
        plain = {"Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff"}
        return Reply(HTTPStatus.OK, echo, plain)

    def _list_unknown(self, one: Asked, found: Admitted, line: Line, batch: Batch) -> Reply:
        admission = found.admission
        assert admission is not None, "nobody else is unknown and let in"
        who = (admission.name, "", line.peer, admission.credential_hash)
        batch.keep(Unknown(*who, f"{PATH}{admission.name}", one.request.body, batch.arrival_ns))
        return Reply(HTTPStatus.OK, b'{"readings": 0, "pairing": true}\n')

    def _refuse(self, why: Refused, one: Asked, line: Line, batch: Batch) -> Reply:
        """Who fails all the time is told so, and no longer listed; one that is let in is never counted."""
        self._intake.counts.add("refused")
        self._refusals[line.peer] += 1
        if self._refusals[line.peer] > HTTP_REFUSED_PER_MIN_MAX:
            too_many = "Too many refusals within a minute."
            return _no(HTTPStatus.TOO_MANY_REQUESTS, too_many, **{"Retry-After": str(round(MINUTE_S))})
        detail = f"{why.name} ({one.request.method}) from {line.peer}: {why.why}"
        batch.keep(Quarantined(why.device, PATH, why.reason, detail, b"", batch.arrival_ns), owed=False)
        asks = {"WWW-Authenticate": "Bearer"} if why.status is HTTPStatus.UNAUTHORIZED else {}
        return _no(why.status, why.told, **asks)

    def _count_broken(self, line: Line, reason: Reason, detail: str, batch: Batch) -> None:
        self._intake.counts.add("protocol_errors")
        name = line.entry.name if line.entry is not None else ""
        item = Quarantined(name, PROTOCOL, reason, f"{line.peer}: {detail}", b"", batch.arrival_ns)
        batch.keep(item, owed=False)

    def _date(self) -> dict[str, str]:
        return {"Date": formatdate(self._intake.clock.now_ns() / NS_PER_S, usegmt=True)}


def _no(status: HTTPStatus, why: str, **headers: str) -> Reply:
    return Reply(status, json.dumps({"error": why}, ensure_ascii=False).encode() + b"\n", headers, ends=True)


def _taken(push: Push, **told: Any) -> Reply:
    content = push.answer or json.dumps(told, ensure_ascii=False)
    return Reply(HTTPStatus.OK, content.encode("utf-8", "backslashreplace") + b"\n")
