"""The demo: a false valley on this machine. Nothing leaves it; it listens on 127.0.0.1 only."""

import asyncio
import os
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import django
import yaml

from flameblue import config as configuration
from flameblue.cases.policy import PACKAGE_FILE
from flameblue.config import Config, Messages, Mqtt, Web
from flameblue.domain.clock import SystemClock
from flameblue.domain.errors import BadInput
from flameblue.runtime import health
from flameblue.runtime.backends import is_written
from flameblue.runtime.checking import PORT_MAX
from flameblue.runtime.set_up.places import refusal
from flameblue.runtime.supervisor import Child, supervise
from flameblue.runtime.valley import Valley

HOST = "127.0.0.1"
MQTT_PORT = 1883
PROOF_S = 60  # the proof under load lasts half an hour in an installation; nobody waits that long in a demo


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line asked for. `data` None: a temporary folder that goes with the demo."""

    port: int
    premises: int
    seed: int
    speed: float
    data: Path | None
    mqtt_port: int | None = None  # None: the usual one, or another where that is taken


def run(wishes: Wishes, valley: Valley) -> int:
    """Runs the demo until it is told to stop; with no `data` wished, everything goes with it."""
    with ExitStack() as stack:
        data = wishes.data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="flameblue-demo-")))
        config = configured(wishes, data)
        take_folder(config)
        write_policy(Path(config.policy))
        Path(config.web.map_lines).write_text(valley.roads, encoding="utf-8")
        os.environ.update(configuration.as_environment(config))
        django.setup()
        from flameblue.runtime import installation, populating  # the models exist only from here on

        populating.populate(config, valley)
        (data / "simulation" / "commands.jsonl").unlink(missing_ok=True)  # a new valley has every switch on
        is_usual = wishes.mqtt_port or config.mqtt.port == MQTT_PORT
        taken = "" if is_usual else f"  ({MQTT_PORT} is taken by another program)"
        sys.stderr.write(
            f"\n  Flameblue demo: a false valley, {wishes.premises} premises.\n"
            f"  Board   http://{HOST}:{config.web.port}/\n"
            f"  Phones  http://{HOST}:{config.web.port}/phone/\n"
            f"  MQTT    {HOST}:{config.mqtt.port}{taken}\n"
            f"  Data    {data}{'' if wishes.data else '  (removed at the end)'}\n"
            "  The rules are being compiled: alarms come in about a minute; readings are kept until then, and judged.\n"
            "  A leakage fault appears within a minute. Ctrl-C ends the demo.\n\n"
        )
        arguments = (
            valley.module,
            *("--host", HOST, "--port", str(config.mqtt.port), "--premises", str(wishes.premises)),
            *("--seed", str(wishes.seed), "--speed", str(wishes.speed), "--data", str(data)),
        )
        simulation = Child("simulation", arguments, os.environ)
        health.begin(data / "health.json", SystemClock())
        asyncio.run(supervise([*installation.children(config), simulation], data / "run"))
    return 0


def configured(wishes: Wishes, data: Path) -> Config:
    """The Config of a demo; BadInput when the port of the pages is none, or is taken."""
    for option, port in (("--port", wishes.port), ("--mqtt-port", wishes.mqtt_port)):
        if port is not None:
            _check(option, port)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Config(
        data=data,
        demo=True,
        policy=str(data / "policy.yaml"),
        kernels=str(cache / "flameblue" / "kernels"),
        web=Web(host=HOST, port=wishes.port, map_lines=str(data / "roads.geojson")),
        mqtt=Mqtt(host=HOST, port=wishes.mqtt_port or _mqtt_port()),
        messages=Messages(sms_channel="console", voice_channel="console"),
    )


def take_folder(config: Config) -> None:
    """Makes the data folder; BadInput where it can't be one, is in use, or holds what is no demo."""
    data = config.data
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        is_file = isinstance(error, FileExistsError | NotADirectoryError)
        why = "it, or a part of the way to it, is a file" if is_file else error.strerror
        raise BadInput(f"--data {data} can't be a folder: {why}.") from error
    if not os.access(data, os.W_OK):
        raise BadInput(f"--data {data} can't be written: give it to this user, or name another folder.")
    if is_written(config):
        raise BadInput(f"A demo already runs in {data}: end it first, or name another folder.")
    if configuration.is_installed(config) and not Path(config.policy).exists():
        raise BadInput(f"--data {data} holds an installation that is no demo: name another folder.")


def write_policy(path: Path) -> None:
    """The package's policy with shorter proofs: nobody waits half an hour in a demo."""
    policy = yaml.safe_load(PACKAGE_FILE.read_text(encoding="utf-8"))
    for evidence in policy["evidence"].values():
        evidence["for_s"] = min(evidence["for_s"], PROOF_S)
    policy["made_safe"]["for_s"] = min(policy["made_safe"]["for_s"], 10)
    path.write_text(
        f"# Made by the demo: the proofs last {PROOF_S} seconds at most.\n"
        + yaml.safe_dump(policy, allow_unicode=True, sort_keys=False),
        encoding="utf-8",
    )


def _free(port: int) -> bool:
    return not refusal(HOST, port)


def _check(option: str, port: int) -> None:
    if not 0 < port <= PORT_MAX:
        raise BadInput(f"{option} is {port}; a port is a number from 1 to {PORT_MAX}.")
    if not _free(port):
        raise BadInput(f'Port {port} is taken. Try another one: make demo ARGS="{option} {port + 1}"')


def _mqtt_port() -> int:
    return MQTT_PORT if _free(MQTT_PORT) else _any_port()


def _any_port() -> int:
    """A free one below those that connections are made from: a client that comes too early can't meet itself."""
    return next(port for port in range(MQTT_PORT + 10_000, 32_000) if _free(port))
