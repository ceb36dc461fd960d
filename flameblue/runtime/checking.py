"""What is looked at before anything starts: a mistake in the settings is told once, in a sentence, not in a loop."""

import re
from collections.abc import Iterator
from pathlib import Path

from flameblue import plugins
from flameblue.cases import policy
from flameblue.config import Config, HttpPush, Mqtt
from flameblue.domain.errors import BadInput
from flameblue.intake import protocols
from flameblue.intake.broker import address
from flameblue.intake.plain_listener import places
from flameblue.intake.push import secrets
from flameblue.intake.push.proxies import Proxies
from flameblue.intake.tls import CLIENT_CERTIFICATES, REQUIRED
from flameblue.notices import channels
from flameblue.notices.channel import Nature
from flameblue.runtime.backends import is_written
from flameblue.uplink import mapping

PORT_MAX = 65_535
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")  # what Home Assistant takes in a topic of discovery
PREFIX = re.compile(r"[^+#\0/][^+#\0]*(?<!/)")


def check(config: Config) -> None:
    """BadInput names the setting, what is wrong with it, and what it may be."""
    if found := mistakes(config):
        raise BadInput(found[0])
    if is_written(config):
        raise BadInput(f"Flameblue already runs in {config.data}.")


def mistakes(config: Config) -> list[str]:
    """All that is wrong with the settings, a sentence each."""
    found = [*_of_ports(config), *_of_channels(config)]
    found += [*_of_client_certificates(config.mqtt), *_of_home_assistant(config)]
    found += [*_of_certificate("mqtt", config.mqtt), *_of_certificate("http_push", config.http_push)]
    found += [*_of_http_push(config.http_push), *_of_protocols(config), *_of_uplink(config)]
    for name, quiet_s in (
        ("gb26875", config.gb26875.quiet_s),
        ("modbus_dial_in", config.modbus_dial_in.quiet_s),
    ):
        if not quiet_s > 0:
            found.append(f"{name}.quiet_s is {quiet_s:g}; it is a time in seconds, more than 0.")
    try:
        policy.current()
    except BadInput as error:
        found.append(str(error))
    return found


def _of_ports(config: Config) -> Iterator[str]:
    ports = {
        "web.port": config.web.port,
        "mqtt.port": config.mqtt.port,
        "mqtt.tls_port": config.mqtt.tls_port,
        "gb26875.port": config.gb26875.port,
        "http_push.port": config.http_push.port,
        "http_push.tls_port": config.http_push.tls_port,
        "modbus_dial_in.port": config.modbus_dial_in.port,
        "uplink.port": config.uplink.port,
        "smpp.port": config.smpp.port,
    }
    for name, port in ports.items():
        if not 0 <= port <= PORT_MAX:
            yield f"{name} is {port}; a port is a number from 0 to {PORT_MAX}."


def _of_certificate(section: str, settings: Mqtt | HttpPush) -> Iterator[str]:
    if not settings.tls_port:
        return
    for name, file in (("certificate", settings.certificate), ("key", settings.key)):
        if not file:
            yield f"{section}.{name} is empty; {section}.tls_port is {settings.tls_port} and needs a PEM file there."
        elif not Path(file).is_file():
            yield f"{section}.{name} names {file!r}, which is no file; {section}.tls_port needs one."


def _of_http_push(settings: HttpPush) -> Iterator[str]:
    try:
        Proxies(settings.trusted_proxies)
        if settings.secrets:
            secrets.read(Path(settings.secrets))
    except BadInput as error:
        yield str(error)


def _of_uplink(config: Config) -> Iterator[str]:
    uplink = config.uplink
    if not uplink.host:
        if uplink.port or uplink.mapping:
            yield "uplink.host is empty, and uplink.port or uplink.mapping is set: name the centre, or neither."
        return
    if config.demo:
        yield f"uplink.host is {uplink.host!r} in a demo: a demo reports to no centre, ever."
    if not uplink.port:
        yield "uplink.port is 0; the standard names no port, the centre does."
    if not uplink.mapping:
        yield "uplink.mapping is empty; it names the file of what was agreed with the centre (docs/uplink.md)."
        return
    try:
        mapping.of_setting(Path(uplink.mapping))
    except BadInput as error:
        yield str(error)


def _of_client_certificates(mqtt: Mqtt) -> Iterator[str]:
    if mqtt.client_certificates not in CLIENT_CERTIFICATES:
        there_are = ", ".join(CLIENT_CERTIFICATES)
        yield f"mqtt.client_certificates is {mqtt.client_certificates!r}; there are: {there_are}."
    if mqtt.client_ca and not mqtt.tls_port:
        yield "mqtt.client_ca needs mqtt.tls_port: only over TLS can a device show a certificate."
    if mqtt.client_ca and not Path(mqtt.client_ca).is_file():
        yield f"mqtt.client_ca names {mqtt.client_ca!r}, which is no file."
    if mqtt.client_certificates == REQUIRED and not mqtt.client_ca:
        yield "mqtt.client_certificates is 'required', and mqtt.client_ca does not say whose."


def _nature(channel: str, config: Config) -> Nature:
    nature: Nature = plugins.one(channels, channel).nature(config)
    return nature


def _reaches_single_phones(nature: Nature) -> bool:
    return nature.reaches and not nature.to_group


def _of_channels(config: Config) -> Iterator[str]:
    known = plugins.names(channels)
    messages = config.messages
    for name, wanted in messages.channels().items():
        if wanted not in known:
            yield f"messages.{name} is {wanted!r}; there are: {', '.join(known)}."
        elif _nature(wanted, config).to_group and name != "group_channel":
            yield f"messages.{name} is {wanted!r}, which speaks to a group; it would read everybody's messages."
        elif name == "group_channel" and _reaches_single_phones(_nature(wanted, config)):
            yield f"messages.group_channel is {wanted!r}, which reaches single phones, no group."
    for medium in ("sms", "voice"):
        first, second = (getattr(messages, f"{medium}{which}_channel") for which in ("", "_second"))
        if second and second == first:
            yield f"messages.{medium}_second_channel is {second!r} like the first: it would fail with it."


def _of_protocols(config: Config) -> Iterator[str]:
    settings = config.protocols
    if not settings.quiet_s > 0:
        yield f"protocols.quiet_s is {settings.quiet_s:g}; it is a time in seconds, more than 0."
    try:
        wanted = list(places(settings))
    except BadInput as error:
        yield str(error)
        return
    brought = plugins.foreign(protocols)
    for place in wanted:
        if place.protocol not in brought:
            there_are = f"there are: {', '.join(brought)}" if brought else "no installed package brings one"
            yield f"protocols.ports names {place.protocol!r}; {there_are}."


def _of_home_assistant(config: Config) -> Iterator[str]:
    if set(config.broker.sparkplug_host) & set("+#/\0"):
        yield f"broker.sparkplug_host is {config.broker.sparkplug_host!r}; it stands in a topic, without +, # and /."
    home, heard = config.home_assistant, config.broker.discovery_prefix
    for name, prefix in (("home_assistant.prefix", home.prefix), ("broker.discovery_prefix", heard or "x")):
        if not PREFIX.fullmatch(prefix):
            yield f"{name} is {prefix!r}; it is the beginning of a topic, such as homeassistant."
    if not NAME.fullmatch(home.name):
        yield f"home_assistant.name is {home.name!r}; it may hold letters, digits, _ and - only."
    if home.url:
        try:
            address(home.url)
        except BadInput as error:
            yield f"{error} It is the setting home_assistant.url."
