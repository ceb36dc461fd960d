"""The spine: a real MQTT client's message becomes an SMS at a real SMS centre, and the answer takes the case.

One installation for the whole file; every test has a station of its own, so that one officer's cases are its own.
Devices publish in their own time, ten seconds of it every moment, ten minutes behind the wall clock.
"""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from flameblue.cases.policy import PACKAGE_FILE
from tests.live.binaries import needed
from tests.live.installation import HOST, Installation, installation, registry, wait_for
from tests.live.publishers import Device
from tests.live.smsc import UCS2, Message, SmsCentre
from tests.live.telephone import VoiceProvider, voice_provider
from tests.live.test_intake_broker import Mosquitto

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("processes")]
WITHIN_S = 20.0
BACK_WITHIN_S = 75.0  # the longest pause between two tries, and some
STEP_MS = 10_000  # flameblue-generic sends every ten seconds
OWNER_UNITS, OFFICER_UNITS = 70, 134
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


@pytest.fixture(scope="module")
def valley(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valley]:
    folder = tmp_path_factory.mktemp("spine")
    posts = [post(number, name) for number, name in enumerate(STATIONS, 1)]
    policy = folder / "policy.yaml"
    policy.write_text(quicker_policy(), encoding="utf-8")
    smsc, mosquitto = SmsCentre(), Mosquitto(folder)
    mosquitto.start()
    smsc.start()
    try:
        with voice_provider() as telephone:
            environment = {
                "FLAMEBLUE_POLICY": str(policy),
                "FLAMEBLUE_BROKER_URL": mosquitto.url,
                "FLAMEBLUE_MESSAGES_SMS_CHANNEL": "smpp",
                "FLAMEBLUE_MESSAGES_VOICE_CHANNEL": "voice",
                "FLAMEBLUE_SMPP_HOST": HOST,
                "FLAMEBLUE_SMPP_PORT": str(smsc.port),
                "FLAMEBLUE_SMPP_SYSTEM_ID": "flame",
                "FLAMEBLUE_SMPP_PASSWORD": "blue",
                "FLAMEBLUE_SMPP_SOURCE": "106900",
                "FLAMEBLUE_VOICE_URL": telephone.url,
                "FLAMEBLUE_VOICE_TOKEN": "a-token",
            }
            with installation(folder / "data", [], environment) as it:
                enter(it, posts)
                smsc.wait_until_bound()
                yield Valley(it, smsc, telephone, mosquitto, iter(posts))
    finally:
        smsc.stop()
        mosquitto.stop()


@pytest.fixture
def somewhere(valley: Valley) -> Post:
    """A station that no other test has."""
    return next(valley.posts)


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
    return Post(f"{name}消防站", f"+8613900000{number:03d}", (cabins[0], cabins[1]))


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
    it.command("import", str(path))
    time.sleep(2.5)  # the running core reads its devices anew within a second or two


def leak() -> list[str]:
    """A leak of 382 mA that lasts for the rule's hold of 30 s, after a calm half minute."""
    begin_ms = int(time.time() * 1000) - 600_000
    values = [41.0, 42.0, 40.0, 382.0, 381.0, 383.0, 382.0]
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


