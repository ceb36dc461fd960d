"""Mutated MQTT streams through the listener itself: everything is counted, and a healthy device is answered amid it."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from flameblue.domain.clock import ManualClock
from flameblue.intake.directory import Directory, Outcome
from flameblue.intake.protocols.mqtt.codec import Session
from flameblue.intake.protocols.mqtt.packets import Publish
from flameblue.intake.reasons import Reason
from flameblue.intake.reception import Intake
from tests.hostile.mutations import Mutator
from tests.hostile.targets import generated, recorded
from tests.intake.mqtt_packets import puback, publish
from tests.intake.peer import Peer, connected, serving
from tests.intake.valley import TOPIC, MemorySink

AT_ONCE = 50
ENDS = {"Disconnect", "Broken", "Unacceptable"}
ERRORS = {"Broken", "Unacceptable"}


def expected(streams: Sequence[bytes], directory: Directory, now_ns: int) -> Counter[str]:
    """What the listener must count, told from the frames alone."""
    count: Counter[str] = Counter()
    for stream in streams:
        frames = Session().feed(stream)
        kinds = [type(frame).__name__ for frame in frames]
        if kinds[:1] == ["Connect"]:
            if not is_admitted(frames[0], directory, now_ns):
                count["refused"] += 1
                continue
            count["connects"] += 1
        count["protocol_errors"] += any(kind in ERRORS for kind in kinds)
        said = frames[: next((n for n, kind in enumerate(kinds) if kind in ENDS), None)]
        numbers = [frame.packet_id for frame in said if isinstance(frame, Publish)]
        count["published"] += len(numbers)
        count["published once"] += numbers.count(0) + len(set(numbers) - {0})
    return count


def is_admitted(frame: Any, directory: Directory, now_ns: int) -> bool:
    password = None if frame.password is None else frame.password.decode("utf-8", "backslashreplace")
    return directory.admit(frame.user or "", password, now_ns).outcome is Outcome.DEVICE


@pytest.mark.parametrize("total", [2_000, pytest.param(50_000, marks=pytest.mark.proof)])
async def test_every_mutated_stream_is_counted_and_a_healthy_device_is_answered(
    desk: Intake, sink: MemorySink, clock: ManualClock, total: int
) -> None:
    mutator = Mutator(11, recorded("mqtt") + generated())
    streams = [mutator.bytes() for _ in range(total)]
    async with serving(desk) as listener:
        healthy = await connected(listener, client_id="healthy")
        for number, start in enumerate(range(0, total, AT_ONCE), 1):
            peers = [(Peer(listener), stream) for stream in streams[start : start + AT_ONCE]]
            for peer, stream in peers:
                for piece in mutator.pieces(stream):
                    peer.send(piece)
            healthy.send(publish(TOPIC, b'{"v":{"ib":%d}}' % number, number))  # amperes
            await healthy.receives(puback(number))
            for peer, _ in peers:
                peer.vanish()
        healthy.send(publish(TOPIC, b'{"v":{"ib":0}}', 65_535))
        await healthy.receives(puback(65_535))
        counted, promised = desk.counts, expected(streams, desk.directory, clock.now_ns())
        assert counted["connections"] == total + 1
        assert counted["connections_open"] == 1
        assert counted["connects"] == promised["connects"] + 1
        assert counted["refused"] == promised["refused"]
        assert counted["protocol_errors"] == promised["protocol_errors"]
        messages = counted["messages"] - counted["refused"] - counted["protocol_errors"] - number - 1
        assert promised["published once"] <= messages <= promised["published"]
    assert min(promised.values()) > 0
    totals = desk.quarantine.totals()
    assert Reason.OUR_FAULT not in totals
    assert sum(totals.values()) == counted["quarantined"]
    assert len(sink.rows) == counted["readings"]
    assert {one * 1_000 for one in range(1, number + 1)} <= set(sink.values(3))
