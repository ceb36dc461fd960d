"""What every channel obeys. A folder is met or the test fails.

Each channel is opened against a provider of its own kind on loopback: a real SMS centre, a real HTTP server.
"""

import queue
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flameblue import plugins
from flameblue.config import Config, HttpSms, Robot, Smpp, Voice
from flameblue.domain.errors import BadInput, DeliveryError
from flameblue.notices import channels
from flameblue.notices.channel import Channel, Ears, Outgoing
from flameblue.notices.texts.lengths import split
from tests.live.group_chat import group_chat
from tests.live.installation import HOST, free_port
from tests.live.sms_gateway import KEY, SECRET, sms_gateway
from tests.live.smsc import SmsCentre
from tests.live.telephone import voice_provider

FOLDER = Path(channels.__file__).parent
FOUND = plugins.find(channels)
NAMES = sorted(FOUND)
ROBOTS = ("dingtalk", "feishu", "wecom")  # of group chats
TO = "+8613800000001"
ACCOUNT = {"key_id": KEY, "secret": SECRET, "sender": "+15550001"}
LONG = "【禾木消防站】" + "报警" * 60


class Heard:
    """What the channel told."""

    def __init__(self) -> None:
        self.receipts: queue.Queue[tuple[str, str]] = queue.Queue()

    def ears(self) -> Ears:
        return Ears(receipt=lambda one, state: self.receipts.put((one, state)), inbound=lambda *_: None)


@contextmanager
def provided(name: str) -> Iterator[Config]:
    """A configuration whose provider is there. A channel without an entry here fails the first test below."""
    if name == "smpp":
        centre = SmsCentre()
        centre.start()
        try:
            yield Config(smpp=Smpp(host=HOST, port=centre.port, system_id="f", password="s", source="106900"))
        finally:
            centre.stop()
    elif name == "voice":
        with voice_provider() as provider:
            yield Config(voice=Voice(url=provider.url, token="t"))
    elif name in ROBOTS:
        with group_chat() as chat:
            yield Config(**{name: Robot(url=chat.url, secret="s")})
    elif name == "http_sms":
        with sms_gateway() as gateway:
            yield Config(http_sms=HttpSms(provider="twilio", endpoint=gateway.url, **ACCOUNT))
    elif name == "console":
        yield Config()
    else:
        raise AssertionError(f"the contract does not know how to provide for {name}")


@contextmanager
def opened(name: str, config: Config, heard: Heard) -> Iterator[Channel]:
    channel: Channel = FOUND[name].open(config, heard.ears())
    try:
        yield channel
    finally:
        channel.close()


def message(text: str) -> Outgoing:
    return Outgoing(notice=1, attempt=1, channel="", to=TO, text=text, language="zh-hans")


def absent(name: str) -> Config | None:
    """A configuration whose provider is not there; None for a channel that needs none."""
    port = free_port()
    return {
        "smpp": Config(smpp=Smpp(host=HOST, port=port, system_id="f", password="s", source="106900")),
        "voice": Config(voice=Voice(url=f"http://{HOST}:{port}/", token="t")),
        **{robot: Config(**{robot: Robot(url=f"http://{HOST}:{port}/")}) for robot in ROBOTS},
        "http_sms": Config(http_sms=HttpSms(provider="twilio", endpoint=f"http://{HOST}:{port}", **ACCOUNT)),
    }.get(name)


def test_every_folder_on_disk_is_met() -> None:
    folders = {path.name for path in FOLDER.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert set(FOUND) == folders
    assert {"smpp", "voice", "console", "http_sms"} <= folders


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_it_is_how_to_try_it_and_what_it_can_not_do(name: str) -> None:
    text = (FOLDER / name / "README.md").read_text(encoding="utf-8")
    assert text.startswith(f"# {name}\n")
    assert "**Try it**" in text
    assert re.search(r"\*\*(Known limits|Limits)\*\*", text)


@pytest.mark.parametrize("name", NAMES)
def test_without_its_configuration_it_says_what_is_missing(name: str) -> None:
    if absent(name) is None:
        FOUND[name].open(Config(), Heard().ears()).close()
        return
    with pytest.raises(BadInput, match=rf"\[{name}\]"):
        FOUND[name].open(Config(), Heard().ears())


@pytest.mark.live
@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_it_is_like_and_what_it_lacks(name: str) -> None:
    with provided(name) as config, opened(name, config, Heard()) as channel:
        nature = FOUND[name].nature(config)
        assert FOUND[name].lacks(config) == []
        assert nature.reaches is (name != "console")
        assert nature.has_line or (channel.deaf_s(), channel.trouble()) == (0, "")
        assert FOUND[name].nature(Config()).carries == (), "unconfigured, it takes any text"


@pytest.mark.live
@pytest.mark.parametrize("name", NAMES)
def test_a_message_is_accepted_with_an_id_or_none(name: str) -> None:
    heard = Heard()
    with provided(name) as config, opened(name, config, heard) as channel:
        sent = channel.send(message("报警:松林客栈203房"))
        assert all(isinstance(one, str) and one for one in sent.message_ids)
        assert channel.deaf_s() == 0


@pytest.mark.live
@pytest.mark.parametrize("name", ["smpp", "console"])
def test_a_long_sms_has_an_id_and_a_receipt_a_part(name: str) -> None:
    heard = Heard()
    with provided(name) as config, opened(name, config, heard) as channel:
        sent = channel.send(message(LONG))
        assert len(sent.message_ids) == len(set(sent.message_ids)) == len(split(LONG)) == 2
        told = {heard.receipts.get(timeout=5) for _ in sent.message_ids}
        assert told == {(one, "DELIVRD") for one in sent.message_ids}


@pytest.mark.live
@pytest.mark.parametrize("name", [name for name in NAMES if absent(name) is not None])
def test_a_provider_that_is_not_there_is_a_delivery_error_that_may_pass(name: str) -> None:
    config = absent(name)
    assert config is not None
    with opened(name, config, Heard()) as channel:
        with pytest.raises(DeliveryError) as failed:
            channel.send(message("报警"))
        assert not failed.value.permanent


@pytest.mark.live
@pytest.mark.parametrize("name", NAMES)
def test_closing_ends_it(name: str) -> None:
    with provided(name) as config:
        channel = FOUND[name].open(config, Heard().ears())
        channel.close()
