"""Starting an installation, and the commands that look after it."""

import asyncio
import logging
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.utils import translation

from flameblue import config as configuration
from flameblue.config import Config
from flameblue.domain.clock import SystemClock, to_datetime
from flameblue.domain.errors import BadInput
from flameblue.fleet import point_table
from flameblue.intake.plain_listener import places
from flameblue.intake.push.admitting import PATH
from flameblue.people import actions as people
from flameblue.people import registry
from flameblue.runtime import health
from flameblue.runtime.checking import check
from flameblue.runtime.supervisor import Child, supervise

log = logging.getLogger("flameblue.runtime")
KNOWN_WITHIN_S = 10.0
DIRECTORY_S = 1.0  # the listener's directory is read anew within it
RUNNING_S = 5.0  # the core writes of its health once a second


def prepare(config: Config) -> None:
    """The data folder, the tables and the first administrator, whose one-time password is printed once."""
    (config.data / "profiles").mkdir(parents=True, exist_ok=True)
    call_command("migrate", verbosity=0, interactive=False)
    people.ensure_groups()
    password = None if config.demo else people.ensure_admin(to_datetime(SystemClock().now_ns()))
    if password is not None:
        sys.stderr.write(
            f"First start: sign in as 'admin' with the one-time password {password}\n"
            "You will be asked for a new one.\n"
        )


def doors(config: Config) -> Iterator[str]:
    """Where people and devices come in, and whom we go to: a line each, of what is switched on."""
    yield f"Pages: http://{config.web.host}:{config.web.port}/"
    push, mqtt = config.http_push, config.mqtt
    for name, host, port in (
        ("MQTT", mqtt.host, mqtt.port),
        ("MQTT over TLS", mqtt.host, mqtt.tls_port),
        ("GB/T 26875.3 transmitters", config.gb26875.host, config.gb26875.port),
        ("Platforms that push", f"http://{push.host}", push.port),
        ("Platforms that push, TLS", f"https://{push.host}", push.tls_port),
        ("4G units (DTU) that dial in", config.modbus_dial_in.host, config.modbus_dial_in.port),
        *(
            (f"{place.protocol} devices", config.protocols.host, place.port)
            for place in places(config.protocols)
        ),
    ):
        if port:
            yield f"{name}: {host}:{port}{f'{PATH}SOURCE' if host.startswith('http') else ''}"
    if config.uplink.host and not config.demo:
        yield f"The city's centre is told at {config.uplink.host}:{config.uplink.port}"


def run(config: Config) -> int:
    """Starts the core and the pages and watches them until told to stop."""
    check(config)
    prepare(config)
    for line in doors(config):
        log.info(line)
    health.begin(config.data / "health.json", SystemClock())
    asyncio.run(supervise(children(config), config.data / "run"))
    return 0


def children(config: Config) -> list[Child]:
    """The two processes of every installation."""
    environment = {**os.environ, **configuration.as_environment(config)}
    return [
        Child("core", ("flameblue", "core"), environment, writes=config.data / "health.json"),
        Child("web", ("flameblue", "web"), environment),
    ]


def import_registry(path: Path, language: str, *, dry_run: bool) -> registry.Report:
    """What the import of `path` changed (or would change), and its errors in `language`: with any, nothing changed."""
    now = to_datetime(SystemClock().now_ns())
    with translation.override(language):
        return registry.import_file(path, now=now, by="command line", dry_run=dry_run)


def wait_until_known(config: Config) -> bool:
    """Waits until the running core has taken what an import changed; False where none runs, or it takes too long."""
    clock = SystemClock()
    until_s = clock.monotonic_s() + KNOWN_WITHIN_S
    while is_running(config) and clock.monotonic_s() < until_s:
        if not point_table.waiting_changes():
            time.sleep(DIRECTORY_S)
            return True
        time.sleep(DIRECTORY_S / 2)
    return False


def is_running(config: Config) -> bool:
    """Whether a core has written of its health a moment ago."""
    path = config.data / "health.json"
    return path.exists() and SystemClock().now_ns() / 1e9 - path.stat().st_mtime < RUNNING_S


def export_registry(path: Path, language: str) -> list[str]:
    """Writes the registry to `path`, with headings in `language` and credentials as `(set)`; what it can't hold."""
    with translation.override(language):
        return registry.export_file(path, language)


def make_token(user_name: str, scopes: Sequence[str]) -> str:
    """A new API token of the user; BadInput when there is no such user or scope."""
    user = get_user_model().objects.filter(username=user_name).first()
    if user is None:
        raise BadInput(f"There is no user {user_name!r}. Users are made on the admin page.")
    now = to_datetime(SystemClock().now_ns())
    return people.create_token(user, f"{user_name} {now:%Y-%m-%d}", scopes or ["read"], now)
