"""A mistake in the settings is one sentence before anything starts."""

from dataclasses import replace
from pathlib import Path

import pytest

from flameblue.config import Broker, Config, Gb26875, HomeAssistant, HttpPush, Messages, Mqtt, Protocols, Web
from flameblue.domain.errors import BadInput
from flameblue.journal.embedded import EmbeddedJournal
from flameblue.runtime.checking import check


def test_the_defaults_are_right(tmp_path: Path) -> None:
    check(replace(Config(), data=tmp_path))


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (
            Config(messages=Messages(sms_channel="smp")),
            "messages.sms_channel is 'smp'; there are: console, dingtalk, feishu, http_sms, smpp, voice, wecom.",
        ),
        (
            Config(messages=Messages(sms_channel="wecom")),
            "messages.sms_channel is 'wecom', which speaks to a group; it would read everybody's messages.",
        ),
        (
            Config(messages=Messages(group_channel="smpp")),
            "messages.group_channel is 'smpp', which reaches single phones, no group.",
        ),
        (
            Config(messages=Messages(sms_second_channel="console")),
            "messages.sms_second_channel is 'console' like the first: it would fail with it.",
        ),
        (
            Config(gb26875=Gb26875(port=70_000)),
            "gb26875.port is 70000; a port is a number from 0 to 65535.",
        ),
        (
            Config(gb26875=Gb26875(quiet_s=0)),
            "gb26875.quiet_s is 0; it is a time in seconds, more than 0.",
        ),
        (
            Config(http_push=HttpPush(tls_port=-1)),
            "http_push.tls_port is -1; a port is a number from 0 to 65535.",
        ),
        (
            Config(http_push=HttpPush(tls_port=8901)),
            "http_push.certificate is empty; http_push.tls_port is 8901 and needs a PEM file there.",
        ),
        (
            Config(http_push=HttpPush(trusted_proxies=("10.0.0.1/8",))),
            "http_push.trusted_proxies: 10.0.0.1/8 has host bits set; it is like 127.0.0.1 or 10.0.0.0/8.",
        ),
        (
            Config(http_push=HttpPush(secrets="gone.toml")),
            "http_push.secrets gone.toml can't be read: [Errno 2] No such file or directory: 'gone.toml'.",
        ),
        (
            Config(protocols=Protocols(ports=("acme_line:7001",))),
            "protocols.ports names 'acme_line'; no installed package brings one.",
        ),
        (
            Config(protocols=Protocols(quiet_s=0)),
            "protocols.quiet_s is 0; it is a time in seconds, more than 0.",
        ),
        (
            Config(broker=Broker(sparkplug_host="a/b")),
            "broker.sparkplug_host is 'a/b'; it stands in a topic, without +, # and /.",
        ),
        (Config(web=Web(port=99_999)), "web.port is 99999; a port is a number from 0 to 65535."),
        (
            Config(mqtt=Mqtt(tls_port=8883)),
            "mqtt.certificate is empty; mqtt.tls_port is 8883 and needs a PEM file there.",
        ),
        (
            Config(mqtt=Mqtt(tls_port=8883, certificate="gone.crt")),
            "mqtt.certificate names 'gone.crt', which is no file; mqtt.tls_port needs one.",
        ),
        (
            Config(mqtt=Mqtt(client_certificates="some")),
            "mqtt.client_certificates is 'some'; there are: wanted, required.",
        ),
        (
            Config(mqtt=Mqtt(client_ca="ca.crt")),
            "mqtt.client_ca needs mqtt.tls_port: only over TLS can a device show a certificate.",
        ),
        (
            Config(mqtt=Mqtt(tls_port=8883, client_ca="gone.crt")),
            "mqtt.client_ca names 'gone.crt', which is no file.",
        ),
        (
            Config(mqtt=Mqtt(tls_port=8883, client_certificates="required")),
            "mqtt.client_certificates is 'required', and mqtt.client_ca does not say whose.",
        ),
        (
            Config(home_assistant=HomeAssistant(name="火焰蓝")),
            "home_assistant.name is '火焰蓝'; it may hold letters, digits, _ and - only.",
        ),
        (
            Config(home_assistant=HomeAssistant(prefix="homeassistant/#")),
            "home_assistant.prefix is 'homeassistant/#'; it is the beginning of a topic, such as homeassistant.",
        ),
        (
            Config(broker=Broker(discovery_prefix="homeassistant/")),
            "broker.discovery_prefix is 'homeassistant/'; it is the beginning of a topic, such as homeassistant.",
        ),
        (
            Config(home_assistant=HomeAssistant(url="broker")),
            "The broker's address must look like mqtt[s]://user:password@host:port. "
            "It is the setting home_assistant.url.",
        ),
    ],
)
def test_what_is_wrong_is_named_with_what_it_may_be(wrong: Config, sentence: str) -> None:
    with pytest.raises(BadInput) as told:
        check(wrong)
    assert str(told.value) == sentence


def test_a_second_start_in_the_same_folder_ends_with_a_sentence(tmp_path: Path) -> None:
    config = replace(Config(), data=tmp_path)
    journal = EmbeddedJournal(tmp_path / "journal.sqlite3")
    with pytest.raises(BadInput, match="already runs"):
        check(config)
    journal.close()
    check(config)