@pytest.mark.parametrize("way", [publish, publish_with_paho, publish_through_mosquitto])
def test_a_leak_is_told_by_sms_with_the_exact_place_and_its_receipts_come_home(
    valley: Valley, somewhere: Post, way: Callable[[Valley, Cabin], None]
) -> None:
    cabin = somewhere.cabins[0]
    way(valley, cabin)
    owner = valley.sms(cabin.owner)
    assert owner.text.startswith(f"【{somewhere.station}】报警:松林客栈203房")
    assert "382毫安" in owner.text
    assert "限300毫安" in owner.text
    assert owner.units <= OWNER_UNITS
    assert len(owner.parts) == 1
    officer = valley.sms(somewhere.officer)
    number = str(valley.case(cabin)["number"])
    for words in (
        f"【{somewhere.station}】报警:松林客栈203房",
        "382毫安",
        f"{number}号",
        "3区12号",
        "回1接警",
    ):
        assert words in officer.text
    assert OWNER_UNITS < officer.units <= OFFICER_UNITS
    assert [part.part[1:] for part in officer.parts] == [(2, 1), (2, 2)]
    assert all(part.coding == UCS2 and part.bytes_long <= 140 for part in (*owner.parts, *officer.parts))

    def receipts(to: str, message: Message) -> bool:
        notice = valley.notices(cabin, to)[0]
        wanted = [[message_id, "DELIVRD"] for message_id in message.message_ids]
        return (
            bool(notice["text"] == message.text and notice["parts"] == wanted)
            and notice["state"] == "delivered"
        )

    wait_for(lambda: receipts(cabin.owner, owner), WITHIN_S, "the owner's receipt on the case")
    wait_for(
        lambda: receipts(somewhere.officer, officer), WITHIN_S, "both receipts of the officer's on the case"
    )


def test_an_answer_takes_the_newest_case_and_names_the_one_that_waits(
    valley: Valley, somewhere: Post
) -> None:
    first, second = somewhere.cabins
    publish(valley, first)
    valley.sms(somewhere.officer, "松林客栈")
    publish(valley, second)
    valley.sms(somewhere.officer, "白桦客栈")
    older, newer = valley.case(first)["number"], valley.case(second)["number"]
    valley.smsc.says(somewhere.officer, "1")
    taken = valley.sms(somewhere.officer, f"已接{newer}号", "白桦客栈203房")
    assert "您还有1单未接" in taken.text
    assert f"{older}号" in taken.text
    assert f"回1 {older}" in taken.text
    assert taken.units <= OFFICER_UNITS
    assert valley.case(second)["taken_by"] == somewhere.officer
    assert valley.case(first)["state"] == "open"
    valley.smsc.says(somewhere.officer, f"1 {older}")
    told = valley.sms(somewhere.officer, f"已接{older}号", "松林客栈203房")
    assert "未接" not in told.text
    assert valley.case(first)["taken_by"] == somewhere.officer


def test_the_owners_answer_stops_the_owners_repeats_and_nothing_else(valley: Valley, somewhere: Post) -> None:
    answers, is_quiet = somewhere.cabins
    for cabin in (answers, is_quiet):
        publish(valley, cabin)
        valley.sms(cabin.owner)
    valley.smsc.says(answers.owner, "1")
    valley.sms(answers.owner, "知道了:松林客栈203房")
    wait_for(
        lambda: len([text for text in valley.telephone.called(somewhere.officer) if "松林客栈" in text]) == 1,
        WITHIN_S,
        "the officer is called: the owner's answer takes nothing",
    )
    alarms = [m for m in valley.smsc.messages(is_quiet.owner) if "报警" in m.text]
    wait_for(
        lambda: len([m for m in valley.smsc.messages(is_quiet.owner) if "报警" in m.text]) == len(alarms) + 1,
        WITHIN_S + SOON_S["owner_again"],
        "the owner who is quiet is told again",
    )
    case = valley.case(answers)
    assert case["state"] == "open"
    assert case["owner_answered"]
    assert len([m for m in valley.smsc.messages(answers.owner) if "】报警" in m.text]) == 1
    assert {call.token for call in valley.telephone.calls} == {"a-token"}


def down_for(valley: Valley, cabin: Cabin, officer: str, seconds: float) -> None:
    """The gateway goes, an alarm comes, the gateway returns: every message goes, and goes once."""
    valley.smsc.stop()
    try:
        publish(valley, cabin)
        time.sleep(seconds)
        assert valley.smsc.messages(cabin.owner) == []
    finally:
        valley.smsc.start()
    back_s = time.monotonic()
    for to in (cabin.owner, officer):
        message = valley.sms(to, "】报警:松林客栈203房", within_s=BACK_WITHIN_S)
        print(f"{to}: {message.arrived_s - back_s:.1f} s after the gateway came back")
    wait_for(lambda: all_arrived(valley, cabin), BACK_WITHIN_S, "every SMS of the case has its receipt")
    planned = [notice for notice in valley.case(cabin)["notices"] if notice["channel"] == "smpp"]
    for to in (cabin.owner, officer):
        arrived = [message.text for message in valley.smsc.messages(to)]
        assert sorted(arrived) == sorted(
            one["text"] for one in planned if one["to"] == to and one["state"] != "cancelled"
        )


