"""One running Flameblue with everything around it: stations with their cabins, an SMS centre, a telephone, a broker.

Devices publish in their own time, ten seconds of it every moment, ten minutes behind the wall clock.
"""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from flameblue.cases.policy import PACKAGE_FILE
from tests.live.binaries import needed
from tests.live.installation import HOST, Installation, registry, wait_for
from tests.live.publishers import Device
from tests.live.smsc import Message, SmsCentre
from tests.live.telephone import VoiceProvider
from tests.live.test_intake_broker import Mosquitto

WITHIN_S = 20.0
BACK_WITHIN_S = 20.0  # the longest pause before the line is bound anew, and some
STEP_MS = 10_000  # flameblue-generic sends every ten seconds
SOON_S = {"second": 6, "duty_voice": 6, "second_unanswered": 12, "owner_again": 12}  # in the place of minutes
Publish = Callable[[str, list[str]], None]  # (device, payloads)
STATIONS = (
    "贾登峪",
    "白哈巴",
    "冲乎尔",
    "布尔津",
    "铁热克提",
    "可可托海",
    "那仁",
    "阿贡盖提",
    "齐巴尔",
    "冲锋岭",
)
PREMISES = ("松林客栈", "白桦客栈")


@dataclass(frozen=True)
class Cabin:
    """One premises with one device on the heating of room 203."""

    premises: str
    device: str
    owner: str
    second: str

    @property
    def credential(self) -> str:
        return f"secret-{self.device}"


@dataclass(frozen=True)
class Post:
    """A station, the number of its officer, and the two premises that it looks after."""

    station: str
    officer: str
    cabins: tuple[Cabin, Cabin]


@dataclass(frozen=True)
class Valley:
    """Everything that is running."""

    it: Installation
    smsc: SmsCentre
    telephone: VoiceProvider
    mosquitto: Mosquitto
    posts: Iterator[Post]

    def case(self, cabin: Cabin) -> dict[str, Any]:
        """The case of a cabin with its notices, as the database has it."""
        found: dict[str, Any] = json.loads(self.it.python(CASE.replace("PREMISES", cabin.premises)))
        return found

    def notices(self, cabin: Cabin, to: str, channel: str = "smpp") -> list[dict[str, Any]]:
        notices = self.case(cabin)["notices"]
        return [notice for notice in notices if notice["to"] == to and notice["channel"] == channel]

    def sms(self, to: str, *words: str, within_s: float = WITHIN_S) -> Message:
        """The first SMS to this number that has all the words."""
        return self.smsc.wait_for(
            lambda message: message.to == to and all(word in message.text for word in words),
            within_s,
            f"an SMS to {to} with {' and '.join(words) or 'any text'}",
        )


CASE = """
import json
from flameblue.cases.models import Case
case = Case.objects.select_related("taken_by").get(
    premises__name="PREMISES", family="leakage"
)
print(json.dumps({
    "number": case.number, "state": case.state, "taken_by": case.taken_by.phone if case.taken_by else "",
    "owner_answered": case.owner_answered_at is not None,
    "kinds": list(case.events.order_by("number").values_list("kind", flat=True)),
    "notices": [
        {"to": n.to, "channel": n.channel, "state": n.state, "reason": n.reason, "text": n.text, "detail": n.detail,
         "attempts": list(n.attempts.order_by("pk").values_list("outcome", flat=True)),
         "parts": list(n.attempts.filter(parts__isnull=False).order_by("parts__sequence")
                       .values_list("parts__message_id", "parts__receipt"))}
        for n in case.notices.order_by("pk")],
}))
"""
PEOPLE = """
import json
from flameblue.fleet.models import Station
from flameblue.people.models import Person, Shift
for name, phone in json.loads('''POSTS'''):
    station = Station.objects.create(name=name, signature=name)
    person = Person.objects.create(name=name[:3] + "值班", phone=phone, station=station)
    Shift.objects.create(station=station, person=person, role="duty")
"""


