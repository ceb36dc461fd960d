"""What a demo can't be started with is said in words, before anything starts."""

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from flameblue.config import SECRET_FILE, Config
from flameblue.domain.errors import BadInput
from flameblue.journal.embedded import EmbeddedJournal
from flameblue.runtime.demo import Wishes, configured, take_folder
from tests.live.installation import free_port


def config(data: Path) -> Config:
    return Config(data=data, policy=str(data / "policy.yaml"))


@pytest.mark.parametrize("port", [80_000, 0, -1])
def test_a_port_that_is_none_is_not_called_taken(tmp_path: Path, port: int) -> None:
    with pytest.raises(BadInput, match=rf"--port is {port}; a port is a number from 1 to 65535"):
        configured(Wishes(port=port, premises=1, seed=1, speed=1.0, data=None), tmp_path)
    wishes = Wishes(port=free_port(), premises=1, seed=1, speed=1.0, data=None, mqtt_port=port)
    with pytest.raises(BadInput, match=rf"--mqtt-port is {port}; a port is a number"):
        configured(wishes, tmp_path)


def test_the_devices_port_can_be_chosen(tmp_path: Path) -> None:
    wishes = Wishes(port=free_port(), premises=1, seed=1, speed=1.0, data=None, mqtt_port=free_port())
    assert configured(wishes, tmp_path).mqtt.port == wishes.mqtt_port
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(
            BadInput, match=f"Port {port} is taken. Try another one: .*--mqtt-port {port + 1}"
        ):
            configured(replace(wishes, mqtt_port=port), tmp_path)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    for data in (file, file / "below"):
        with pytest.raises(BadInput, match="can't be a folder: it, or a part of the way to it, is a file"):
            take_folder(config(data))


def test_a_folder_in_use_is_not_taken(tmp_path: Path) -> None:
    journal = EmbeddedJournal(tmp_path / "journal.sqlite3")
    try:
        with pytest.raises(BadInput, match="A demo already runs in"):
            take_folder(config(tmp_path))
    finally:
        journal.close()


def test_an_installation_is_never_made_a_demo(tmp_path: Path) -> None:
    (tmp_path / SECRET_FILE).write_text("x")
    with pytest.raises(BadInput, match="holds an installation that is no demo"):
        take_folder(config(tmp_path))
    (tmp_path / "policy.yaml").write_text("{}")
    take_folder(config(tmp_path))


def test_a_new_folder_is_made(tmp_path: Path) -> None:
    take_folder(config(tmp_path / "a" / "b"))
    assert (tmp_path / "a" / "b").is_dir()
