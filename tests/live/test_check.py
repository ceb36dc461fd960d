"""`flameblue check`: each thing that can be wrong with a set-up, made wrong for real, is told in words."""

import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from flameblue.config import Broker, Config, Gb26875, HomeAssistant, Mqtt, Web
from flameblue.domain.clock import Clock, ManualClock, SystemClock, to_datetime
from flameblue.journal.embedded import EmbeddedJournal
from flameblue.journal.record import tick_draft
from flameblue.runtime.checking import mistakes
from flameblue.runtime.set_up import broker as broker_look
from flameblue.runtime.set_up.broker import look_at_broker
from flameblue.runtime.set_up.findings import Finding, Verdict
from flameblue.runtime.set_up.home import look_at_home
from flameblue.runtime.set_up.places import look_at_certificate, look_at_ports, look_at_profiles
from flameblue.runtime.set_up.storage import look_at_clock, look_at_disk
from tests.live.binaries import needed, needed_library
from tests.live.installation import HOST, Installation, free_port, wait_for
from tests.live.smsc import SmsCentre
from tests.live.test_intake_broker import Mosquitto

pytestmark = pytest.mark.live
CLOCK = SystemClock()
FINE, UNSURE, WRONG = Verdict.FINE, Verdict.UNSURE, Verdict.WRONG


def seen(mosquitto: Mosquitto, data: Path, clock: Clock = CLOCK) -> dict[str, Finding]:
    data.mkdir(exist_ok=True)
    found = look_at_broker(Config(data=data, broker=Broker(url=mosquitto.url)), clock)
    return {finding.subject: finding for finding in found}


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    folder = tmp_path / "mosquitto"
    folder.mkdir()
    broker = Mosquitto(folder)
    yield broker
    broker.stop()


