"""4G units that dial in to a whole Flameblue, with pymodbus' server behind them: drops, strangers, garbage, a kill."""

import socket
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from itertools import pairwise

import pytest

from flameblue.journal.embedded import EmbeddedJournal
from flameblue.journal.record import Kind
from tests.live.installation import HOST, Installation, free_port, installation, wait_for
from tests.live.journals import journalled
from tests.live.modbus_devices import Dtu, beside, device, dialling, serving

pytestmark = [pytest.mark.live]
WITHIN_S = 30.0
NS_PER_S = 1_000_000_000
MIB = 1 << 20
IMEI, OTHER = "860123456789014", "490154203237518"
RELAY = """
name: relay
protocol: modbus
interval_s: 1
modbus: {timeout_ms: 500}
points:
  ir: {quantity: residual_current_ma, register: {address: 0}}
"""
CABIN = {
    "site": "禾木",
    "station": "禾木消防站",
    "premises": "木屋1号",
    "owner": "户主1",
    "phone": "+8613800000001",
    "panel": "2号箱",
    "circuit": "总进线",
    "profile": "relay",
    "place": "配电间",
}


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def it(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[Installation]:
    """A cabin with two relays behind one unit."""
    data = tmp_path_factory.mktemp("dial_in") / "data"
    (data / "profiles").mkdir(parents=True)
    (data / "profiles/relay.yaml").write_text(RELAY, encoding="utf-8")
    rows = [CABIN | {"device": name} for name in ("探测器1", "探测器2")]
    with installation(data, rows, {"FLAMEBLUE_MODBUS_DIAL_IN_PORT": str(port)}) as running:
        path = data / "addresses.csv"
        lines = [f"禾木,木屋1号,探测器{unit},dtu:{IMEI}?unit={unit}" for unit in (1, 2)]
        path.write_text("村,场所,设备,通信地址\n" + "\n".join(lines) + "\n", encoding="utf-8")
        assert "knows it" in running.command("import", str(path)).stdout
        yield running


def lost(it: Installation) -> int:
    """How many records there are of a connection that was lost."""
    journal = EmbeddedJournal(it.data / "journal.sqlite3", reader_only=True)
    with closing(journal):
        found, after = 0, 0
        while records := journal.read(after, 500):
            after = records[-1].offset
            found += sum(record.kind is Kind.CONNECTION and bool(record.body[0]) for record in records)
    return found


def arrivals(it: Installation, point: int, since_ns: int) -> list[int]:
    return sorted(at_ns for one, at_ns, _ in journalled(it.data) if one == point and at_ns > since_ns)


def test_a_unit_that_drops_all_day_loses_no_reading_doubles_none_and_alarms_nobody(
    it: Installation, port: int
) -> None:
    """Harder than every 20 s: every 4 s, beside a heartbeat twice a second, for 40 s."""
    devices = [device(unit, {0: 30 + unit}) for unit in (1, 2)]
    with ExitStack() as stack:
        behind = stack.enter_context(beside(serving(devices, "rtu")))
        unit = stack.enter_context(
            beside(dialling(Dtu(port, behind, f"{IMEI}\r\n".encode(), drops_every_s=4.0)))
        )
        wait_for(
            lambda: bool(arrivals(it, 1, 0)) and bool(arrivals(it, 2, 0)), WITHIN_S, "the first readings"
        )
        began_ns = time.time_ns()
        wait_for(lambda: unit.drops >= 10, 80.0, "ten drops")
        ended_ns = time.time_ns()
    for point, value in ((1, 310), (2, 320)):
        found = arrivals(it, point, began_ns)
        gaps = [(other - one) / NS_PER_S for one, other in pairwise(found)]
        lasted_s = (ended_ns - began_ns) / NS_PER_S
        print(f"point {point}: {len(found)} readings in {lasted_s:.0f} s, longest gap {max(gaps):.2f} s")
        assert max(Counter(found).values()) == 1
        assert max(gaps) < 5.0
        assert len(found) >= lasted_s / 2
        assert {one for at, _, one in journalled(it.data) if at == point} == {value}
    assert lost(it) == 0


def test_strangers_garbage_and_the_silent_cost_the_others_nothing(it: Installation, port: int) -> None:
    with ExitStack() as stack:
        behind = stack.enter_context(beside(serving([device(unit, {0: 40}) for unit in (1, 2)], "rtu")))
        stack.enter_context(beside(dialling(Dtu(port, behind, f'{{"imei":"{IMEI}"}}'.encode()))))
        since_ns = time.time_ns()
        wait_for(lambda: len(arrivals(it, 1, since_ns)) >= 2, WITHIN_S, "readings of the good unit")
        crowd = [stack.enter_context(closing(socket.create_connection((HOST, port)))) for _ in range(300)]
        stranger = stack.enter_context(closing(socket.create_connection((HOST, port))))
        stranger.sendall(OTHER.encode())
        spoilt = stack.enter_context(closing(socket.create_connection((HOST, port))))
        _send_garbage(spoilt)
        began_ns = time.time_ns()
        for one in (stranger, spoilt, *crowd):
            one.settimeout(WITHIN_S)
        assert _ends(stranger)
        assert _ends(spoilt)
        assert all(_ends(one) for one in crowd), "who says nothing is sent away"
        found = arrivals(it, 1, began_ns - NS_PER_S)
        gaps = [(other - one) / NS_PER_S for one, other in pairwise(found)]
        print(f"{len(found)} readings beside 300 silent ones, longest gap {max(gaps):.2f} s")
        assert max(gaps) < 2.0
        for name, times in (("dial_in_garbage", 1), ("refused", 1), ("connections_timed_out", 300)):
            wait_for(
                lambda name=name, times=times: it.health()["counters"].get(name, 0) >= times, WITHIN_S, name
            )


def _send_garbage(line: socket.socket) -> None:
    """1 MiB of what looks like answers, or as much as goes out before the line is ended."""
    with suppress(ConnectionError):
        line.sendall(b"\x01\x03\x02" * (MIB // 3))


def _ends(line: socket.socket) -> bool:
    try:
        return line.recv(1) == b""
    except ConnectionError:
        return True


def test_a_core_that_is_killed_asks_again(it: Installation, port: int) -> None:
    with ExitStack() as stack:
        behind = stack.enter_context(beside(serving([device(unit, {0: 50}) for unit in (1, 2)], "rtu")))
        stack.enter_context(beside(dialling(Dtu(port, behind, IMEI.encode()))))
        since_ns = time.time_ns()
        wait_for(lambda: len(arrivals(it, 2, since_ns)) >= 2, WITHIN_S, "readings")
        killed_ns = it.kill("core")
        it.wait_until_healthy(since_ns=time.time_ns())
        wait_for(lambda: len(arrivals(it, 2, killed_ns)) >= 2, WITHIN_S, "readings after the kill")
