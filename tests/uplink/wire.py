"""A line between the cases of a bench and a centre, in one thread: time is told, bytes are handed over by hand."""

from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flameblue.history.board import Latest
from flameblue.intake.protocols.gb26875.codec import Frame
from flameblue.uplink import answering, following, outbox
from flameblue.uplink.answering import Reply
from flameblue.uplink.following import Centre as Whom
from flameblue.uplink.outbox import Head, Outgoing
from flameblue.uplink.talking import LineEnded, Talk
from tests.cases.bench import Bench
from tests.uplink import agreements
from tests.uplink.centre import Centre, Got

Answer = Callable[[Got], bytes]


def at_once(doing: Coroutine[Any, Any, bytes]) -> bytes:
    """What comes of it. Nothing here waits, so that no event loop is needed, which Django's database refuses."""
    try:
        doing.send(None)
    except StopIteration as done:
        said: bytes = done.value
        return said
    raise AssertionError("it waits for something")


@dataclass
class Desk:
    """The database, at once. Seconds count from the bench's beginning."""

    bench: Bench
    whom: Whom
    latest: dict[int, Latest] = field(default_factory=dict)
    began: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.began = self.bench.now

    def now(self) -> datetime:
        return self.bench.now

    def monotonic_s(self) -> float:
        return (self.bench.now - self.began).total_seconds()

    async def head(self, but: int | None) -> Head | None:
        return outbox.head(but)

    async def claim(self, upload: int) -> Outgoing | None:
        return outbox.claim(upload, self.now())

    async def settle(self, upload: int, state: str, detail: str) -> None:
        outbox.settle(upload, state, detail, self.now())

    async def serial(self) -> int:
        return outbox.take_serial()

    async def states(self) -> tuple[bytes, bytes]:
        return answering.states_now(self.whom, self.now())

    async def answer(self, frame: Frame) -> Reply:
        return answering.answer(answering.Asked(self.whom, frame, self.latest.get, self.now()))


@dataclass
class Wire:
    """`changes` of the agreement. `says` is what the centre answers each frame."""

    bench: Bench
    folder: Path
    changes: dict[str, Any] = field(default_factory=dict)
    centre: Centre = field(default_factory=Centre)
    counts: Counter[str] = field(default_factory=Counter)
    says: Answer = field(init=False)
    talk: Talk | None = None

    def __post_init__(self) -> None:
        self.says = self.centre.confirm
        self.whom = agreements.centre(self.folder, **self.changes)
        self.desk = Desk(self.bench, self.whom)
        self.follow()

    def follow(self) -> int:
        """The logs are looked at."""
        return following.follow(self.whom, self.bench.now)

    def connect(self) -> None:
        """A new line; what was on its way on the old one is lost."""
        self.talk, self.centre._held = Talk(self.whom.agreed, self.desk, self.counts), b""

    def speak(self) -> list[Got]:
        """We say what is due now, and the centre has it; it does not answer yet."""
        assert self.talk is not None
        return self.centre.take(at_once(self.talk.speak()))

    def hear(self, data: bytes) -> list[Got]:
        """The centre says `data`; what we answered at once."""
        assert self.talk is not None
        return self.centre.take(at_once(self.talk.hear(data)))

    def run(self, most: int = 1_000) -> list[Got]:
        """Speaks and is answered until nothing more is due; what came to the centre."""
        came: list[Got] = []
        for _ in range(most):
            said = self.speak()
            if not said:
                return came
            came += said
            for got in said:
                self.hear(self.says(got))
        raise AssertionError("it speaks for ever")

    def settle_in(self) -> None:
        """Connected, and our own state is told."""
        self.connect()
        self.run()
        self.centre.got.clear()

    def pass_time(self, seconds: float, every_s: float = 1.0) -> bool:
        """Time passes, and we speak; nobody answers. False: the line has ended."""
        for _ in range(int(seconds / every_s)):
            self.bench.now += timedelta(seconds=every_s)
            try:
                self.speak()
            except LineEnded:
                return False
        return True
