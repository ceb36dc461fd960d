"""Devices for the live tests: ordinary paho clients that remember what was acknowledged."""

import json
import threading
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import paho.mqtt.client as mqtt

from tests.live.installation import HOST

WINDOW = 40  # messages of a device under way at once


@dataclass
class Device:
    """One device: publishes at QoS 1 and in order, reconnects by itself, knows which messages were acknowledged.

    As a device's firmware would, it sends what was under way again after a reconnect, and only then what is new
    (paho by itself lets a new message overtake the old ones).
    """

    name: str
    credential: str
    port: int
    acknowledged: set[int] = field(default_factory=set)  # device times in ms
    sent: list[tuple[int, dict[str, float]]] = field(default_factory=list)
    _queue: deque[tuple[int, str]] = field(default_factory=deque)
    _waiting: dict[int, int] = field(default_factory=dict)
    _answers: deque[int] = field(default_factory=deque)
    _gate: threading.Lock = field(default_factory=threading.Lock)
    _open: bool = False
    _again: bool = False  # what was under way is being sent again

    def __post_init__(self) -> None:
        self.client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2, client_id=self.name, clean_session=False, protocol=mqtt.MQTTv311
        )
        self.client.username_pw_set(self.name, self.credential)
        self.client.max_inflight_messages_set(2 * WINDOW)
        self.client.reconnect_delay_set(min_delay=1, max_delay=1)
        self.client.on_publish = lambda _client, _data, mid, *_: self._answers.append(mid)
        self.client.on_connect = self._on_connect
        self.client.on_disconnect = self._on_disconnect

    def start(self) -> None:
        self.client.connect_async(HOST, self.port, keepalive=20)
        self.client.loop_start()

    def stop(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def publish(self, at_ms: int, values: dict[str, float], *, says_when: bool = True) -> None:
        """Sends it as soon as all before it are sent; a device without a clock does not say when it was."""
        self.sent.append((at_ms, values))
        message = {"t": at_ms, "v": values} if says_when else {"v": values}
        self._queue.append((at_ms, json.dumps(message)))
        self.go_on()

    def go_on(self) -> None:
        """Takes the answers that have come, and sends what may be sent now."""
        with self._gate:
            while self._answers:
                self.acknowledged.add(self._waiting.pop(self._answers.popleft()))
            self._again = self._again and bool(self._waiting)
            while self._open and not self._again and self._queue and len(self._waiting) < WINDOW:
                at_ms, payload = self._queue.popleft()
                info = self.client.publish(f"flameblue/v1/{self.name}/readings", payload, qos=1)
                self._waiting[info.mid] = at_ms

    def unanswered(self) -> int:
        """How many messages are not acknowledged yet."""
        self.go_on()
        return len(self._waiting) + len(self._queue)

    def _on_connect(self, *_: object) -> None:
        self._open = True

    def _on_disconnect(self, *_: object) -> None:
        with self._gate:
            self._open, self._again = False, True


def rows_for(names: Sequence[str], premises_prefix: str = "木屋") -> list[dict[str, str]]:
    """Registry rows: a cabin a device, with leakage, temperature and current on one circuit."""
    rows = []
    points = (
        ("ir", "residual_current_ma", ""),
        ("tb", "temperature_c", "B"),
        ("ib", "current_a", "B"),
    )
    for number, name in enumerate(names, 1):
        for key, quantity, phase in points:
            rows.append(
                {
                    "site": "禾木",
                    "station": "禾木消防站",
                    "premises": f"{premises_prefix}{number}号",
                    "short_name": f"{premises_prefix}{number}号",
                    "kind": "guest cabin",
                    "owner": f"户主{number}",
                    "phone": f"+861380000{number:04d}",
                    "panel": "2号箱",
                    "isolator": "3号开关",
                    "circuit": "203房暖气",
                    "rated_current_a": "40",
                    "device": name,
                    "profile": "flameblue-generic",
                    "credential": f"secret-{name}",
                    "point": key,
                    "quantity": quantity,
                    "phase": phase,
                    "place": "203房",
                }
            )
    return rows


def by_point(values: Sequence[tuple[int, dict[str, float]]]) -> dict[str, list[tuple[int, float]]]:
    """What was sent, by key, in the order of sending."""
    found: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for at_ms, pairs in values:
        for key, value in pairs.items():
            found[key].append((at_ms, value))
    return found
