"""What every channel obeys, as a check for the tests of whoever writes one: the promises of `channel.py`."""

from flameblue.config import Config
from flameblue.domain.errors import DeliveryError
from flameblue.notices.channel import ChannelPlugin, Ears, Nature, Outgoing, Sent

SILENT = Ears(receipt=lambda _id, _state: None, inbound=lambda _sender, _text: None)
TEXTS = ("【禾木消防站】报警：我的木屋客厅漏电412毫安。", "Alarm 🔥 " + "x" * 700, "")


def check_channel(plugin: ChannelPlugin, config: Config, to: str) -> list[str]:
    """AssertionError where a promise is broken. `config`: with which it can be opened; `to`: whom it may write to.

    Returns what it says when it can't hand a message over: look whether people would understand it.
    """
    assert isinstance(plugin.nature(config), Nature), "nature() gives no Nature"
    assert plugin.lacks(config) == [], f"it lacks: {' '.join(plugin.lacks(config))}"
    channel = plugin.open(config, SILENT)
    refusals = []
    try:
        for attempt, text in enumerate(TEXTS, 1):
            message = Outgoing(1, attempt, channel="", to=to, text=text, language="zh-hans")
            try:
                sent = channel.send(message)
            except DeliveryError as error:
                refusals.append(str(error))
                continue
            assert isinstance(sent, Sent), f"send() gives a {type(sent).__name__}"
            assert all(isinstance(one, str) for one in sent.message_ids), "a message id is not a text"
        assert channel.deaf_s() >= 0, "its line is down for less than no time"
        assert isinstance(channel.trouble(), str), "trouble() gives no text"
    finally:
        channel.close()
    return refusals