def post(number: int, name: str) -> Post:
    cabins = tuple(
        Cabin(
            premises=f"{name}{premises}",
            device=f"D{number}{order}",
            owner=f"+86138000{number:02d}{order}01",
            second=f"+86138000{number:02d}{order}02",
        )
        for order, premises in enumerate(PREMISES)
    )
    return Post(f"{name}消防站", f"+8613900100{number:03d}", (cabins[0], cabins[1]))


def quicker_policy() -> str:
    """The package's policy with the steps of the first minutes within seconds."""
    policy = yaml.safe_load(PACKAGE_FILE.read_text(encoding="utf-8"))
    for step in policy["ladders"]["alarm"]["steps"]:
        step["after_s"] = SOON_S.get(step["id"], step["after_s"])
    return str(yaml.safe_dump(policy, allow_unicode=True, sort_keys=False))


def enter(it: Installation, posts: list[Post]) -> None:
    """The stations and their premises, while the installation runs."""
    names = json.dumps([(one.station, one.officer) for one in posts], ensure_ascii=False)
    it.python(PEOPLE.replace("POSTS", names))
    rows = [
        {
            "site": one.station[:-3],
            "station": one.station,
            "premises": cabin.premises,
            "short_name": cabin.premises[-4:],
            "kind": "guest cabin",
            "address": "3区12号",
            "owner": "Ailin",
            "phone": cabin.owner,
            "contact2": "叶尔兰",
            "phone2": cabin.second,
            "panel": "2号箱",
            "isolator": "3号开关",
            "circuit": "203房暖气",
            "rated_current_a": "40",
            "device": cabin.device,
            "profile": "flameblue-generic",
            "credential": cabin.credential,
            "point": key,
            "quantity": quantity,
            "phase": phase,
            "place": "203房",
        }
        for one in posts
        for cabin in one.cabins
        for key, quantity, phase in (("ir", "residual_current_ma", ""), ("ib", "current_a", "B"))
    ]
    path = it.data / "posts.csv"
    path.write_text(registry(rows), encoding="utf-8")
    assert "The running Flameblue knows it." in it.command("import", str(path)).stdout


def leak() -> list[str]:
    """A leak of 382 mA that lasts for the rule's hold of 20 s, after a calm half minute."""
    begin_ms = int(time.time() * 1000) - 600_000
    values = [41.0, 42.0, 40.0, 383.0, 381.0, 382.0]
    return [
        json.dumps({"t": begin_ms + number * STEP_MS, "v": {"ir": value, "ib": 18.5}})
        for number, value in enumerate(values)
    ]


def mosquitto_pub(port: int, device: str, payloads: list[str], *more: str) -> None:
    topic = f"flameblue/v1/{device}/readings"
    subprocess.run(
        [needed("mosquitto_pub"), "-h", HOST, "-p", str(port), "-q", "1", "-t", topic, *more, "-l"],
        input="".join(f"{payload}\n" for payload in payloads).encode(),
        check=True,
        timeout=WITHIN_S,
    )


def publish(valley: Valley, cabin: Cabin) -> None:
    """A leak in this cabin, by mosquitto_pub against our own endpoint."""
    mosquitto_pub(valley.it.mqtt_port, cabin.device, leak(), "-u", cabin.device, "-P", cabin.credential)


def publish_with_paho(valley: Valley, cabin: Cabin) -> None:
    device = Device(cabin.device, cabin.credential, valley.it.mqtt_port)
    device.start()
    for payload in map(json.loads, leak()):
        device.publish(payload["t"], payload["v"])
    wait_for(lambda: not device.unanswered(), WITHIN_S, "every message acknowledged")
    assert len(device.acknowledged) == len(leak())
    device.stop()


def publish_through_mosquitto(valley: Valley, cabin: Cabin) -> None:
    mosquitto_pub(valley.mosquitto.port, cabin.device, leak())
