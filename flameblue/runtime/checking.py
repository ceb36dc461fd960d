"""What is looked at before anything starts: a mistake in the settings is told once, in a sentence, not in a loop."""

from collections.abc import Iterator
from pathlib import Path

from flameblue import plugins
from flameblue.cases import policy
from flameblue.config import Config
from flameblue.domain.errors import BadInput
from flameblue.notices import channels, robots
from flameblue.runtime.backends import is_written

PORT_MAX = 65_535


def check(config: Config) -> None:
    """BadInput names the setting, what is wrong with it, and what it may be."""
    if found := mistakes(config):
        raise BadInput(found[0])
    if is_written(config):
        raise BadInput(f"Flameblue already runs in {config.data}.")


def mistakes(config: Config) -> list[str]:
    """All that is wrong with the settings, a sentence each."""
    found = [*_of_ports(config), *_of_channels(config)]
    if config.mqtt.tls_port:
        for name, file in (("mqtt.certificate", config.mqtt.certificate), ("mqtt.key", config.mqtt.key)):
            if not Path(file).is_file():
                found.append(f"{name} names {file!r}, which is no file; mqtt.tls_port needs one.")
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
        "smpp.port": config.smpp.port,
    }
    for name, port in ports.items():
        if not 0 <= port <= PORT_MAX:
            yield f"{name} is {port}; a port is a number from 0 to {PORT_MAX}."


def _is_robot(channel: str) -> bool:
    return isinstance(plugins.one(channels, channel), robots.Plugin)


def _of_channels(config: Config) -> Iterator[str]:
    known = plugins.names(channels)
    messages = config.messages
    for name, wanted in messages.channels().items():
        if wanted not in known:
            yield f"messages.{name} is {wanted!r}; there are: {', '.join(known)}."
        elif _is_robot(wanted) and name != "group_channel":
            yield f"messages.{name} is {wanted!r}, which speaks to a group; it would read everybody's messages."
        elif name == "group_channel" and wanted != "console" and not _is_robot(wanted):
            yield f"messages.group_channel is {wanted!r}, which reaches single phones, no group."
    for medium in ("sms", "voice"):
        first, second = (getattr(messages, f"{medium}{which}_channel") for which in ("", "_second"))
        if second and second == first:
            yield f"messages.{medium}_second_channel is {second!r} like the first: it would fail with it."
