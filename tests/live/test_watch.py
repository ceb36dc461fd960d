"""Two machines: one dies of a pulled plug, and the other says so through an SMS centre of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from flameblue.domain.limits import WATCH_EVERY_S, WATCH_WITHIN_S
from tests.live.installation import HOST, Installation, free_port, installation, wait_for
from tests.live.smsc import SmsCentre

pytestmark = [pytest.mark.live]

EVERY_S = 1.0
PHONE = "+8613900000009"
WITHIN_S = WATCH_WITHIN_S * EVERY_S / WATCH_EVERY_S  # the bound of the real intervals, on these
ROW = {
    "site": "禾木",
    "station": "禾木消防站",
    "premises": "松林客栈",
    "owner": "Ailin",
    "phone": "+8613800000001",
    "panel": "1",
    "circuit": "1",
    "device": "D1",
    "credential": "s3cret-s3cret",
    "profile": "flameblue-generic",
    "point": "t",
    "quantity": "temperature_c",
}


@dataclass
class Watch:
    """`flameblue watch` as a process with a data folder and a log of its own."""

    data: Path
    urls: str
    environment: dict[str, str]
    process: "subprocess.Popen[bytes] | None" = None
    log: list[str] = field(default_factory=list)

    def start(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        clean = {name: value for name, value in os.environ.items() if not name.startswith("FLAMEBLUE_")}
        ours = {
            "FLAMEBLUE_DATA": str(self.data),
            "FLAMEBLUE_WATCH_URLS": self.urls,
            "FLAMEBLUE_WATCH_PHONES": PHONE,
            "FLAMEBLUE_WATCH_SIGNATURE": "喀纳斯消防站",
            "FLAMEBLUE_WATCH_EVERY_S": str(EVERY_S),
        }
        with (self.data / "log.txt").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "flameblue", "watch"],
                env={**clean, **ours, **self.environment},
                stdout=log,
                stderr=log,
            )

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(20)

    def said(self) -> str:
        return (self.data / "log.txt").read_text(encoding="utf-8")


@pytest.fixture
def watch(tmp_path: Path, centre: SmsCentre) -> Iterator[Watch]:
    made = Watch(tmp_path / "watch", "", centre.environment())
    yield made
    if made.process is not None and made.process.poll() is None:
        made.process.kill()
        made.process.wait(20)


def pull_the_plug(it: Installation) -> float:
    """Every process is killed, the supervisor first: nobody starts another."""
    assert it.process is not None
    pids = [it.pid("core"), it.pid("web")]
    at_s = time.monotonic()
    it.process.kill()
    it.process.wait(20)
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue  # it ended with its supervisor
    wait_for(lambda: not it.is_healthy(), 20, "the pages are gone")
    return at_s


def test_a_pulled_plug_is_told_of_in_time_and_once_and_so_is_the_return(
    tmp_path: Path, centre: SmsCentre, watch: Watch
) -> None:
    with installation(tmp_path / "hemu", [ROW]) as it:
        watch.urls = f"禾木站=http://{HOST}:{it.web_port}"
        watch.start()
        centre.wait_until_bound()
        wait_for(lambda: "Watching 禾木站" in watch.said(), 20, "the watch has begun")
        died_s = pull_the_plug(it)
        told = centre.wait_for(lambda message: message.to == PHONE, WITHIN_S + 20, "the message")
        assert "禾木站的监控" in told.text
        assert "没有应答" in told.text
        assert told.arrived_s - died_s <= WITHIN_S
        assert watch.stop() == 0
        watch.start()  # what it has told it does not tell again
        it.start()
        back = centre.wait_for(lambda message: "又有应答" in message.text, 60, "the return")
        assert back.to == PHONE
        assert len(centre.messages(PHONE)) == 2
        assert watch.stop() == 0


def test_a_single_look_says_what_it_finds(tmp_path: Path) -> None:
    it = Installation(tmp_path / "elsewhere")
    done = it.tries("watch", "--once", f"禾木站=http://{HOST}:{free_port()}")
    assert done.returncode == 3
    assert "禾木站: it can't be reached" in done.stdout
    wrong = it.tries("watch", "hemu")
    assert wrong.returncode == 1
    assert wrong.stderr.strip().endswith(
        "is no address to watch; it should be like https://board.example.org."
    )
    assert not (tmp_path / "elsewhere").exists()
