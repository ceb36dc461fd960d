"""What is looked at before anything starts: a mistake in the settings is told once, in a sentence, not in a loop."""

from pathlib import Path

from flameblue import plugins
from flameblue.cases import policy
from flameblue.config import Config
from flameblue.domain.errors import BadInput
from flameblue.notices import channels
from flameblue.runtime.backends import is_written

PORT_MAX = 65_535


def check(config: Config) -> None:
    """BadInput names the setting, what is wrong with it, and what it may be."""
    _check_ports(config)
    _check_channels(config)
    if config.mqtt.tls_port:
        for name, file in (("mqtt.certificate", config.mqtt.certificate), ("mqtt.key", config.mqtt.key)):
            if not Path(file).is_file():
                raise BadInput(f"{name} names {file!r}, which is no file; mqtt.tls_port needs one.")
    policy.current()
    if is_written(config):
        raise BadInput(f"Flameblue already runs in {config.data}.")


def _check_ports(config: Config) -> None:
    ports = {
        "web.port": config.web.port,
        "mqtt.port": config.mqtt.port,
        "mqtt.tls_port": config.mqtt.tls_port,
        "smpp.port": config.smpp.port,
    }
    for name, port in ports.items():
        if not 0 <= port <= PORT_MAX:
            raise BadInput(f"{name} is {port}; a port is a number from 0 to {PORT_MAX}.")


def _check_channels(config: Config) -> None:
    known = plugins.names(channels)
    messages = config.messages
    for name, wanted in (("sms_channel", messages.sms_channel), ("voice_channel", messages.voice_channel)):
        if wanted not in known:
            raise BadInput(f"messages.{name} is {wanted!r}; there are: {', '.join(known)}.")
