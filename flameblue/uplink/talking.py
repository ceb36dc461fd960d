"""A line's conversation with the outbox behind it: what is said next, and what comes of what is heard. No sockets."""

import logging
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from flameblue.domain.errors import WorldFailed
from flameblue.intake.protocols.gb26875 import numbers
from flameblue.intake.protocols.gb26875.codec import Frame
from flameblue.uplink import planning
from flameblue.uplink.answering import Reply
from flameblue.uplink.conversation import (
    Asked,
    Conversation,
    Denied,
    Ended,
    Exchange,
    Heard,
    Turn,
    Unreadable,
)
from flameblue.uplink.mapping import Mapping
from flameblue.uplink.models import Upload
from flameblue.uplink.outbox import Head, Outgoing

log = logging.getLogger("flameblue.uplink")
SAID_NO = "the centre denied it"
SAID_NOTHING = "the centre answered others, and not this"


class LineEnded(WorldFailed):
    """Nobody answers any more, or somebody who speaks something else."""


class Desk(Protocol):
    """The database behind a line."""

    async def head(self, but: int | None) -> Head | None: ...
    async def claim(self, upload: int) -> Outgoing | None: ...
    async def settle(self, upload: int, state: str, detail: str) -> None: ...
    async def serial(self) -> int: ...
    async def states(self) -> tuple[bytes, bytes]: ...
    async def answer(self, frame: Frame) -> Reply: ...
    def now(self) -> datetime: ...
    def monotonic_s(self) -> float: ...


@dataclass(slots=True)
class Talk:
    """One connection. `counts` outlives it."""

    agreed: Mapping
    desk: Desk
    counts: Counter[str]
    conversation: Conversation = field(init=False)
    states: list[bytes] = field(default_factory=list)  # ours, not yet said

    def __post_init__(self) -> None:
        self.conversation = Conversation(self.agreed, self.desk.monotonic_s())

    async def speak(self) -> bytes:
        """What is to be written now, if anything. LineEnded where nobody answers."""
        if stale := self.conversation.give_up(self.desk.monotonic_s()):
            return b"".join([await self._take(one) for one in stale])
        but = self.conversation.but
        head = await self.desk.head(but)
        urgent = head is not None and head.is_urgent
        turn = self.conversation.turn(self.desk.monotonic_s(), waits=head is not None, urgent=urgent)
        if self.conversation.but != but:
            return await self.speak()  # the head was given up just now
        match turn:
            case Turn.WAIT:
                return b""
            case Turn.END:
                raise LineEnded("the centre does not answer")
            case Turn.AGAIN:
                return await self._again()
            case Turn.STATE:
                return await self._state()
            case Turn.HEARTBEAT:
                return await self._heartbeat()
            case Turn.UPLOAD:
                return b"" if head is None else await self._upload(head)

    async def hear(self, data: bytes) -> bytes:
        """Takes what the centre says; what is to be written in answer. LineEnded where it is no centre."""
        replies = [await self._take(one) for one in self.conversation.hear(data, self.desk.monotonic_s())]
        if self.conversation.speaks_otherwise:
            raise LineEnded("what comes from there is no GB/T 26875.3")
        return b"".join(replies)

    async def _take(self, heard: Heard) -> bytes:
        match heard:
            case Ended():
                await self._end(heard)
            case Asked(frame):
                return await self._answer(frame)
            case Denied(why, reply):
                self.counts["bad_frames"] += 1
                log.warning("A frame of the centre was denied: %s.", why)
                return reply
            case Unreadable(why):
                self.counts["bad_frames"] += 1
                log.info("What came from the centre is no frame: %s.", why)
        return b""

    async def _end(self, ended: Ended) -> None:
        if ended.command == numbers.ACKNOWLEDGE:
            self.counts["confirmed"] += 1
            await self.desk.settle(ended.upload, Upload.State.CONFIRMED, "")
        elif ended.command == numbers.DENY:
            self.counts["denied"] += 1
            await self.desk.settle(ended.upload, Upload.State.DENIED, SAID_NO)
        else:
            self.counts["unanswered"] += 1
            await self.desk.settle(ended.upload, Upload.State.UNANSWERED, SAID_NOTHING)

    async def _answer(self, frame: Frame) -> bytes:
        said = await self.desk.answer(frame)
        self.counts["asked"] += 1
        if said.command == numbers.DENY:
            log.warning("The centre was denied: %s.", said.why)
        return self.conversation.reply(frame, said.command, said.unit, self.desk.now())

    async def _upload(self, head: Head) -> bytes:
        outgoing = await self.desk.claim(head.upload)
        if outgoing is None:
            return b""
        data = self.conversation.frame(outgoing.serial, outgoing.at, outgoing.unit)
        exchange = Exchange(outgoing.serial, data, outgoing.upload, outgoing.is_urgent)
        return self.conversation.begin(exchange, self.desk.monotonic_s())

    async def _again(self) -> bytes:
        """The try is written before it is made, as the first one was."""
        self.counts["sent_again"] += 1
        upload = self.conversation.upload
        if upload is not None:
            await self.desk.claim(upload)
        return self.conversation.again(self.desk.monotonic_s())

    async def _state(self) -> bytes:
        self.states = self.states or list(await self.desk.states())
        unit = self.states.pop(0)
        if not self.states:
            self.conversation.state_told(self.desk.monotonic_s())
        return await self._say(unit)

    async def _heartbeat(self) -> bytes:
        match self.agreed.heartbeat.kind:
            case "time":
                return await self._say(planning.device_time(self.desk.now(), self.agreed))
            case "state":
                return await self._say((await self.desk.states())[0])
            case "empty":
                return await self._say(b"")

    async def _say(self, unit: bytes) -> bytes:
        serial = await self.desk.serial()
        data = self.conversation.frame(serial, self.desk.now(), unit)
        return self.conversation.begin(Exchange(serial, data), self.desk.monotonic_s())
