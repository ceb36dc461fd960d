"""A whole Flameblue with a dead SMS gateway: the second channel carries, the group hears of it, a kill repeats none."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.live.group_chat import KEY, GroupChat, group_chat
from tests.live.installation import HOST, Installation, free_port, installation, wait_for
from tests.live.publishers import Device
from tests.live.spine import WITHIN_S, Post, enter, leak, post, quicker_policy

pytestmark = [pytest.mark.live]
SECRET = "SEC-of-the-robot"
NOTICES = """
import json
from flameblue.notices.models import Notice
rows = Notice.objects.filter(case__family="leakage").order_by("pk")
print(json.dumps([[n.to, n.channel, n.state, n.instead_because, n.attempt_count] for n in rows]))
"""


@dataclass(frozen=True)
class Night:
    it: Installation
    chat: GroupChat
    post: Post

    def notices(self, channel: str) -> list[list[object]]:
        return [row for row in json.loads(self.it.python(NOTICES)) if row[1] == channel]


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    where = post(1, "贾登峪")
    policy = tmp_path / "policy.yaml"
    policy.write_text(quicker_policy(), encoding="utf-8")
    with group_chat() as chat:
        environment = {
            "FLAMEBLUE_POLICY": str(policy),
            "FLAMEBLUE_MESSAGES_SMS_CHANNEL": "smpp",
            "FLAMEBLUE_SMPP_HOST": HOST,
            "FLAMEBLUE_SMPP_PORT": str(free_port()),
            "FLAMEBLUE_MESSAGES_SMS_SECOND_CHANNEL": "console",
            "FLAMEBLUE_MESSAGES_GROUP_CHANNEL": "feishu",
            "FLAMEBLUE_FEISHU_URL": chat.url,
            "FLAMEBLUE_FEISHU_SECRET": SECRET,
            "FLAMEBLUE_WEB_PUBLIC_URL": "https://board.example.org",
        }
        with installation(tmp_path / "data", [], environment) as it:
            enter(it, [where])
            yield Night(it, chat, where)


def alarm(night: Night) -> str:
    """A leak in the first cabin; its owner's number."""
    cabin = night.post.cabins[0]
    device = Device(cabin.device, cabin.credential, night.it.mqtt_port)
    device.start()
    for payload in map(json.loads, leak()):
        device.publish(payload["t"], payload["v"])
    wait_for(lambda: not device.unanswered(), WITHIN_S, "every message acknowledged")
    device.stop()
    return cabin.owner


def taken_over(night: Night) -> set[object]:
    """Who has their first message by the second channel."""
    return {to for to, _, state, why, _ in night.notices("console") if why and state == "delivered"}


def test_the_second_channel_carries_and_the_group_hears_of_it(night: Night) -> None:
    owner = alarm(night)
    wait_for(lambda: bool(night.chat.posts), WITHIN_S, "the group is told")
    said = night.chat.posts[0].body
    assert said["content"]["text"].startswith("【贾登峪消防站】报警:松林客栈203房")
    assert "https://board.example.org/cases/" in said["content"]["text"]
    assert "+86" not in said["content"]["text"]
    assert said["sign"]
    wait_for(
        lambda: taken_over(night) >= {owner, night.post.officer}, WITHIN_S, "the second channel has both"
    )
    wait_for(
        lambda: night.it.health()["counters"].get("notices_console_taken_over", 0) >= 2,
        WITHIN_S,
        "health.json counts what was taken over",
    )
    log = (night.it.data / "log.txt").read_text(encoding="utf-8")
    assert "httpx" not in log
    assert KEY not in log
    assert SECRET not in log


@pytest.mark.proof
def test_a_kill_while_the_first_is_tried_neither_loses_nor_repeats_the_message(night: Night) -> None:
    owner = alarm(night)
    wait_for(lambda: any(row[4] for row in night.notices("smpp")), WITHIN_S, "the first channel is tried")
    night.it.kill("core")
    night.it.wait_until_healthy()
    wait_for(lambda: owner in taken_over(night), 2 * WITHIN_S, "the second channel has the owner's")
    found = [row for row in night.notices("console") if row[0] == owner and row[3]]
    assert found
    assert all(row[4] == 1 for row in found)  # each left once
    said = [one.body["content"]["text"] for one in night.chat.posts]
    assert len([text for text in said if "】报警:" in text]) <= 2
