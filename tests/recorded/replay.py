"""One recording through the whole of Flameblue, in the recording's own time."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flameblue.domain.clock import ManualClock
from flameblue.simulation.recording import Moment
from tests.recorded.desk import Officers
from tests.recorded.driven import running
from tests.recorded.recordings import CREDENTIAL, Source, settle_in

MS = 1_000_000
BEFORE_S = 60  # before the first reading


@dataclass(frozen=True)
class Replayed:
    """What was sent; every message was acknowledged."""

    source: Source
    readings: int
    messages: int
    first_ms: int
    last_ms: int


async def replay(source: Source, folder: Path) -> Replayed:
    """Replays all of `source`; what it led to is in the database and in `folder`."""
    recording = source.open()
    settle_in(source.places)
    clock = ManualClock(recording.first_ms * MS)
    clock.jump(-BEFORE_S)
    readings = 0
    async with running(folder, clock, Officers()) as driven:
        clients = [(place, await driven.connect(place.device, CREDENTIAL)) for place in source.places]
        for arrival_ms, burst in bursts(recording.moments(), source):
            await driven.wait_until(arrival_ms * MS)
            for place, client in clients:
                content = [
                    {"t": moment.at_ms, "v": {key: moment.values[key] for key in place.points}}
                    for moment in burst
                ]
                topic = f"flameblue/v1/{place.device}/readings"
                await driven.send(client, topic, json.dumps(content).encode())
                readings += len(burst) * len(place.points)
            await driven.settle()
    return Replayed(source, readings, driven.acknowledged, recording.first_ms, recording.last_ms)


def bursts(moments: Iterator[Moment], source: Source) -> Iterator[tuple[int, list[Moment]]]:
    """The messages, each with the time at which it arrives: that of its last reading.

    Where the recording's clock was set back, arrival time goes on by the interval, as it did then.
    """
    arrival_ms, before_ms = 0, 0
    waiting: list[Moment] = []
    for moment in moments:
        if not before_ms:
            arrival_ms = moment.at_ms
        else:
            step_ms = moment.at_ms - before_ms
            arrival_ms += step_ms if step_ms > 0 else source.interval_s * 1_000
        before_ms = moment.at_ms
        waiting.append(moment)
        if len(waiting) >= source.burst:
            yield arrival_ms, waiting
            waiting = []
    if waiting:
        yield arrival_ms, waiting
