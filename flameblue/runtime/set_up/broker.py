"""An existing broker: may we use it, and does it keep what it has acknowledged for us?

Behind a broker, "acknowledged" means that the broker has it (DESIGN.md, 1). Whether it keeps a session while we are
away, and how much, is tried. Whether it keeps it over its own restart can only be seen after one: a session is left
behind with the time of the look, and the next look tells what became of it.
"""

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from flameblue.config import Broker, Config
from flameblue.domain.clock import Clock
from flameblue.domain.errors import BadInput, WorldFailed
from flameblue.domain.limits import BROKER_PROBE_MESSAGES
from flameblue.intake.broker import REFUSED, address
from flameblue.runtime.set_up.findings import Finding, Verdict, fine, unsure, wrong

ANSWER_S = 5.0
QUIET_S = 2.0  # so long after the last message we take it that no more will come
UPTIME_STALE_S = 11.0  # Mosquitto says it anew every ten seconds
MARK_FILE = "broker_look.json"
VERSION, UPTIME = "$SYS/broker/version", "$SYS/broker/uptime"  # Mosquitto's; other brokers have none


def look_at_broker(config: Config, clock: Clock) -> Iterator[Finding]:
    """Nothing where no broker is set; else whether it lets us in, what it keeps, and whether it persists."""
    if not config.broker.url:
        return
    try:
        where = address(config.broker.url)
    except BadInput as error:
        yield wrong("broker", f"{error} It is the setting broker.url.")
        return
    place = f"{where.host}:{where.port}"
    try:
        yield from _tried(config, clock, place)
    except WorldFailed as error:
        yield wrong("broker", f"{place} {error}")


def _tried(config: Config, clock: Clock, place: str) -> Iterator[Finding]:
    left_ns = clock.now_ns()
    topic = f"flameblue/check/{config.broker.client_id}"
    with _keeper(config.broker) as keeper:
        there_before = keeper.open()
        told = keeper.told((VERSION, UPTIME))
        yield fine("broker", f"{place} lets us in{_named(told)}.")
        mark = Mark.read(config.data)
        if mark is not None and mark.place == place:
            survived = _survived(there_before, mark, told, clock)
            if survived.verdict is Verdict.UNSURE:
                left_ns = mark.at_ns
            yield survived
        refused = keeper.subscribe((*config.broker.topics, topic))
        if lost := [name for name in refused if name != topic]:
            yield wrong(
                "broker", f"It does not give us {', '.join(lost)}. Allow it for the user of broker.url."
            )
        keeper.unsubscribe(config.broker.topics)
        if topic in refused:
            yield unsure("sessions", f"It does not give us {topic}, so what it keeps could not be tried.")
            return
    yield from _kept(config.broker, topic)
    Mark(place, left_ns).write(config.data)


def _keeper(broker: Broker) -> "closing[Visit]":
    """The visit whose session the broker is asked to keep."""
    return closing(Visit(broker, f"{broker.client_id}-check", keeps=True))


def _kept(broker: Broker, topic: str) -> Iterator[Finding]:
    """Publishes while the keeper of the session is away, and counts what it finds when it is back."""
    with closing(Visit(broker, f"{broker.client_id}-check-sender", keeps=False)) as sender:
        sender.open()
        accepted = sender.publish(topic, BROKER_PROBE_MESSAGES)
    if not accepted:
        yield unsure("sessions", f"It takes no message on {topic}, so what it keeps could not be tried.")
        return
    with _keeper(broker) as keeper:
        present = keeper.open()
        found = keeper.collected(accepted)
    if not present or not found:
        yield wrong(
            "sessions", "It forgets us when we disconnect: what it acknowledges then is lost. Allow sessions."
        )
    elif found < accepted:
        yield wrong(
            "sessions",
            f"Of {accepted} messages that it acknowledged while we were away it kept {found}. Let it keep more "
            "(Mosquitto: max_queued_messages 0).",
        )
    else:
        yield fine(
            "sessions", f"While we were away it kept all {accepted} messages that it had acknowledged."
        )


def _named(told: dict[str, str]) -> str:
    return f", it is {told[VERSION]}" if VERSION in told else ""


def _survived(present: bool, mark: "Mark", told: dict[str, str], clock: Clock) -> Finding:
    """What became of the session that an earlier look has left."""
    ago_s = (clock.now_ns() - mark.at_ns) / 1e9
    up_s = _seconds(told.get(UPTIME, ""))
    if not present:
        return wrong(
            "persistence",
            f"It has forgotten the session that was left {_ago(ago_s)} ago: after a restart of the broker readings "
            "are lost. Let it persist (Mosquitto: persistence true).",
        )
    if up_s is None:
        return unsure(
            "persistence", f"It still knows a session of {_ago(ago_s)} ago; when it was restarted it hides."
        )
    if up_s + UPTIME_STALE_S < ago_s:
        return fine("persistence", f"It was restarted {_ago(up_s)} ago and still knows a session of before.")
    return unsure(
        "persistence",
        "Whether it keeps sessions over its own restart shows only then: restart it and check again.",
    )


