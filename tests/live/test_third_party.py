"""A package of another maker beside a running Flameblue: its protocol, its payload and its channel, end to end."""

import os
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.live.installation import HOST, Installation, free_port, installation, wait_for
from tests.live.journals import journalled
from tests.third_party.installing import install
from tests.third_party.test_acme import PROFILE

pytestmark = [pytest.mark.live]
WITHIN_S = 60.0
METER = {
    "site": "禾木",
    "station": "禾木消防站",
    "premises": "我的木屋",
    "owner": "Ailin",
    "phone": "+8613800000001",
    "panel": "1号箱",
    "circuit": "客厅",
    "device": "my-1",
    "profile": "acme-meter",
    "credential": "s3cret",
}


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def it(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("acme")
    data = folder / "data"
    (data / "profiles").mkdir(parents=True)
    (data / "profiles" / "acme-meter.yaml").write_text(PROFILE, encoding="utf-8")
    paths = [str(install(folder)), str(Path(__file__).parents[2])]
    environment = {
        "PYTHONPATH": os.pathsep.join(paths),
        "FLAMEBLUE_PROTOCOLS_PORTS": f"acme_line:{port}",
        "FLAMEBLUE_MESSAGES_SMS_CHANNEL": "acme_file",
        "ACME_FILE": str(folder / "said.txt"),
    }
    with installation(data, [METER], environment) as running:
        yield running


def said(port: int, line: bytes) -> bytes:
    """What the endpoint answers to `line`."""
    with closing(socket.create_connection((HOST, port), WITHIN_S)) as wire:
        wire.sendall(line)
        return wire.recv(16)


def test_its_readings_are_on_disk_when_it_is_answered_and_its_alarm_reaches_its_channel(
    it: Installation, port: int
) -> None:
    assert said(port, b"my-1 s3cret ir=812 ta=21\r\n") == b"OK\n"
    assert sorted(value for _, _, value in journalled(it.data)) == [210, 8_120]
    assert said(port, b"my-1 wrong ir=1 ta=1\r\n") == b"NO\n"
    file = Path(it.environment["ACME_FILE"])

    def told() -> bool:
        assert said(port, b"my-1 s3cret ir=812 ta=21\r\n") == b"OK\n"
        return file.exists() and "漏电812毫安" in file.read_text(encoding="utf-8")

    wait_for(told, WITHIN_S, f"an SMS in {file.name}; the log: {it.tail()}")
