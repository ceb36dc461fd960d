"""Home Assistant is shown the results, over the broker that it uses. The edge: paho, the board, the database.

Results are only read; a broker that is away costs nothing but this. Everything is published anew when the broker or
Home Assistant comes back, and what an earlier run had announced and is no longer there is taken back.
"""

import asyncio
import logging
import ssl
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from flameblue import __version__
from flameblue.config import Config
from flameblue.domain.clock import Clock
from flameblue.domain.limits import HOME_HEARD_MAX, HOME_PUBLISHES_PER_LOOK_MAX
from flameblue.history.board import Board
from flameblue.intake.broker import KEEP_ALIVE_S, address
from flameblue.runtime import home_assistant as shapes
from flameblue.runtime import home_facts
from flameblue.runtime.home_assistant import Home, OpenCase, Outbox, ShownPremises, Wanted
from flameblue.runtime.stages import Worker, every

log = logging.getLogger("flameblue.runtime")
LOOK_S = 2.0
REGISTRY_S = 30.0  # how often names and points are read anew
AWAY_S_MAX = 60  # the longest pause before the broker is tried again
GOODBYE_S = 2.0
ANEW = ""  # in the place of a topic: the broker or Home Assistant has come back


@dataclass(slots=True)
class HomePublishing:
    """The stage. Without a `home_assistant.url` it has nothing to do."""

    config: Config
    orm: Worker
    board: Board
    clock: Clock
    outbox: Outbox = field(default_factory=Outbox)
    heard: deque[str] = field(default_factory=lambda: deque(maxlen=HOME_HEARD_MAX))
    premises: tuple[ShownPremises, ...] = ()
    configs: Mapping[str, Wanted] = field(default_factory=dict)
    read_s: float | None = None
    published: int = 0

    async def run(self) -> None:
        """Publishes for ever."""
        settings = self.config.home_assistant
        if not settings.url:
            return
        words = await self.orm(home_facts.words, self.config.language)
        home = Home(settings.prefix, settings.name, __version__, words)
        client = self._client(home)
        try:
            await every(LOOK_S, lambda: self._look(home, client))
        finally:
            await asyncio.to_thread(_leave, client, home)

    def counters(self) -> dict[str, float]:
        """Numbers for /metrics."""
        return {"home_assistant_published": float(self.published)}

    async def _look(self, home: Home, client: paho.Client) -> None:
        if not client.is_connected() or client.want_write():
            return  # what an earlier look has handed over is still on its way
        self._hear(home)
        now_s = self.clock.monotonic_s()
        if self.read_s is None or now_s - self.read_s >= REGISTRY_S:
            await self._read(home)
            self.read_s = now_s
        cases = await self.orm(home_facts.open_cases)
        silent = await self.orm(home_facts.silent_points)
        await asyncio.to_thread(self._publish, home, client, cases, silent)

    async def _read(self, home: Home) -> None:
        found, left_out = await self.orm(home_facts.premises, self.config.language)
        if found != self.premises:
            self.configs = await asyncio.to_thread(shapes.configs, home, found)
            self.premises = found
            if left_out:
                log.warning("Home Assistant is not shown %d points: it is too many.", left_out)

    def _hear(self, home: Home) -> None:
        """What paho's thread has heard, in its order."""
        for _ in range(len(self.heard)):
            topic = self.heard.popleft()
            if topic == ANEW:
                self.outbox.anew()
            else:
                self.outbox.holds(home.belonging(topic))

    def _publish(
        self, home: Home, client: paho.Client, cases: tuple[OpenCase, ...], silent: frozenset[int]
    ) -> None:
        wanted = {home.status_topic: Wanted(shapes.ONLINE)}
        wanted |= shapes.alarm_states(home, self.premises, cases)
        wanted |= self.configs
        wanted |= dict(self._values(home, silent))
        now_s = self.clock.monotonic_s()
        for topic, payload in self.outbox.due(wanted, now_s, HOME_PUBLISHES_PER_LOOK_MAX):
            waits = topic in wanted and wanted[topic].every_s > 0
            if client.publish(topic, payload, qos=0 if waits else 1, retain=True).rc != paho.MQTT_ERR_SUCCESS:
                return
            self.outbox.sent(topic, payload, now_s)
            self.published += 1

    def _values(self, home: Home, silent: frozenset[int]) -> Iterator[tuple[str, Wanted]]:
        """The latest value of each point that has ever had one."""
        slots = self.board.all()
        every_s = self.config.home_assistant.every_s
        for point in (point for one in self.premises for point in one.points):
            if point.id >= len(slots) or not slots["sequence"][point.id]:
                continue
            steps, marks = int(slots["value"][point.id]), int(slots["marks"][point.id])
            said = shapes.UNKNOWN if point.id in silent else shapes.value(point.quantity, steps, marks)
            yield home.state_topic(f"point_{point.id}"), Wanted(said, every_s)

    def _client(self, home: Home) -> paho.Client:
        """A client that stays connected by itself, in a thread of paho's."""
        where = address(self.config.home_assistant.url)
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"{home.name}-home")
        if where.user is not None:
            client.username_pw_set(where.user, where.password)
        if where.tls:
            client.tls_set_context(ssl.create_default_context())
        client.will_set(home.status_topic, shapes.OFFLINE, qos=1, retain=True)
        client.reconnect_delay_set(1, AWAY_S_MAX)
        client.max_queued_messages_set(HOME_PUBLISHES_PER_LOOK_MAX)

        def on_connect(client: paho.Client, _data: Any, _flags: Any, reason: Any, _more: Any) -> None:
            if reason.is_failure:
                log.error("Home Assistant's broker %s refuses us: %s", where.host, reason)
                return
            self.heard.append(ANEW)
            client.subscribe([(home.birth_topic, 1), (home.own_configs, 1)])

        def on_message(_client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
            try:
                topic = message.topic
            except UnicodeDecodeError:
                return  # no broker should pass it on
            if topic == home.birth_topic:
                if message.payload == shapes.ONLINE.encode():
                    self.heard.append(ANEW)
            elif message.retain and message.payload:  # without the flag it is what we have just sent
                self.heard.append(topic)

        client.on_connect, client.on_message = on_connect, on_message
        client.connect_async(where.host, where.port, keepalive=KEEP_ALIVE_S)
        client.loop_start()
        return client


def _leave(client: paho.Client, home: Home) -> None:
    """Says goodbye where somebody hears it; a broker sends no will after that."""
    if client.is_connected():
        client.publish(home.status_topic, shapes.OFFLINE, qos=1, retain=True).wait_for_publish(GOODBYE_S)
    client.disconnect()
    client.loop_stop()
