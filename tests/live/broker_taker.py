"""A process that takes a broker's messages in: `python -m tests.live.broker_taker URL FOLDER [hold]`.

What is durable is appended to FOLDER/values, synced; with `hold` nothing ever is. FOLDER/arrived grows with each
call of the sink.
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
    """Durable when the file is synced."""

    def __init__(self, folder: Path, hold: bool) -> None:
        super().__init__()
        self._folder = folder
        self._hold = hold

    async def readings(self, arrival_ns: int, readings: Readings) -> None:
        self.arrivals.append(arrival_ns)
        with (self._folder / "arrived").open("a", encoding="ascii") as arrived:
            arrived.write("x" * len(readings))
        if self._hold:
            await asyncio.Event().wait()
        with (self._folder / "values").open("a", encoding="ascii") as values:
            values.writelines(f"{value}\n" for value in readings["value"].tolist())
            values.flush()
            os.fsync(values.fileno())


async def main(url: str, folder: Path, hold: bool) -> None:
    desk = intake(folder, FileSink(folder, hold))
    await BrokerSource(desk, Broker(url=url, client_id="flameblue-test")).serve()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), "hold" in sys.argv))
