"""A transmitter of GB/T 26875.3 on its line: it dials, sends, waits for the confirm, sends again, gives up, dials anew.

Promises: a frame that was not confirmed is sent again as it was, with the same serial number, three times on a line and
on the next one too, so that a centre can know it; what was confirmed is not sent again.
Source: GB/T 26875.3-2011, 6.5.4 (at most 10 s for an answer, three re-sends), 6.5.5.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from flameblue.intake.protocols.gb26875 import numbers
from flameblue.intake.protocols.gb26875.codec import Frame, Session, encode
from flameblue.simulation.bad_line import BadLine, dialled, until_one_ends
from flameblue.simulation.device import Address, LineLost, Reporting, Surroundings
from flameblue.simulation.measuring import Sample
from flameblue.simulation.transmitter import SAMPLES_PER_FRAME, Report, Transmitter, as_sent

KIND = "gb26875"
CONFIRMED_WITHIN_S = 5.0
RE_SENDS = 3
HEARTBEAT_S = 30.0
NS_PER_MS = 1_000_000
REPLIES_MAX = 64  # a centre's answers on their way; more than there are exchanges


class TransmittingDetector(Reporting):
    """The detector of one circuit behind its transmitter."""

    def __init__(self, transmitter: Transmitter, name: str, address: Address, around: Surroundings) -> None:
        super().__init__(name, around)
        self._transmitter = transmitter
        self._address = address
        self._under_way: Report | None = None

    def lose_power(self) -> None:
        """And what was under way."""
        super().lose_power()
        self._under_way = None
        self._transmitter.bits = None

    def as_sent(self, sample: Sample) -> tuple[int, Mapping[str, Any]]:
        """As the frames have it."""
        return as_sent(sample)

    async def converse(self) -> None:
        """Until the line ends, or the power."""
        async with dialled(self._address, f"{KIND}/{self.name}", self.around) as line:
            self.arrived()
            replies: asyncio.Queue[Frame] = asyncio.Queue(REPLIES_MAX)
            await until_one_ends(self._listen(line, replies), self._report(line, replies), line.last())

    async def _listen(self, line: BadLine, replies: asyncio.Queue[Frame]) -> None:
        session = Session()
        while True:
            for item in session.feed(await line.read()):
                if not isinstance(item, Frame):
                    continue
                if item.command in (numbers.ACKNOWLEDGE, numbers.DENY) and not replies.full():
                    replies.put_nowait(item)
                for answer in self._transmitter.answers(item, self._now_ms()):
                    await line.send(encode(answer), checked=True)

    async def _report(self, line: BadLine, replies: asyncio.Queue[Frame]) -> None:
        while True:
            if self._under_way is None and not await self._has_something():
                await self._exchange(line, self._transmitter.heartbeat(self._now_ms()), replies)
                continue
            if self.is_dark():
                return
            if self._under_way is None:
                waiting = self.outbox.head(SAMPLES_PER_FRAME)
                self._under_way = self._transmitter.next_report(waiting, self._now_ms())
            report = self._under_way
            self.sending(report.samples)
            await self._exchange(line, report.frame, replies)
            if self._under_way is report:  # and not lost with the power meanwhile
                self._confirmed(report)

    async def _has_something(self) -> bool:
        """Whether a sample, or the end of the power, came before the next heartbeat is due."""
        try:
            async with asyncio.timeout(HEARTBEAT_S):
                await self.outbox.filled.wait()
        except TimeoutError:
            return False
        return True

    def _confirmed(self, report: Report) -> None:
        self._under_way = None
        if report.bits is not None:
            self._transmitter.bits = report.bits
        self.acknowledged(report.samples)

    async def _exchange(self, line: BadLine, frame: Frame, replies: asyncio.Queue[Frame]) -> None:
        """Until it is confirmed; LineLost where that does not come about."""
        for attempt in range(1 + RE_SENDS):
            self.around.counts.repeated += attempt > 0
            await line.send(encode(frame), checked=True)
            try:
                async with asyncio.timeout(CONFIRMED_WITHIN_S):
                    reply = await _reply_to(frame, replies)
            except TimeoutError:
                continue
            if reply.command == numbers.ACKNOWLEDGE:
                return
        raise LineLost(f"{frame.serial} was not confirmed")

    def _now_ms(self) -> int:
        return self.around.clock.now_ns() // NS_PER_MS


async def _reply_to(frame: Frame, replies: asyncio.Queue[Frame]) -> Frame:
    """The one that bears its serial number; those of frames that were confirmed before are passed over."""
    while True:
        reply = await replies.get()
        if reply.serial == frame.serial:
            return reply
