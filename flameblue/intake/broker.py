"""An existing broker (Mosquitto, EMQX …) as a source: a persistent session, acknowledged after the commit.

The broker has acknowledged the device already; what lies in its persistent session is ours to lose or keep.
So a message is acknowledged only once it is durable here, and when it can't be made durable the connection
is given up: the broker sends everything unacknowledged again. The topic names the device; that the device may
use it is for the broker to check.

paho runs in a thread of its own and only hands messages over; everything else happens in the event loop.
"""

import asyncio
import logging
import ssl
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from flameblue.config import Broker
from flameblue.domain.errors import BadInput, WorldFailed
from flameblue.domain.limits import BROKER_PENDING_MAX, INTAKE_BATCHES_MAX
from flameblue.intake import commands
from flameblue.intake.announcements import Announcements
from flameblue.intake.decode import Message, route
from flameblue.intake.quarantine import Quarantined, Unknown
from flameblue.intake.reasons import Reason
from flameblue.intake.reception import Batch, Intake
from flameblue.intake.samples import OWN_TOPIC
from flameblue.intake.sparkplug_host import HostState

log = logging.getLogger("flameblue.intake")
KEEP_ALIVE_S = 30
BACK_OFF_S_MIN = 1.0
BACK_OFF_S_MAX = 60.0
FAREWELL_S = 2.0  # for the broker to take our last word
REFUSED = 128  # reason codes from here on are failures


@dataclass(frozen=True, slots=True)
class Address:
    """Where the broker is, and who we are to it."""

    host: str
    port: int
    tls: bool
    user: str | None
    password: str | None


class Delivery(NamedTuple):
    """A message, and the client that must acknowledge it: acknowledgements never cross connections."""

    client: paho.Client
    message: Message
    packet_id: int
    qos: int