def _seconds(uptime: str) -> float | None:
    first = uptime.split(" ", maxsplit=1)[0]
    return float(first) if first.isdigit() else None


def _ago(seconds: float) -> str:
    for size, name in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {name}"
    return f"{seconds:.0f} seconds"


@dataclass(frozen=True, slots=True)
class Mark:
    """When a session was left at which broker."""

    place: str
    at_ns: int

    @classmethod
    def read(cls, folder: Path) -> "Mark | None":
        """The mark of the last look; None where there was none."""
        try:
            said = json.loads((folder / MARK_FILE).read_text(encoding="utf-8"))
            return cls(str(said["place"]), int(said["at_ns"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, folder: Path) -> None:
        """Kept where there is an installation, or will be; without one the next look knows less."""
        with suppress(OSError):
            (folder / MARK_FILE).write_text(
                json.dumps({"place": self.place, "at_ns": self.at_ns}), encoding="utf-8"
            )


class Visit:
    """One connection to the broker. WorldFailed, as the end of a sentence that begins with its address."""

    def __init__(self, broker: Broker, client_id: str, *, keeps: bool) -> None:
        self._where = address(broker.url)
        self._answered, self._arrived = threading.Event(), threading.Event()
        self._codes: list[Any] = []
        self._present = False
        self._messages: list[tuple[str, str]] = []
        self._acknowledged = 0
        self._client = client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=not keeps,
            reconnect_on_failure=False,
        )
        if self._where.user is not None:
            client.username_pw_set(self._where.user, self._where.password)
        if self._where.tls:
            client.tls_set()
        client.max_queued_messages_set(0)
        client.on_connect, client.on_subscribe = self._on_connect, self._on_subscribe
        client.on_unsubscribe, client.on_message = self._on_unsubscribe, self._on_message
        client.on_publish = self._on_publish

    def open(self) -> bool:
        """Connects; whether the broker had kept our session."""
        try:
            self._client.connect(self._where.host, self._where.port, keepalive=30)
        except (OSError, ValueError) as error:
            raise WorldFailed(f"can't be reached: {error}.") from error
        self._client.loop_start()
        codes = self._answer("does not answer as an MQTT broker")
        if codes[0].is_failure:
            raise WorldFailed(f"refuses us: {codes[0]}. Are user and password in its url right?")
        return self._present

    def told(self, topics: Sequence[str]) -> dict[str, str]:
        """What the broker says of itself; it keeps quiet where the user may not know."""
        self.subscribe(topics)
        self._quiet(len(topics))
        self.unsubscribe(topics)
        found = {name: text for name, text in self._messages if name in topics}
        self._messages.clear()
        return found

    def subscribe(self, topics: Sequence[str]) -> list[str]:
        """Asks for `topics`; those that are refused."""
        self._answered.clear()
        self._client.subscribe([(topic, 1) for topic in topics])
        codes = self._answer("does not answer a SUBSCRIBE")
        return [topic for topic, code in zip(topics, codes, strict=False) if code.value >= REFUSED]

    def unsubscribe(self, topics: Sequence[str]) -> None:
        self._answered.clear()
        self._client.unsubscribe(list(topics))
        self._answer("does not answer an UNSUBSCRIBE")

    def publish(self, topic: str, count: int) -> int:
        """Publishes `count` small messages; how many were acknowledged before it fell quiet."""
        for number in range(count):
            self._client.publish(topic, str(number), qos=1)
        while self._acknowledged < count and self._arrived.wait(ANSWER_S):
            self._arrived.clear()
        return self._acknowledged

    def collected(self, wanted: int) -> int:
        """How many different messages have come, once all have or no more come."""
        self._quiet(wanted)
        return len(set(self._messages))

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _quiet(self, wanted: int) -> None:
        while len(self._messages) < wanted and self._arrived.wait(QUIET_S):
            self._arrived.clear()

    def _answer(self, otherwise: str) -> list[Any]:
        if not self._answered.wait(ANSWER_S):
            raise WorldFailed(f"{otherwise} within {ANSWER_S:.0f} s.")
        return self._codes

    def _on_connect(self, _client: paho.Client, _data: Any, flags: Any, reason: Any, _more: Any) -> None:
        self._present = bool(flags.session_present)
        self._codes = [reason]
        self._answered.set()

    def _on_subscribe(self, _client: paho.Client, _data: Any, _id: int, codes: Any, _more: Any) -> None:
        self._codes = list(codes)
        self._answered.set()

    def _on_unsubscribe(self, _client: paho.Client, _data: Any, _id: int, _codes: Any, _more: Any) -> None:
        self._answered.set()

    def _on_message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        self._messages.append((message.topic, message.payload.decode("utf-8", "replace")))
        self._arrived.set()

    def _on_publish(self, _client: paho.Client, _data: Any, _id: int, reason: Any, _more: Any) -> None:
        if not reason.is_failure:
            self._acknowledged += 1
        self._arrived.set()
