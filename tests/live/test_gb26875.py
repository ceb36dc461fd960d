"""A transmitter of GB/T 26875.3 and a whole Flameblue: real sockets, a core that is killed, and a fire that is told."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from flameblue.domain.quantities import NO_VALUE
from tests.intake.transmitter import CONFIRM, DENY, Reply, Transmitter, reply, state
from tests.live.installation import HOST, Installation, free_port, installation, wait_for
from tests.live.journals import Reading, journalled

pytestmark = [pytest.mark.live]
WITHIN_S = 20.0
NS_PER_S = 1_000_000_000
KEYS = ("1.17.2db83201", "1.17.2eb83201")
CABIN = {
    "site": "禾木",
    "station": "禾木消防站",
    "premises": "木屋1号",
    "owner": "户主1",
    "phone": "+8613800000001",
    "panel": "2号箱",
    "circuit": "203房暖气",
    "device": "用传1",
    "profile": "gb26875-generic",
    "quantity": "residual_current_ma",
    "place": "203房",
}
CASES = """
import json
from flameblue.cases.models import Case
rows = Case.objects.values_list("premises__name", "worst_level", "is_test", "notices__to")
print(json.dumps(list(rows)))
"""


class Wire:
    """The transmitter's end of a TCP connection, from any address of the loopback network."""

    def __init__(self, port: int, address: str = "127.0.0.1") -> None:
        self.socket = socket.create_connection((HOST, port), WITHIN_S, (address, 0))

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def reply(self) -> Reply | None:
        """The next one; None where the other end is gone."""
        said = b""
        try:
            while len(said) < 30:
                more = self.socket.recv(30 - len(said))
                if not more:
                    return None
                said += more
        except ConnectionError:
            return None
        return reply(said)

    def close(self) -> None:
        self.socket.close()


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def it(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[Installation]:
    """One cabin with two detectors behind the transmitter 889."""
    rows = [CABIN | {"point": key} for key in KEYS]
    environment = {"FLAMEBLUE_GB26875_PORT": str(port)}
    folder = tmp_path_factory.mktemp("gb26875")
    with installation(folder / "data", rows, environment) as running:
        addresses = folder / "addresses.csv"
        addresses.write_text("村,场所,设备,通信地址\n禾木,木屋1号,用传1,889\n", encoding="utf-8")
        assert "knows it" in running.command("import", str(addresses)).stdout
        yield running


def label(at_s: float) -> tuple[int, ...]:
    """The time label of a moment in China."""
    local = time.gmtime(at_s + 8 * 3_600)
    return (local.tm_sec, local.tm_min, local.tm_hour, local.tm_mday, local.tm_mon, local.tm_year - 2_000)


def now() -> tuple[int, ...]:
    return label(time.time())


def kept(it: Installation) -> list[Reading]:
    return journalled(it.data)


def test_split_delayed_doubled_and_broken_frames_over_a_socket(it: Installation, port: int) -> None:
    device = Transmitter()
    with closing(Wire(port)) as wire:
        frame = device.frame(state(1, time=now()), time=now())
        for at in range(0, len(frame), 7):
            wire.send(frame[at : at + 7])
            time.sleep(0.02)
        first = wire.reply()
        assert first is not None
        assert (first.serial, first.command) == (1, CONFIRM)
        before = len(kept(it))
        wire.send(frame + frame)
        assert [one and one.command for one in (wire.reply(), wire.reply())] == [CONFIRM, CONFIRM]
        assert len(kept(it)) == before
        spoilt = bytearray(device.frame(state(2, time=now())))
        spoilt[30] ^= 0x10
        wire.send(b"\x00@@rubbish##" + bytes(spoilt) + device.frame(state(1, KEYS[1][5:], time=now())))
        assert [one and one.command for one in (wire.reply(), wire.reply())] == [DENY, CONFIRM]
        assert len(kept(it)) == before + 1


def test_nothing_confirmed_is_lost_when_the_core_is_killed(it: Installation, port: int) -> None:
    device, confirmed = Transmitter(serial=100), []
    began_s = int(time.time()) - 3_000
    for life in range(3):
        with closing(Wire(port)) as wire:
            for number in range(60):
                at = label(began_s + life * 100 + number)
                wire.send(device.frame(state(1, time=at), time=at))
                if number == 40:
                    it.kill("core")
                found = wire.reply()
                if found is None:
                    break
                assert found.command == CONFIRM
                confirmed.append((began_s + life * 100 + number) * NS_PER_S)
        it.wait_until_healthy(since_ns=time.time_ns())
    in_journal = {at_ns for _, at_ns, _ in kept(it)}
    assert len(confirmed) >= 3 * 40
    assert set(confirmed) <= in_journal


def test_a_fire_of_the_transmitter_is_a_case_and_a_message(it: Installation, port: int) -> None:
    with closing(Wire(port)) as wire:
        wire.send(Transmitter(serial=71).frame(state(3, time=now()), time=now()))
        said = wire.reply()
        assert said is not None
        assert said.command == CONFIRM

    def told() -> bool:
        rows = json.loads(it.python(CASES))
        return any(row[0] == "木屋1号" and not row[2] and row[3] for row in rows)

    wait_for(told, WITHIN_S, "a case with a notice")
    assert {value for _, _, value in kept(it)} == {NO_VALUE}


def test_a_stranger_is_denied(it: Installation, port: int) -> None:
    stranger = Transmitter(bytes.fromhex("050403020100"))
    with closing(Wire(port)) as wire:
        wire.send(stranger.frame(state(2, time=now())))
        said = wire.reply()
        assert said is not None
        assert said.command == DENY
