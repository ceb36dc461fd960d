"""A recording is published to an MQTT endpoint as its device would: `flameblue replay FILE --to mqtt://…`.

Promises: durations stay as recorded, since holds are judged by device time; no reading is ahead of the clock; each
is sent until it is acknowledged; a number of readings bounded by limits.py is on its way at once.
"""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion
from tqdm import tqdm

from flameblue.domain.clock import Clock
from flameblue.domain.errors import BadInput, WorldFailed
from flameblue.domain.limits import BACKLOG_NS_MAX, REPLAY_UNACKNOWLEDGED_MAX
from flameblue.intake.broker import Address, address
from flameblue.simulation.recording import Moment, Recording

NS_PER_MS = 1_000_000
BACKLOG_MS_MAX = BACKLOG_NS_MAX // NS_PER_MS
ANSWER_WITHIN_S = 30.0  # without any word from the other end we give up
KEEP_ALIVE_S = 30
REFUSED_HINT = "Is the device in the registry, and is this its credential?"


@dataclass(frozen=True, slots=True)
class Course:
    """How it is replayed. `speed` 0: as fast as it is acknowledged. `device` empty: the user of the address.

    `squeezed`: each reading bears the time at which it is sent, so that durations shrink with the speed; otherwise
    they stay as recorded and the last reading bears the time of its sending.
    """

    device: str = ""
    speed: float = 1.0
    squeezed: bool = False


def schedule(recording: Recording, course: Course, now_ms: int) -> Callable[[Moment], tuple[int, float]]:
    """For a moment: the time that its message bears, and the seconds after `now_ms` at which it is sent.

    BadInput where the readings would be older than what Flameblue takes as they are.
    """
    if course.squeezed and not course.speed:
        raise BadInput("Times can be squeezed to the speed only where there is one: --squeeze needs --speed.")
    first_ms, span_ms = recording.first_ms, recording.span_ms
    lasts_ms = span_ms / course.speed if course.speed else 0.0
    if not course.squeezed and span_ms - lasts_ms > BACKLOG_MS_MAX:
        days, most = span_ms / 86_400_000, BACKLOG_MS_MAX // 86_400_000
        raise BadInput(
            f"{recording.path} lasts {days:.1f} days; times of up to {most} days ago are taken as they are. "
            "Choose a part with --from and --until, or squeeze the times with --squeeze."
        )

    def when(moment: Moment) -> tuple[int, float]:
        after_ms = (moment.at_ms - first_ms) / course.speed if course.speed else 0.0
        if course.squeezed:
            return round(now_ms + after_ms), after_ms / 1_000
        return round(now_ms + lasts_ms) - (recording.last_ms - moment.at_ms), after_ms / 1_000

    return when