def address(url: str) -> Address:
    """mqtt[s]://user:password@host:port; BadInput when it is not that."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname or port == -1:
        raise BadInput("The broker's address must look like mqtt[s]://user:password@host:port.")
    tls = parts.scheme == "mqtts"
    user = None if parts.username is None else unquote(parts.username)
    password = None if parts.password is None else unquote(parts.password)
    return Address(parts.hostname, port or (8883 if tls else 1883), tls, user, password)


class BrokerSource:
    """The messages of one broker. `serve` runs until it is cancelled. `announcements`: where they are listened to."""

    def __init__(self, intake: Intake, settings: Broker, announcements: Announcements | None = None) -> None:
        self._intake = intake
        self._settings = settings
        self._announcements = announcements
        self._topics = (*settings.topics, *(announcements.topics if announcements else ()))
        self._address = address(settings.url)
        self._arrived: deque[Delivery] = deque()
        self._room = threading.BoundedSemaphore(BROKER_PENDING_MAX)
        self._stopping = threading.Event()
        self._gone = threading.Event()  # the connection has ended
        self._got_through = False  # the broker has accepted us since the last pause
        self._failed_client: paho.Client | None = None
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: paho.Client | None = None
        self._state = HostState("", 0)
        self._under_way: asyncio.Queue[tuple[Batch, list[Delivery]]] = asyncio.Queue(INTAKE_BATCHES_MAX)

    async def serve(self) -> None:
        """Takes messages in until it is cancelled; connects again, with growing pauses, for ever."""
        self._loop = asyncio.get_running_loop()
        self._intake.look_at_profiles()
        thread = threading.Thread(target=self._stay_connected, name="broker", daemon=True)
        thread.start()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._pump())
                tasks.create_task(self._acknowledge())
        finally:
            self._stopping.set()
            self._gone.set()
            while not self._under_way.empty():
                self._under_way.get_nowait()[0].cancel()
            await asyncio.to_thread(thread.join)

    def connected(self) -> bool:
        """Whether the broker is reached now."""
        return self._client is not None and self._client.is_connected()

    def lag(self) -> int:
        """Messages that are not durable yet."""
        return len(self._arrived) + self._under_way.qsize()

    # --- paho's thread ---------------------------------------------------------------------------------

    def _stay_connected(self) -> None:
        pause_s = BACK_OFF_S_MIN
        while not self._stopping.is_set():
            self._gone.clear()
            if self._stopping.is_set():
                return
            self._got_through = False
            client = self._client = self._new_client()
            try:
                client.connect(self._address.host, self._address.port, keepalive=KEEP_ALIVE_S)
            except (OSError, ValueError) as error:
                log.warning("The broker %s can't be reached: %s", self._address.host, error)
            else:
                client.loop_start()  # with loop_forever two threads would write acknowledgements
                self._gone.wait()
                self._take_leave(client)
                client.disconnect()
                client.loop_stop()
            self._count("broker_disconnects")
            pause_s = BACK_OFF_S_MIN if self._got_through else min(pause_s * 2, BACK_OFF_S_MAX)
            self._stopping.wait(pause_s)

    def _take_leave(self, client: paho.Client) -> None:
        """Our last word reaches the broker before we go, where it still hears us: a closing line might lose it."""
        if client.is_connected() and self._state.topic:
            with suppress(RuntimeError):  # lost in this moment: the will says it
                said = self._say(client, self._state.death(self._intake.clock.now_ns()))
                said.wait_for_publish(FAREWELL_S)

    def _new_client(self) -> paho.Client:
        """A client for one connection; the session that lasts is the broker's, under our client id."""
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._settings.client_id,
            clean_session=False,
            manual_ack=True,
            reconnect_on_failure=False,
        )
        if self._address.user is not None:
            client.username_pw_set(self._address.user, self._address.password)
        if self._address.tls:
            client.tls_set_context(ssl.create_default_context())
        self._state = HostState(self._settings.sparkplug_host, self._intake.clock.now_ns())
        if self._state.topic:
            client.will_set(self._state.topic, self._state.will(), qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        return client

    def _on_connect(self, client: paho.Client, _data: Any, _flags: Any, reason: Any, _more: Any) -> None:
        if reason.value >= REFUSED or reason.is_failure:
            log.error("The broker refuses us: %s", reason)
            self._gone.set()
            return
        self._got_through = True
        self._count("broker_connects")
        if self._announcements is not None:
            self._announcements.begin()
        own = (self._state.topic,) if self._state.topic else ()
        client.subscribe([(topic, 1) for topic in (*self._topics, *own)])
        if own:
            self._say(client, self._state.birth())

    def _say(self, client: paho.Client, state: str) -> paho.MQTTMessageInfo:
        """What nodes may wait for."""
        return client.publish(self._state.topic, state, qos=1, retain=True)

    def _on_disconnect(self, _client: paho.Client, _data: Any, _flags: Any, _reason: Any, _more: Any) -> None:
        self._gone.set()

    def _on_subscribe(self, _client: paho.Client, _data: Any, _id: int, reasons: Any, _more: Any) -> None:
        refused = [
            topic for topic, reason in zip(self._topics, reasons, strict=False) if reason.value >= REFUSED
        ]
        if refused:
            log.error("The broker does not give us %s", ", ".join(refused))
            self._count("broker_subscriptions_refused", len(refused))
        self._count("broker_subscribed", len(reasons) - len(refused))

    def _on_message(self, client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        while not self._room.acquire(timeout=1.0):  # not reading the socket, so the broker waits
            if self._stopping.is_set():
                return
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""  # no broker should pass it on; nobody's topic
        content = Message(topic, bytes(message.payload), message.retain)
        self._arrived.append(Delivery(client, content, message.mid, message.qos))
        self._call(self._wake.set)

    def _count(self, name: str, count: int = 1) -> None:
        self._call(self._intake.counts.add, name, count)

    def _call(self, function: Any, *values: Any) -> None:
        """`function` in the event loop, unless that is closed already."""
        assert self._loop is not None
        if not self._stopping.is_set():
            self._loop.call_soon_threadsafe(function, *values)

    # --- the event loop --------------------------------------------------------------------------------

    async def _pump(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._arrived:
                batch = Batch(self._intake.clock.now_ns())
                deliveries = self._collect(batch)
                batch.start(self._intake)
                await self._under_way.put((batch, deliveries))

    def _collect(self, batch: Batch) -> list[Delivery]:
        deliveries = []
        while self._arrived and not batch.full():
            delivery = self._arrived.popleft()
            message = delivery.message
            if message.topic and message.topic == self._state.topic:
                self._hear_of_us(delivery)
            elif not self.announces(message):
                self.take(batch, message)
            deliveries.append(delivery)
        return deliveries

    def _hear_of_us(self, delivery: Delivery) -> None:
        """Our own state comes back to us; where it says that we are gone, nodes are told otherwise."""
        if delivery.client is self._client and self._state.is_denied(delivery.message.payload):
            self._say(delivery.client, self._state.birth())

    def announces(self, message: Message) -> bool:
        """Whether `message` announces something, and is taken care of."""
        return self._announcements is not None and self._announcements.takes(message.topic, message.payload)

    def take(self, batch: Batch, message: Message) -> None:
        """Puts what `message` holds into `batch`; the device is the one that its topic names."""
        directory = self._intake.directory
        payload, name = route(message.topic)
        entry = directory.devices.get(name)
        if payload is not None and entry is not None:
            batch.take(self._intake, entry, message)
            self._answer(commands.replies(message.topic, message.payload))
        elif payload is None or name == OWN_TOPIC:
            reason = Reason.UNKNOWN_TOPIC
            batch.keep(Quarantined("", message.topic, reason, "", message.payload, batch.arrival_ns))
        elif batch.arrival_ns < directory.pairing_until_ns:
            sent = (message.topic, message.payload, batch.arrival_ns)
            batch.keep(Unknown(name, "", self._address.host, "", *sent))
        else:
            reason = Reason.UNKNOWN_DEVICE
            batch.keep(Quarantined("", message.topic, reason, name, message.payload, batch.arrival_ns))

    def _answer(self, replies: Sequence[tuple[str, bytes]]) -> None:
        """Sent once and forgotten: a gateway that still waits gives us reason to ask again."""
        client = self._client
        if client is not None:
            for topic, content in replies:
                client.publish(topic, content)

    async def _acknowledge(self) -> None:
        while True:
            batch, deliveries = await self._under_way.get()
            failure = await batch.finished()
            if failure is not None:
                self._give_up(failure, deliveries[-1].client)
            for delivery in deliveries:
                self._room.release()
                if failure is None and delivery.qos and delivery.client is not self._failed_client:
                    delivery.client.ack(delivery.packet_id, delivery.qos)

    def _give_up(self, failure: WorldFailed, client: paho.Client) -> None:
        """Ends this connection; the broker sends what is not acknowledged again on the next one."""
        log.error("Nothing is acknowledged to the broker: %s", failure)
        self._intake.counts.add("batches_failed")
        self._failed_client = client
        if client is self._client:
            self._gone.set()
