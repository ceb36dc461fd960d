"""Mutated MQTT streams through the listener itself: everything is counted, and a healthy device is answered amid it."""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

import pytest

from flameblue.domain.clock import ManualClock
from flameblue.domain.quantities import QUANTITIES
from flameblue.intake.directory import DeviceEntry, Directory, Outcome, credential_hash
from flameblue.intake.reasons import Reason
from flameblue.intake.reception import Intake
from tests.hostile.model import Heard, Story, story
from tests.hostile.mutations import Mutator
from tests.hostile.streams import recorded, spoken
from tests.intake import mqtt5_packets as five
from tests.intake.mqtt_packets import puback, publish
from tests.intake.peer import Peer, connected, serving
from tests.intake.valley import KEY, MemorySink

AT_ONCE = 50
SECRET = "a word of its own"
POINT = 91
HEALTHY = DeviceEntry(
    "healthy", "flameblue-generic", credential_hash(KEY, SECRET), {"ib": (POINT, QUANTITIES["current_a"])}
)
HEALTHY_TOPIC = "flameblue/v1/healthy/readings"
ANSWERED_AT_ONCE = "v1/"  # what ThingsBoard's clients ask is answered and is no message


@dataclass
class Promised:
    """What the listener must count, as the model has it."""

    counts: Counter[str]
    asked_max: int = 0  # messages that may be requests
    again_max: int = 0  # messages that may be repeats of what is on disk already


def promised(stories: Iterable[Story], directory: Directory, now_ns: int) -> Promised:
    told = Promised(Counter())
    for one in stories:
        heard = one.heard
        if one.version:
            if directory.admit(one.user, one.password, now_ns).outcome is not Outcome.DEVICE:
                told.counts["refused"] += 1
                continue
            told.counts["connects"] += 1
            told.counts[f"connects of version {one.version}"] += 1
        if one.cut_off is not None:
            heard = heard[: one.cut_off]
            told.counts["cut off"] += 1
        told.counts["protocol_errors"] += one.wrong and one.cut_off is None
        told.counts["published"] += len(heard)
        told.counts["published at QoS 2"] += sum(message.qos == 2 for message in heard)
        told.asked_max += sum(message.topic.startswith(ANSWERED_AT_ONCE) for message in heard)
        told.again_max += sum(_may_be_known(message) for message in heard)
    return told


def _may_be_known(message: Heard) -> bool:
    return message.qos == 2 and message.again


@pytest.fixture
def busy(desk: Intake) -> Intake:
    """An intake that also knows the healthy device, which is nobody else's to speak for."""
    known = desk.directory
    desk.directory = replace(
        known,
        devices={**known.devices, HEALTHY.name: HEALTHY},
        by_credential={**known.by_credential, HEALTHY.credential_hash: HEALTHY.name},
    )
    return desk


@pytest.mark.parametrize("total", [2_000, pytest.param(50_000, marks=pytest.mark.proof)])
async def test_every_mutated_stream_is_counted_and_a_healthy_device_is_answered(
    busy: Intake, sink: MemorySink, clock: ManualClock, total: int
) -> None:
    mutator = Mutator(11, recorded("mqtt") + spoken())
    streams = [mutator.stream() for _ in range(total)]
    async with serving(busy) as listener:
        healthy = await connected(listener, client_id="healthy", user=HEALTHY.name, password=SECRET)
        unheard: deque[Peer] = deque()
        for number, start in enumerate(range(0, total, AT_ONCE), 1):
            peers = [(Peer(listener), stream) for stream in streams[start : start + AT_ONCE]]
            for peer, stream in peers:
                for piece in mutator.pieces(stream):
                    peer.send(piece)
            await is_answered(healthy, number)
            for peer, _ in peers:
                peer.vanish()
                unheard.append(peer)
        while unheard:  # those who are gone have their say too, after the others
            if has_been_heard(unheard[0]):
                unheard.popleft()
            else:
                number += 1
                assert number < total
                await is_answered(healthy, number)
        await is_answered(healthy, 0)
        is_counted(busy, promised(map(story, streams), busy.directory, clock.now_ns()), total, number + 1)
        assert busy.counts["connections_open"] == 1
    totals = busy.quarantine.totals()
    assert Reason.OUR_FAULT not in totals
    assert sum(totals.values()) == busy.counts["quarantined"]
    assert len(sink.rows) == busy.counts["readings"]
    assert sink.values(POINT) == [*(one * 1_000 for one in range(1, number + 1)), 0]
    assert not any(POINT in points for points, _ in sink.connections)


async def is_answered(healthy: Peer, amperes: int) -> None:
    """Its reading is acknowledged, and so is on disk with everything before it."""
    packet_id = amperes + 1
    healthy.send(publish(HEALTHY_TOPIC, b'{"v":{"ib":%d}}' % amperes, packet_id))
    await healthy.receives(puback(packet_id))


def has_been_heard(peer: Peer) -> bool:
    return not peer.line.frames and not peer.line.queued


def is_counted(desk: Intake, told: Promised, total: int, own: int) -> None:
    """Each stream and each message of it under its own heading; `own`: the healthy device's messages."""
    counted, must = desk.counts, told.counts
    assert counted["connections"] == total + 1
    assert counted["connects"] == must["connects"] + 1
    assert counted["refused"] == must["refused"]
    assert counted["protocol_errors"] == must["protocol_errors"]
    kept = counted["messages"] - counted["refused"] - counted["protocol_errors"] - own
    assert kept + counted["duplicates"] + counted["requests"] == must["published"]
    assert 0 < counted["duplicates"] <= told.again_max
    assert 0 < counted["requests"] <= told.asked_max
    assert min(must.values()) > 0, must


async def test_what_is_counted_once_is_a_repeat_of_what_is_on_disk(busy: Intake, sink: MemorySink) -> None:
    """The equation above holds by what each heading means: three messages, of which one is known already."""
    once = [
        five.publish("flameblue/v1/D0217/readings", b'{"v":{"ib":1}}', 7, flags=4 | again) for again in (0, 8)
    ]
    async with serving(busy) as listener:
        peer = Peer(listener)
        peer.send(five.connect("c"))
        await peer.next_packet()
        for packet in (once[0], once[1], once[0]):
            peer.send(packet)
            await peer.receives(five.pubrec_from_us(7))
    assert (busy.counts["messages"], busy.counts["duplicates"]) == (2, 1)
    assert len(sink.rows) == 2
