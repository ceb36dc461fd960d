"""Devices for the live tests: ordinary paho clients that remember what was acknowledged."""

import json
import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import paho.mqtt.client as mqtt

from tests.live.installation import HOST


@dataclass
class Device:
    """One device: publishes at QoS 1, reconnects by itself, and knows which messages were acknowledged."""

    name: str
    credential: str
    port: int
    acknowledged: set[int] = field(default_factory=set)  # device times in ms
    sent: list[tuple[int, dict[str, float]]] = field(default_factory=list)
    _waiting: dict[int, int] = field(default_factory=dict)
    _early: set[int] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2, client_id=self.name, clean_session=False, protocol=mqtt.MQTTv311
        )
        self.client.username_pw_set(self.name, self.credential)
        self.client.max_inflight_messages_set(40)
        self.client.max_queued_messages_set(0)
        self.client.reconnect_delay_set(min_delay=1, max_delay=1)
        self.client.on_publish = self._on_publish

    def start(self) -> None:
        self.client.connect_async(HOST, self.port, keepalive=20)
        self.client.loop_start()

    def stop(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def publish(self, at_ms: int, values: dict[str, float]) -> None:
        self.sent.append((at_ms, values))
        payload = json.dumps({"t": at_ms, "v": values})
        info = self.client.publish(f"flameblue/v1/{self.name}/readings", payload, qos=1)
        with self._lock:
            if info.mid in self._early:
                self._early.discard(info.mid)
                self.acknowledged.add(at_ms)
            else:
                self._waiting[info.mid] = at_ms

    def _on_publish(self, _client: object, _data: object, mid: int, *_rest: object) -> None:
        with self._lock:
            at_ms = self._waiting.pop(mid, None)
            if at_ms is None:
                self._early.add(mid)
            else:
                self.acknowledged.add(at_ms)

    def unanswered(self) -> int:
        with self._lock:
            return len(self._waiting)


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
