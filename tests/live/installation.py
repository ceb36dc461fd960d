"""A whole Flameblue with real processes on free loopback ports, for the tests that kill things."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

HOST = "127.0.0.1"
COLUMNS = (
    "site,premises,short_name,kind,address,latitude,longitude,owner,phone,language,contact2,phone2,key_holder,"
    "season,panel,isolator,circuit,rated_current_a,device,device_serial,profile,credential,point,quantity,phase,"
    "place,station"
)


LOW, HIGH = 20_000, 32_000  # below the ports that connections are made from: a client could connect to itself


def free_port() -> int:
    """A port that nobody listens on now."""
    while True:
        port = random.randrange(LOW, HIGH)
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) != 0:
                return port


def wait_for(condition: Callable[[], bool], within_s: float, what: str) -> None:
    """Polls `condition()` until it is true; AssertionError names `what` after `within_s`."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(f"not within {within_s} s: {what}")


@dataclass
class Installation:
    """One installation in `data`; `environment` overrides its Config."""

    data: Path
    environment: dict[str, str] = field(default_factory=dict)
    web_port: int = field(default_factory=free_port)
    mqtt_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def variables(self) -> dict[str, str]:
        ours = {
            "FLAMEBLUE_DATA": str(self.data),
            "FLAMEBLUE_WEB_PORT": str(self.web_port),
            "FLAMEBLUE_MQTT_PORT": str(self.mqtt_port),
            "FLAMEBLUE_KERNELS": str(Path.home() / ".cache" / "flameblue" / "kernels"),
        }
        clean = {name: value for name, value in os.environ.items() if not name.startswith("FLAMEBLUE_")}
        return {**clean, **ours, **self.environment}

    def tries(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs `flameblue …` to its end, whatever that is."""
        return subprocess.run(
            [sys.executable, "-m", "flameblue", *arguments],
            env=self.variables(),
            capture_output=True,
            text=True,
            timeout=120,
        )

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs `flameblue …` to its end; its failure is the test's."""
        done = self.tries(*arguments)
        assert done.returncode == 0, done.stderr[-4000:]
        return done

    def python(self, code: str) -> str:
        """Runs Python code inside this installation's Django and returns what it printed."""
        head = "import django; django.setup()\n"
        done = subprocess.run(
            [sys.executable, "-c", head + code],
            env={**self.variables(), "DJANGO_SETTINGS_MODULE": "flameblue.settings"},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr[-4000:]
        return done.stdout

    def start(self) -> None:
        with (self.data / "log.txt").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "flameblue", "run"], env=self.variables(), stdout=log, stderr=log
            )
        self.wait_until_healthy()

    def wait_until_healthy(self, within_s: float = 120.0, since_ns: int = 0) -> None:
        """Until /healthz says 200 and every stage has beaten after `since_ns` (an old beat counts for a while).

        So long also where detection is compiled anew, on a busy machine.
        """

        def healthy() -> bool:
            return all(beat >= since_ns for beat in self.beats().values()) and self.is_healthy()

        try:
            wait_for(healthy, within_s, "/healthz 200")
        except AssertionError as error:
            raise AssertionError(f"{error}; health {self.health()}; the log: {self.tail()}") from None

    def is_healthy(self) -> bool:
        try:
            return httpx.get(f"http://{HOST}:{self.web_port}/healthz", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    def health(self) -> dict[str, Any]:
        """What the core last wrote about itself; empty before the first time."""
        try:
            loaded: dict[str, Any] = json.loads((self.data / "health.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return loaded

    def beats(self) -> dict[str, int]:
        """When each stage has last beaten, as time in ns."""
        stages = self.health().get("stages", {"none": {"beat_ns": -1}})
        return {name: stage["beat_ns"] for name, stage in stages.items()}

    def lags(self) -> dict[str, int]:
        """How much each stage has yet to do."""
        return {name: stage["lag"] for name, stage in self.health()["stages"].items()}

    def tail(self) -> str:
        path = self.data / "log.txt"
        lines = path.read_text(errors="replace").splitlines() if path.exists() else []
        return "\n".join(line for line in lines if "healthz" not in line)[-3000:]

    def pid(self, name: str) -> int:
        return int((self.data / "run" / f"{name}.pid").read_text(encoding="ascii"))

    def kill(self, name: str) -> int:
        """kill -9, by process id; the supervisor starts it again. Returns when, as time in ns, and not before
        the killed process has ended."""
        pid, at_ns = self.pid(name), time.time_ns()
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: self.pid(name) != pid, 30, f"{name} started again")
        return at_ns

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process = None


def registry(rows: Sequence[dict[str, str]]) -> str:
    """The import file of `rows`, which name only the columns they fill."""
    names = COLUMNS.split(",")
    lines = [COLUMNS, *(",".join(row.get(name, "") for name in names) for row in rows)]
    return "\n".join(lines) + "\n"


PREPARED = """
from django.conf import settings
from flameblue.runtime.installation import prepare
prepare(settings.CONFIG)
"""
STATION = """
from flameblue.fleet.models import Station
from flameblue.people.models import Person, Shift
kanas = Station.objects.create(name="喀纳斯消防站", signature="喀纳斯消防站")
hemu = Station.objects.create(name="禾木消防站", signature="禾木消防站", next_station=kanas)
for name, phone, role in (("Bolat", "+8613900000001", "duty"), ("Chen", "+8613900000002", "leader")):
    person = Person.objects.create(name=name, phone=phone, station=hemu)
    Shift.objects.create(station=hemu, person=person, role=role)
"""


@contextmanager
def installation(
    data: Path, rows: Sequence[dict[str, str]], environment: dict[str, str] | None = None
) -> Iterator[Installation]:
    """An installation with one station and the registry `rows`, started; stopped at the end."""
    data.mkdir(parents=True, exist_ok=True)
    it = Installation(data, environment or {})
    it.python(PREPARED + STATION)
    path = data / "registry.csv"
    path.write_text(registry(rows), encoding="utf-8")
    it.command("import", str(path))
    try:
        it.start()
        yield it
    finally:
        it.stop()