class Publisher:
    """One connection that publishes and counts what is acknowledged. A line that breaks is taken up again."""

    def __init__(self, address: Address, device: str) -> None:
        self.acknowledged = 0
        self._room = threading.Semaphore(REPLAY_UNACKNOWLEDGED_MAX)
        self._heard = threading.Event()  # something was acknowledged, or the endpoint has answered us
        self._refusal = ""
        self._topic = f"flameblue/v1/{device}/readings"
        self._address = address
        self._client = client = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"replay-{device}")
        if address.user is not None:
            client.username_pw_set(address.user, address.password)
        if address.tls:
            client.tls_set()
        client.on_connect = self._on_connect
        client.on_publish = self._on_publish

    def open(self) -> None:
        """Connects; WorldFailed says why it can't."""
        where = f"{self._address.host}:{self._address.port}"
        try:
            self._client.connect(self._address.host, self._address.port, KEEP_ALIVE_S)
        except (OSError, ValueError) as error:
            raise WorldFailed(f"There is no endpoint at {where}: {error}.") from error
        self._client.loop_start()
        if not self._heard.wait(ANSWER_WITHIN_S):
            raise WorldFailed(f"{where} does not answer as an MQTT endpoint within {ANSWER_WITHIN_S:.0f} s.")
        self._check()

    def publish(self, at_ms: int, values: dict[str, float]) -> None:
        """Hands one message over; waits while too many are on their way. WorldFailed when nothing is answered."""
        self._check()
        if not self._room.acquire(timeout=ANSWER_WITHIN_S):
            raise WorldFailed(self._silent())
        payload = json.dumps({"t": at_ms, "v": values}, separators=(",", ":"))
        self._client.publish(self._topic, payload, qos=1)

    def close(self, published: int) -> None:
        """Waits until all `published` messages are acknowledged; WorldFailed when the endpoint falls silent."""
        while self.acknowledged < published:
            self._heard.clear()
            if self.acknowledged < published and not self._heard.wait(ANSWER_WITHIN_S):
                raise WorldFailed(self._silent())
            self._check()

    def stop(self) -> None:
        """Ends the connection at once."""
        self._client.disconnect()
        self._client.loop_stop()

    def _silent(self) -> str:
        return (
            f"Nothing was acknowledged for {ANSWER_WITHIN_S:.0f} s; {self.acknowledged} messages were before that. "
            "Look at the endpoint and run it again: what is published twice is not judged twice."
        )

    def _check(self) -> None:
        if self._refusal:
            raise WorldFailed(f"The endpoint refuses us: {self._refusal}. {REFUSED_HINT}")

    def _on_connect(self, _client: paho.Client, _data: Any, _flags: Any, reason: Any, _more: Any) -> None:
        if reason.is_failure:
            self._refusal = str(reason)
        self._heard.set()

    def _on_publish(self, _client: paho.Client, _data: Any, _id: int, _reason: Any, _more: Any) -> None:
        self.acknowledged += 1
        self._room.release()
        self._heard.set()


@dataclass
class Replaying:
    """A replay under way."""

    recording: Recording
    publisher: Publisher
    course: Course
    clock: Clock
    pause: Callable[[float], None]
    published: int = 0

    def run(self, tell: Callable[[Moment], None]) -> None:
        """Publishes all of it, calls `tell` after each row, and waits until all is acknowledged."""
        began_s = self.clock.monotonic_s()
        when = schedule(self.recording, self.course, self.clock.now_ns() // NS_PER_MS)
        for moment in self.recording.moments():
            at_ms, after_s = when(moment)
            wait_s = began_s + after_s - self.clock.monotonic_s()
            if wait_s > 0:
                self.pause(wait_s)
            if moment.values:
                self.publisher.publish(at_ms, moment.values)
                self.published += 1
            tell(moment)
        self.publisher.close(self.published)


def run(recording: Recording, to: str, course: Course, clock: Clock) -> str:
    """Replays `recording` to the URL `to`, with its progress on stderr; what has been done, in a sentence.

    BadInput or WorldFailed says what is wrong.
    """
    where = address(to)
    device = course.device or where.user
    if not device:
        raise BadInput(
            "Whose readings are they? Say it in the address, mqtt://DEVICE:CREDENTIAL@host, or --device."
        )
    publisher = Publisher(where, device)
    schedule(recording, course, 0)
    publisher.open()
    replaying = Replaying(recording, publisher, course, clock, time.sleep)
    try:
        with tqdm(total=recording.rows, unit=" readings", dynamic_ncols=True, mininterval=0.5) as bar:

            def tell(moment: Moment) -> None:
                bar.set_postfix_str(shown(moment.at_ms), refresh=False)
                bar.update()

            replaying.run(tell)
    finally:
        publisher.stop()
    unread = (
        f" {recording.unread} rows were passed over: their time can't be read." if recording.unread else ""
    )
    return (
        f"{publisher.acknowledged} messages of {device} were acknowledged, recorded "
        f"{shown(recording.first_ms)} to {shown(recording.last_ms)}.{unread}"
    )


def shown(at_ms: int) -> str:
    """A recorded time for people."""
    return f"{datetime.fromtimestamp(at_ms / 1_000, UTC):%Y-%m-%d %H:%M:%S}"