def all_arrived(valley: Valley, cabin: Cabin) -> bool:
    notices = [notice for notice in valley.case(cabin)["notices"] if notice["channel"] == "smpp"]
    return bool(notices) and {notice["state"] for notice in notices} <= {"delivered", "cancelled"}


def test_a_gateway_that_was_down_loses_and_repeats_nothing(valley: Valley, somewhere: Post) -> None:
    down_for(valley, somewhere.cabins[0], somewhere.officer, 15)


@pytest.mark.proof
def test_a_gateway_that_was_down_for_a_minute_loses_and_repeats_nothing(
    valley: Valley, somewhere: Post
) -> None:
    cabin = somewhere.cabins[0]
    down_for(valley, cabin, somewhere.officer, 60)
    assert valley.telephone.called(cabin.owner)  # a call bridged the gap


def test_a_crash_between_handing_over_and_the_answer_repeats_a_message_at_most_once(
    valley: Valley, somewhere: Post
) -> None:
    cabin = somewhere.cabins[0]
    valley.smsc.silent = True
    publish(valley, cabin)
    wait_for(
        lambda: any(one.to == cabin.owner for one in valley.smsc.submissions),
        WITHIN_S,
        "the owner's SMS came",
    )
    valley.it.kill("core")
    valley.smsc.silent = False
    valley.sms(cabin.owner, "】报警:松林客栈203房", within_s=60)
    valley.sms(somewhere.officer, "】报警:松林客栈203房", within_s=60)
    wait_for(lambda: all_arrived(valley, cabin), WITHIN_S, "every SMS of the case has its receipt")
    told = [message.text for message in valley.smsc.messages(cabin.owner, accepted=False)]
    planned = [notice["text"] for notice in valley.notices(cabin, cabin.owner)]
    repeated = {text: told.count(text) - planned.count(text) for text in planned}
    print(f"messages repeated by the crash: {sum(repeated.values())}")
    assert set(repeated.values()) <= {0, 1}


def test_a_refused_number_is_called(valley: Valley, somewhere: Post) -> None:
    cabin = somewhere.cabins[0]
    valley.smsc.refused.add(cabin.owner)
    publish(valley, cabin)
    wait_for(lambda: bool(valley.telephone.called(cabin.owner)), WITHIN_S, "the owner is called")
    spoken = valley.telephone.called(cabin.owner)[0]
    assert spoken.startswith(f"这里是{somewhere.station}的自动电话。")
    assert "松林客栈203房" in spoken
    refused = valley.notices(cabin, cabin.owner)[0]
    assert (refused["state"], refused["attempts"]) == ("failed", ["refused"])
    call = valley.notices(cabin, cabin.owner, "voice")[0]  # a repeat may have been refused and called too
    assert (call["state"], call["reason"]) == ("sent", "channel_failed")


def test_a_throttled_message_is_tried_again(valley: Valley, somewhere: Post) -> None:
    cabin = somewhere.cabins[0]
    valley.smsc.throttled = 3  # the owner's part and both of the officer's
    publish(valley, cabin)
    valley.sms(cabin.owner, "】报警:松林客栈203房")
    valley.sms(somewhere.officer, "】报警:松林客栈203房")
    assert valley.smsc.throttled == 0
    wait_for(lambda: all_arrived(valley, cabin), WITHIN_S, "every SMS of the case has its receipt")
    assert valley.notices(cabin, cabin.owner)[0]["attempts"] == ["failed", "accepted"]
