"""A platform that pushes to a whole Flameblue: curl and httpx on real sockets, and a core that is killed."""

import json
import shutil
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from itertools import count
from threading import Thread
from typing import Any

import httpx
import pytest

from tests.live.certificates import KEY, openssl
from tests.live.installation import HOST, Installation, free_port, installation
from tests.live.journals import Reading, journalled

pytestmark = [pytest.mark.live]
WITHIN_S = 20.0
NS_PER_MS = 1_000_000
TOKEN = "a-token-of-the-cloud"
CABIN = {
    "site": "禾木",
    "station": "禾木消防站",
    "premises": "木屋1号",
    "owner": "户主1",
    "phone": "+8613800000001",
    "panel": "2号箱",
    "circuit": "203房暖气",
    "profile": "flameblue-push",
    "place": "203房",
}
SHOWN = f"""
import json
from django.conf import settings
from django.test import RequestFactory
from flameblue.fleet.models import Device
from flameblue.web import connection
shown = connection.of(
    Device.objects.get(name="CLOUD1"), RequestFactory().get("/"), settings.CONFIG, "{TOKEN}"
)
print(json.dumps([way.line for way in shown.ways]))
"""
ROWS = [
    CABIN | {"device": "CLOUD1", "credential": TOKEN, "point": "ir", "quantity": "residual_current_ma"},
    CABIN | {"device": "CLOUD1>屋7", "point": "tb", "quantity": "temperature_c"},
]


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def tls_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def it(tmp_path_factory: pytest.TempPathFactory, port: int, tls_port: int) -> Iterator[Installation]:
    """One source, with a point of its own and a device behind it; its certificate lies beside its data as ca.crt."""
    folder = tmp_path_factory.mktemp("push")
    own = [str(folder / name) for name in ("ca.crt", "own.key")]
    names = ("-subj", f"/CN={HOST}", "-addext", f"subjectAltName=IP:{HOST}")
    openssl("req", "-x509", *KEY, "-days", "30", *names, "-out", own[0], "-keyout", own[1])
    environment = {
        "FLAMEBLUE_HTTP_PUSH_PORT": str(port),
        "FLAMEBLUE_HTTP_PUSH_TLS_PORT": str(tls_port),
        "FLAMEBLUE_HTTP_PUSH_CERTIFICATE": own[0],
        "FLAMEBLUE_HTTP_PUSH_KEY": own[1],
    }
    with installation(folder / "data", ROWS, environment) as running:
        yield running


def kept(it: Installation) -> list[Reading]:
    return journalled(it.data)


def curl(port: int, message: Any, *more: str, token: str = TOKEN) -> subprocess.CompletedProcess[str]:
    """What a person types; stdout: the answer's body and then its status."""
    found = shutil.which("curl")
    assert found is not None, "curl belongs to the machine that runs the live tests"
    text = message if isinstance(message, str) else json.dumps(message, ensure_ascii=False)
    words = [found, "-sS", "-m", "20", "-w", "%{http_code}", "-H", f"Authorization: Bearer {token}"]
    return subprocess.run(
        [*words, *more, "--data-binary", "@-", f"http://{HOST}:{port}/intake/v1/CLOUD1"],
        input=text,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_curl_is_answered_and_its_reading_is_in_the_journal(it: Installation, port: int) -> None:
    at_ms = round(time.time() * 1_000)
    message = [{"t": at_ms, "v": {"ir": 12.5}}, {"device": "屋7", "t": at_ms, "v": {"tb": 41.2}}]
    assert curl(port, message).stdout == '{"readings": 2}\n200'
    assert curl(port, message).stdout == '{"readings": 0, "duplicate": true}\n200'
    assert curl(port, message, "-H", "Transfer-Encoding: chunked").stdout.endswith("200")
    assert sorted((at_ns, value) for _, at_ns, value in kept(it)) == [
        (at_ms * NS_PER_MS, 125),
        (at_ms * NS_PER_MS, 412),
    ]
    assert curl(port, message, token="guessed").stdout.endswith("401")
    assert curl(port, "x" * 300_000).stdout.endswith("413")
    assert curl(port, '{"v": {"ir": "x"}}', "-H", "Expect: 100-continue").stdout.endswith("200")


def test_the_lines_that_the_page_shows_are_taken_as_they_are(it: Installation) -> None:
    lines = json.loads(it.python(SHOWN))
    assert ["https" in line for line in lines] == [False, True]
    for line in lines:
        done = subprocess.run(
            line, shell=True, cwd=it.data.parent, check=True, capture_output=True, text=True, timeout=60
        )
        assert done.stdout == '{"readings": 1}\n'


def test_a_hostile_client_costs_the_others_nothing(it: Installation, port: int) -> None:
    opened = [socket.create_connection((HOST, port), WITHIN_S) for _ in range(200)]
    for number, one in enumerate(opened):
        one.sendall((b"POST /intake/v1/CLOUD1 HTTP/1.1\r\nHost: x\r\nX: ", b"\x00" * 1_000, b"G")[number % 3])
    began_s = time.monotonic()
    for number in range(20):
        assert curl(port, {"id": f"amid-{number}", "v": {"ir": 1}}).stdout == '{"readings": 1}\n200'
    assert time.monotonic() - began_s < WITHIN_S
    for one in opened:
        one.close()


def test_no_200_is_lost_and_no_reading_doubled_by_a_source_that_tries_again(
    it: Installation, port: int
) -> None:
    """Every message is sent until it is answered 200, and then once more; the core is killed twice meanwhile."""
    began_ms = round(time.time() * 1_000) - 600_000
    answered, killers, dead = [], list[Thread](), 0
    for number in range(300):
        message = {"id": f"n-{number}", "t": began_ms + number, "v": {"ir": number / 10}}
        if number in (100, 200):
            killer = Thread(target=it.kill, args=("core",))
            killer.start()
            killers.append(killer)
        for attempt in count(1):
            assert attempt < 1_000
            try:
                with httpx.Client(timeout=WITHIN_S) as client:
                    said = client.post(
                        f"http://{HOST}:{port}/intake/v1/CLOUD1",
                        json=message,
                        headers={"Authorization": f"Bearer {TOKEN}"},
                    )
                    again = client.post(said.request.url, json=message, headers=said.request.headers)
            except httpx.HTTPError:
                dead += 1
                time.sleep(0.05)
                continue
            if said.status_code == 200:
                answered.append((message["t"] * NS_PER_MS, number))
                assert again.json() == {"readings": 0, "duplicate": True}
                break
    for killer in killers:
        killer.join(WITHIN_S)
    assert dead, "the core was never away: nothing was proved"
    in_journal = Counter((at_ns, value) for _, at_ns, value in kept(it) if at_ns >= began_ms * NS_PER_MS)
    assert set(answered) <= set(in_journal)
    assert len(answered) == 300
    twice = [one for one, times in in_journal.items() if times > 1]
    assert len(twice) <= 2, "only what was on disk and not answered when the core was killed may come twice"
