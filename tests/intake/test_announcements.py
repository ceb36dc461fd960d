"""The announcements of a broker: what holds now, bounded, readable from elsewhere."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from flameblue.config import Broker
from flameblue.domain.limits import ANNOUNCEMENT_BYTES_MAX, ANNOUNCEMENTS_MAX
from flameblue.intake.announcements import FILE, Announcements, announced
from flameblue.intake.broker import BrokerSource
from flameblue.intake.decode import Message
from flameblue.intake.reception import Intake

PREFIX = "homeassistant"
PAYLOAD = b'{"name": "x", "device": {"name": "plug"}}'


@pytest.fixture
def heard(tmp_path: Path) -> Announcements:
    return Announcements(tmp_path, PREFIX)


def topics(folder: Path) -> list[str]:
    return [one.topic for one in announced(folder, PREFIX)[0]]


def test_it_subscribes_to_what_may_be_measured(heard: Announcements) -> None:
    assert heard.topics == (
        "homeassistant/sensor/#",
        "homeassistant/binary_sensor/#",
        "homeassistant/device/#",
    )


async def test_without_a_prefix_nothing_is_listened_to(tmp_path: Path) -> None:
    deaf = Announcements(tmp_path, "")
    assert deaf.topics == ()
    assert not deaf.takes("/sensor/a/config", PAYLOAD)
    async with asyncio.timeout(5):
        await deaf.serve()


def test_the_newest_counts_and_an_empty_one_takes_back(heard: Announcements, tmp_path: Path) -> None:
    for topic, payload in (("a", PAYLOAD), ("b", b"{}"), ("b", PAYLOAD), ("a", b""), ("c", b"")):
        assert heard.takes(f"{PREFIX}/sensor/{topic}/config", payload)
    heard.write()
    (found,) = announced(tmp_path, PREFIX)[0]
    assert (found.topic, found.label) == (f"{PREFIX}/sensor/b/config", "plug")


def test_a_connection_begins_with_what_the_broker_sends_then(heard: Announcements, tmp_path: Path) -> None:
    heard.takes(f"{PREFIX}/sensor/old/config", PAYLOAD)
    heard.write()
    heard.begin()
    heard.takes(f"{PREFIX}/sensor/new/config", PAYLOAD)
    heard.write()
    assert topics(tmp_path) == [f"{PREFIX}/sensor/new/config"]


def test_what_is_no_announcement_is_left_to_others(heard: Announcements) -> None:
    assert not heard.takes("flameblue/v1/D0217/readings", b"{}")
    assert not heard.takes(f"{PREFIX}/status", b"online")


def test_what_is_there_to_be_switched_is_not_kept(heard: Announcements, tmp_path: Path) -> None:
    assert heard.takes(f"{PREFIX}/light/a/config", PAYLOAD)
    heard.write()
    assert topics(tmp_path) == []


def test_beyond_the_limit_new_ones_are_left_out_and_known_ones_still_change(
    heard: Announcements, tmp_path: Path
) -> None:
    for number in range(ANNOUNCEMENTS_MAX):
        heard.takes(f"{PREFIX}/sensor/s{number}/config", b"{}")
    heard.write()
    heard.takes(f"{PREFIX}/sensor/more/config", b"{}")
    heard.takes(f"{PREFIX}/sensor/s7/config", PAYLOAD)
    heard.write()
    assert len(topics(tmp_path)) == ANNOUNCEMENTS_MAX
    assert f"{PREFIX}/sensor/more/config" not in topics(tmp_path)
    assert "plug" in {one.label for one in announced(tmp_path, PREFIX)[0]}


def test_a_flood_between_two_writes_is_bounded(heard: Announcements, tmp_path: Path) -> None:
    for _ in range(ANNOUNCEMENTS_MAX):
        heard.takes(f"{PREFIX}/sensor/loud/config", PAYLOAD)
    heard.takes(f"{PREFIX}/sensor/one_too_many/config", PAYLOAD)
    heard.write()
    assert topics(tmp_path) == [f"{PREFIX}/sensor/loud/config"]


def test_what_can_not_be_read_is_told_with_the_reason(heard: Announcements, tmp_path: Path) -> None:
    heard.takes(f"{PREFIX}/sensor/a/config", b"{")
    heard.takes(f"{PREFIX}/sensor/b/config", b" " * 10 * ANNOUNCEMENT_BYTES_MAX)
    heard.write()
    found, refused = announced(tmp_path, PREFIX)
    assert found == []
    assert [one.topic[-8:] for one in refused] == ["a/config", "b/config"]
    assert "not JSON" in refused[0].why
    assert str(ANNOUNCEMENT_BYTES_MAX) in refused[1].why
    with closing(sqlite3.connect(tmp_path / FILE)) as file:
        assert file.execute("select max(length(payload)) from announcement").fetchone() == (
            ANNOUNCEMENT_BYTES_MAX + 1,
        )


def test_a_disk_that_fails_is_no_error_of_the_readings(
    heard: Announcements, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / FILE).mkdir()
    heard.takes(f"{PREFIX}/sensor/a/config", PAYLOAD)
    heard.write()
    assert "can't be written" in caplog.text


def test_nothing_is_announced_where_nothing_was_ever_heard(tmp_path: Path) -> None:
    assert announced(tmp_path, PREFIX) == ([], [])


async def test_an_announcement_is_no_message_of_a_device(
    desk: Intake, heard: Announcements, tmp_path: Path
) -> None:
    source = BrokerSource(desk, Broker(url="mqtt://127.0.0.1:1"), heard)
    assert source.announces(Message(f"{PREFIX}/sensor/a/config", PAYLOAD))
    assert not source.announces(Message("flameblue/v1/D0217/readings", b"{}"))
    heard.write()
    assert topics(tmp_path) == [f"{PREFIX}/sensor/a/config"]
