"""A process that takes a broker's messages in: `python -m tests.live.broker_taker URL FOLDER [ENOUGH]`.

What is durable is appended to FOLDER/values, synced; after ENOUGH values nothing more ever is. FOLDER/arrived grows
with each call of the sink.
"""

import asyncio
import os
import sys
from pathlib import Path

from flameblue.config import Broker
from flameblue.domain.readings import Readings
from flameblue.intake.broker import BrokerSource
from tests.intake.valley import MemorySink, intake


class FileSink(MemorySink):
    """Durable when the file is synced, until `enough` values are."""

    def __init__(self, folder: Path, enough: int) -> None:
        super().__init__()
        self._folder = folder
        self._enough = enough

    async def readings(self, arrival_ns: int, readings: Readings) -> None:
        self.arrivals.append(arrival_ns)
        with (self._folder / "arrived").open("a", encoding="ascii") as arrived:
            arrived.write("x" * len(readings))
        if self._enough <= 0:
            await asyncio.Event().wait()
        self._enough -= len(readings)
        with (self._folder / "values").open("a", encoding="ascii") as values:
            values.writelines(f"{value}\n" for value in readings["value"].tolist())
            values.flush()
            os.fsync(values.fileno())


async def main(url: str, folder: Path, enough: int) -> None:
    desk = intake(folder, FileSink(folder, enough))
    await BrokerSource(desk, Broker(url=url, client_id="flameblue-test")).serve()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]) if sys.argv[3:] else sys.maxsize))