def test_a_broker_that_keeps_all_is_fine_and_is_seen_to_persist_after_its_restart(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    a_minute_ago = ManualClock(CLOCK.now_ns() - 60 * 10**9)
    mosquitto.start()
    first = seen(mosquitto, tmp_path / "data", a_minute_ago)
    assert first["broker"].verdict is FINE
    assert "mosquitto version" in first["broker"].seen
    assert first["sessions"] == ("sessions", FINE, first["sessions"].seen)
    assert "kept all 1200 messages" in first["sessions"].seen
    assert "persistence" not in first
    second = seen(mosquitto, tmp_path / "data", a_minute_ago)
    assert second["persistence"].verdict is UNSURE
    assert "restart it and check again" in second["persistence"].seen
    mosquitto.stop()
    mosquitto.start()
    found: list[Finding] = []

    def restart_is_seen() -> bool:
        found.append(seen(mosquitto, tmp_path / "data")["persistence"])
        return found[-1].verdict is not UNSURE

    wait_for(restart_is_seen, 60, "the broker says since when it runs")
    assert found[-1].verdict is FINE
    assert "still knows a session of before" in found[-1].seen


def test_a_broker_that_does_not_persist_is_told_after_its_restart(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    mosquitto.persists = False
    mosquitto.start()
    assert "persistence" not in seen(mosquitto, tmp_path / "data")
    mosquitto.stop()
    mosquitto.start()
    found = seen(mosquitto, tmp_path / "data")["persistence"]
    assert found.verdict is WRONG
    assert "persistence true" in found.seen


def test_a_broker_that_keeps_a_thousand_is_told_how_many_it_has_lost(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    mosquitto.queued_max = 1_000
    mosquitto.start()
    found = seen(mosquitto, tmp_path / "data")["sessions"]
    assert found.verdict is WRONG
    assert "Of 1200 messages that it acknowledged while we were away it kept 10" in found.seen
    assert "max_queued_messages 0" in found.seen


def test_nobody_there_and_a_silent_one_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker_look, "ANSWER_S", 0.5)
    gone = look_at_broker(Config(data=tmp_path, broker=Broker(url=f"mqtt://{HOST}:1")), CLOCK)
    assert [(found.verdict, found.seen[:29]) for found in gone] == [(WRONG, "127.0.0.1:1 can't be reached:")]
    with socket.create_server((HOST, 0)) as silent:
        url = f"mqtt://{HOST}:{silent.getsockname()[1]}"
        (found,) = look_at_broker(Config(data=tmp_path, broker=Broker(url=url)), CLOCK)
    assert "does not answer as an MQTT broker" in found.seen


def test_home_assistants_broker_is_visited_and_refuses_a_stranger(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    def found(url: str) -> list[tuple[Verdict, str]]:
        looked = look_at_home(Config(data=tmp_path, home_assistant=HomeAssistant(url=url)))
        return [(finding.verdict, finding.seen) for finding in looked]

    assert found("") == []
    place = f"Home Assistant's broker {HOST}:{mosquitto.port}"
    ((verdict, said),) = found(mosquitto.url)
    assert (verdict, said.startswith(f"{place} can't be reached")) == (WRONG, True)
    mosquitto.start()
    assert found(mosquitto.url) == [(FINE, f"{place} lets us in.")]
    with socket.create_server((HOST, 0)) as stern:

        def refuse() -> None:
            line = stern.accept()[0]
            line.recv(4096)
            line.sendall(b"\x20\x02\x00\x05")  # CONNACK: not authorized
            line.close()

        threading.Thread(target=refuse, daemon=True).start()
        ((verdict, said),) = found(f"mqtt://{HOST}:{stern.getsockname()[1]}")
        assert (verdict, "refuses us: Not authorized" in said) == (WRONG, True)


def test_a_port_that_another_program_has_is_told(tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as other:
        port = other.getsockname()[1]
        transmitters = Gb26875(host="0.0.0.0", port=free_port())
        config = Config(data=tmp_path, web=Web(port=port), mqtt=Mqtt(port=free_port()), gb26875=transmitters)
        found = {finding.subject: finding for finding in look_at_ports(config, running=False)}
    assert found[f"port {port}"].verdict is WRONG
    assert "Address already in use" in found[f"port {port}"].seen
    assert found[f"port {config.mqtt.port}"].verdict is FINE
    assert found[f"port {transmitters.port}"].verdict is FINE
    assert "neither password nor encryption" in found["devices"].seen


def certificate(
    folder: Path, name: str, days: int, environment: dict[str, str] | None = None
) -> tuple[str, str]:
    """A self-signed certificate and its key."""
    files = folder / f"{name}.crt", folder / f"{name}.key"
    subprocess.run(
        [needed("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-days", str(days), "-subj", "/CN=flameblue", "-out", str(files[0]), "-keyout", str(files[1])],
        check=True, capture_output=True, env={**os.environ, **(environment or {})},
    )  # fmt: skip
    return str(files[0]), str(files[1])


def a_month_ago() -> dict[str, str]:
    return {"LD_PRELOAD": needed_library("faketime/libfaketimeMT.so.1"), "FAKETIME": "-30d"}


def test_a_certificate_is_good_ends_soon_has_ended_or_is_another_key_s(tmp_path: Path) -> None:
    long, soon = certificate(tmp_path, "long", 400), certificate(tmp_path, "soon", 10)
    now = CLOCK.now_ns()

    def judged(crt: str, key: str) -> Finding:
        (found,) = look_at_certificate(
            Config(mqtt=Mqtt(tls_port=8883, certificate=crt, key=key)), to_datetime(now)
        )
        return found

    assert judged(*long).verdict is FINE
    assert judged(*soon).verdict is UNSURE
    assert "renew it now" in judged(*soon).seen
    assert judged(long[0], soon[1]).verdict is WRONG
    assert judged("gone.crt", "gone.key").verdict is WRONG
    ended = certificate(tmp_path, "ended", 1, a_month_ago())
    assert judged(*ended).verdict is WRONG
    assert "certificate has expired" in judged(*ended).seen


def test_a_folder_in_memory_is_no_disk() -> None:
    found = {finding.subject: finding for finding in look_at_disk(Config(data=Path("/dev/shm/data")), CLOCK)}
    assert found["disk"].verdict is WRONG
    assert "is tmpfs, memory" in found["disk"].seen


def test_a_clock_that_is_behind_the_journal_is_told(tmp_path: Path) -> None:
    journal = EmbeddedJournal(tmp_path / "journal.sqlite3")
    journal.append([tick_draft(CLOCK.now_ns() + 3_600 * 10**9)])
    journal.close()
    (found,) = look_at_clock(Config(data=tmp_path), CLOCK)
    assert found.verdict is WRONG
    assert "behind the journal's last record" in found.seen


def test_the_command_tells_all_and_its_status_is_for_scripts(tmp_path: Path) -> None:
    centre = SmsCentre()
    centre.start()
    try:
        it = Installation(tmp_path / "data", centre.environment())
        good = it.tries("check")
        assert good.returncode == 0, good.stdout
        assert "fine   SMS           smpp takes us" in good.stdout
        assert it.tries("check", "--strict").returncode == 1
        assert not it.data.exists(), "a check leaves nothing behind"
    finally:
        centre.stop()
    it.environment["FLAMEBLUE_SMPP_PORT"] = str(free_port())
    bad = it.tries("check")
    assert bad.returncode == 1
    assert "WRONG  SMS           smpp can't be reached within 10 s" in bad.stdout
    assert "refused" in bad.stdout


def test_a_settings_file_is_named_after_the_command_and_a_damaged_database_is_told(tmp_path: Path) -> None:
    it = Installation(tmp_path / "data")
    it.data.mkdir()
    it.python(
        "from django.conf import settings\nfrom flameblue.runtime.installation import prepare\nprepare(settings.CONFIG)"
    )
    file = tmp_path / "flameblue.toml"
    file.write_text("[messages]\nsms_channel = 'pigeon'\n", encoding="utf-8")
    told = it.tries("check", "--config", str(file))
    assert told.returncode == 1
    assert "messages.sms_channel is 'pigeon'; there are:" in told.stdout
    assert "its tables are of this version" in told.stdout
    database = it.data / "flameblue.sqlite3"
    database.write_bytes(b"no database at all, " * 100)
    told = it.tries("check")
    assert told.returncode == 1
    assert "file is not a database" in told.stdout


def test_a_device_model_that_cannot_be_used_is_named_with_its_mistake(tmp_path: Path) -> None:
    config = Config(data=tmp_path)
    assert [finding.verdict for finding in look_at_profiles(config)] == [FINE]
    folder = tmp_path / "profiles"
    folder.mkdir()
    (folder / "mine.yaml").write_text("name: mine\nprotocol: mqtt\npayload: flameblue\ninterval: 10\n")
    (found,) = look_at_profiles(config)
    assert found.verdict is WRONG
    assert f"{folder / 'mine.yaml'}: " in found.seen
    assert "interval" in found.seen


def test_a_port_that_is_none_and_a_certificate_that_is_not_named_are_told_once() -> None:
    config = Config(web=Web(port=99_999), mqtt=Mqtt(port=0, tls_port=8883))
    assert "port 99999" not in {found.subject for found in look_at_ports(config, running=False)}
    assert list(look_at_certificate(config, a_month_ago())) == []
    told = [one for one in mistakes(config) if "99999" in one or "mqtt.certificate" in one]
    assert len(told) == 2
