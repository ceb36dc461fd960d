"""The spine: a real MQTT client's message becomes an SMS at a real SMS centre, and the answer takes the case.

One installation for the whole file; every test has a station of its own, so that one officer's cases are its own.
"""

import time
from collections.abc import Callable, Iterator

import pytest

from tests.live.installation import installation, wait_for
from tests.live.smsc import UCS2, Message, SmsCentre
from tests.live.spine import (
    BACK_WITHIN_S,
    SOON_S,
    STATIONS,
    WITHIN_S,
    Cabin,
    Post,
    Valley,
    enter,
    post,
    publish,
    publish_through_mosquitto,
    publish_with_paho,
    quicker_policy,
)
from tests.live.telephone import voice_provider
from tests.live.test_intake_broker import Mosquitto

pytestmark = [pytest.mark.live]
OWNER_UNITS, OFFICER_UNITS = 70, 134
OF_THE_LINE = "】系统报警:短信发不出去"  # told to every station, once the line has been down for a minute


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
                **smsc.environment(),
                "FLAMEBLUE_POLICY": str(policy),
                "FLAMEBLUE_BROKER_URL": mosquitto.url,
                "FLAMEBLUE_MESSAGES_VOICE_CHANNEL": "voice",
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
        arrived = [message.text for message in valley.smsc.messages(to) if OF_THE_LINE not in message.text]
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
