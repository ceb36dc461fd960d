"""What the robots of group chats have in common: one POST to a webhook, and a code in the answer's body.

Invariants: the webhook's address is its key, so neither address nor secret stands in an error, a log line or a
notice; HTTP status 200 says nothing, the code in the body does. Source: the providers' pages on custom robots.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlencode

import httpx

from flameblue.config import Config, Robot
from flameblue.domain.clock import Clock, SystemClock
from flameblue.domain.errors import BadInput, DeliveryError
from flameblue.notices.carrier_answers import object_in
from flameblue.notices.channel import Channel, Ears, Nature, Outgoing, Sent

TIMEOUT_S = 10.0
SERVER_ERROR = 500
AGAIN = frozenset({408, 425, 429})  # and every 5xx
TITLE_CHARACTERS = 20  # of a message's head in the list of chats
CUT = "…"


@dataclass(frozen=True, slots=True)
class Request:
    """What is posted: JSON, and what the address carries beside its own key."""

    body: Mapping[str, Any]
    query: Mapping[str, str] = field(default_factory=dict)


class Dialect(Protocol):
    """One provider's way to speak."""

    name: str
    forms: frozenset[str]  # text, markdown
    code: str  # the field of the answer that holds the code; 0: accepted
    later: frozenset[int]  # codes that pass: throttled, busy
    words: Mapping[int, str]  # what other codes mean

    def request(self, text: str, robot: Robot, now_ns: int) -> Request: ...


class Line:
    """An open robot: the channel."""

    def __init__(self, dialect: Dialect, robot: Robot, clock: Clock) -> None:
        self._dialect = dialect
        self._robot = robot
        self._clock = clock
        self._client = httpx.Client(timeout=TIMEOUT_S)

    def send(self, outgoing: Outgoing) -> Sent:
        request = self._dialect.request(outgoing.text, self._robot, self._clock.now_ns())
        try:
            answer = self._client.post(_address(self._robot.url, request.query), json=request.body)
        except httpx.HTTPError as error:
            raise DeliveryError(
                f"The {self._dialect.name} robot can't be reached: {type(error).__name__}."
            ) from None  # the error's own text may name the address
        self._judge(answer)
        return Sent()

    def _judge(self, answer: httpx.Response) -> None:
        name, status = self._dialect.name, answer.status_code
        if not answer.is_success:
            later = status in AGAIN or status >= SERVER_ERROR
            raise DeliveryError(f"The {name} robot answered {status}.", permanent=not later)
        code = _code(answer, self._dialect.code)
        if code is None:
            raise DeliveryError(f"The {name} robot's answer can't be read.")
        if code:
            said = self._dialect.words.get(code, "refused")
            later = code in self._dialect.later
            raise DeliveryError(f"The {name} robot refused it: {said} ({code}).", permanent=not later)

    def deaf_s(self) -> float:
        return 0.0

    def trouble(self) -> str:
        return ""

    def close(self) -> None:
        self._client.close()


@dataclass(frozen=True, slots=True)
class Plugin:
    """A robot's folder. Its settings stand under its name: `url`, and `secret` where it demands signatures."""

    dialect: Dialect

    def nature(self, config: Config) -> Nature:
        del config
        return Nature(hears=False, to_group=True)

    def lacks(self, config: Config) -> list[str]:
        del config
        return []

    def open(self, config: Config, ears: Ears) -> Channel:
        del ears
        robot: Robot = getattr(config, self.dialect.name)
        return opened(self.dialect, robot, SystemClock())


def opened(dialect: Dialect, robot: Robot, clock: Clock) -> Line:
    """The robot as it is configured; BadInput says what is missing."""
    if not robot.url:
        raise BadInput(f"The {dialect.name} channel needs [{dialect.name}] url in the configuration.")
    try:
        is_web = httpx.URL(robot.url).scheme in {"http", "https"}
    except httpx.InvalidURL:
        is_web = False
    if not is_web:
        raise BadInput(f"[{dialect.name}] url is no address of a webhook.")
    if robot.form not in dialect.forms:
        known = ", ".join(sorted(dialect.forms, reverse=True))
        raise BadInput(f"[{dialect.name}] form is {robot.form!r}; it may be: {known}.")
    return Line(dialect, robot, clock)


def cut(text: str, bytes_max: int) -> str:
    """`text` in at most `bytes_max` bytes of UTF-8; what is cut is marked, and no character is halved."""
    if len(text.encode()) <= bytes_max:
        return text
    kept = text.encode()[: bytes_max - len(CUT.encode())]
    return kept.decode(errors="ignore") + CUT


def heading(text: str) -> str:
    """The beginning of a text, as a title."""
    first = text.partition("\n")[0]
    return first if len(first) <= TITLE_CHARACTERS else first[: TITLE_CHARACTERS - 1] + CUT


def _address(url: str, query: Mapping[str, str]) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}" if query else url


def _code(answer: httpx.Response, key: str) -> int | None:
    """The whole number that stands under `key`; None where none does."""
    said = object_in(answer.content).get(key)
    if isinstance(said, bool) or not isinstance(said, int | float | str):
        return None
    try:
        code = int(said)
    except (ValueError, OverflowError):
        return None
    return None if isinstance(said, float) and code != said else code


def _names_no_address(record: logging.LogRecord) -> bool:
    return record.levelno > logging.INFO


logging.getLogger("httpx").addFilter(_names_no_address)  # at INFO it logs addresses, which are keys
