"""Robots over a real socket: what is posted, what their answers do, and a key that is never seen."""

import logging

import pytest

from flameblue import plugins
from flameblue.config import Config, Robot
from flameblue.domain.errors import DeliveryError
from flameblue.notices import channels
from flameblue.notices.channel import Channel, Ears, Outgoing
from tests.live.group_chat import KEY, GroupChat, group_chat
from tests.live.installation import HOST, free_port

pytestmark = pytest.mark.live
NAMES = ("dingtalk", "feishu", "wecom")
FOUND = plugins.find(channels)
SECRET = "SEC-that-nobody-may-read"


def opened(name: str, url: str) -> Channel:
    robots = {name: Robot(url=url, secret=SECRET)}
    channel: Channel = FOUND[name].open(Config(**robots), Ears(lambda *_: None, lambda *_: None))
    return channel


def say(name: str, chat: GroupChat) -> None:
    channel = opened(name, chat.url)
    try:
        channel.send(Outgoing(1, 1, name, "", "【禾木消防站】报警:203房", "zh-hans"))
    finally:
        channel.close()


@pytest.mark.parametrize("name", NAMES)
def test_it_is_posted_to_the_webhook_with_its_key(name: str) -> None:
    with group_chat() as chat:
        say(name, chat)
        (post,) = chat.posts
    assert post.path.startswith(f"/send?key={KEY}")
    assert "【禾木消防站】报警:203房" in str(post.body)
    assert ("&timestamp=" in post.path and "&sign=" in post.path) == (name == "dingtalk")
    assert ("sign" in post.body) == (name == "feishu")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("status", "body", "permanent"),
    [
        (500, b"", False),
        (429, b"", False),
        (404, b"", True),
        (200, b"<html>a portal</html>", False),
        (200, b"[]", False),
        (200, b'{"errcode":"?","code":null}', False),
        (200, b'{"errcode":99999,"code":99999,"errmsg":"' + KEY.encode() + b'"}', True),
    ],
)
def test_every_answer_is_a_delivery_error_that_says_no_secret(
    name: str, status: int, body: bytes, permanent: bool
) -> None:
    with group_chat() as chat:
        chat.answers.append((status, body))
        with pytest.raises(DeliveryError) as failed:
            say(name, chat)
    assert failed.value.permanent is permanent
    assert KEY not in str(failed.value)


@pytest.mark.parametrize("name", NAMES)
def test_no_log_line_and_no_error_shows_the_key_or_the_secret(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="httpx")
    with group_chat() as chat:
        say(name, chat)
    gone = opened(name, f"http://{HOST}:{free_port()}/send?key={KEY}")
    with pytest.raises(DeliveryError) as failed:
        gone.send(Outgoing(1, 1, name, "", "报警", "zh-hans"))
    gone.close()
    logging.getLogger("flameblue.test").error("It failed.", exc_info=failed.value)
    assert "It failed." in caplog.text
    assert KEY not in caplog.text
    assert SECRET not in caplog.text
