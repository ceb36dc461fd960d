"""What passes between people and devices beside readings: the addresses that devices speak from are kept, what people
ask is passed on, and what came of it is written down; two 4G units that say one IMEI are told of.

Invariant: what was not written is written at the next look; nothing here holds an answer to a device up.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from flameblue.cases import actions as cases
from flameblue.domain.clock import Clock, to_datetime
from flameblue.fleet import commands as commands_kept
from flameblue.fleet import sources
from flameblue.intake.asking.rivals import Rivals
from flameblue.intake.reception import Intake
from flameblue.runtime.stages import Worker, every

EVERY_S = 1.0
TWO_UNITS = "imei "  # and which: the word of the system case; a text says its first word


def _nobody() -> Sequence[Rivals]:
    return ()


def _nothing() -> None:
    """Nobody follows the events."""


@dataclass(slots=True)
class Conversing:
    """What the stage needs. `rivals`: the units of which there are two, as far as is known now."""

    intake: Intake
    orm: Worker
    clock: Clock
    rivals: Callable[[], Sequence[Rivals]] = _nobody
    events_grew: Callable[[], None] = _nothing
    told: frozenset[str] | None = None  # the IMEIs; None: what was told before the start is not known

    async def run(self) -> None:
        """Looks for ever."""
        await every(EVERY_S, self.look)

    async def look(self) -> None:
        """Looks once."""
        await self.keep_origins()
        await self.pass_commands_on()
        await self.tell_of_rivals()

    async def tell_of_rivals(self) -> None:
        """Opens and clears the system cases of units of which there are two."""
        rivals = self.rivals()
        named = frozenset(one.imei for one in rivals)
        if named != self.told:
            await self.orm(_tell, rivals, to_datetime(self.clock.now_ns()))
            self.told = named
            self.events_grew()

    async def keep_origins(self) -> None:
        """Writes the addresses that are not written yet."""
        heard = self.intake.origins.unwritten()
        if heard:
            await self.orm(sources.keep_heard, heard, to_datetime(self.clock.now_ns()))
            self.intake.origins.written(heard)

    async def pass_commands_on(self) -> None:
        """Passes on what people have asked, and writes what has come of it."""
        commands, now = self.intake.commands, to_datetime(self.clock.now_ns())
        for protocol, wish in await self.orm(commands_kept.waiting, commands.under_way(), now):
            commands.ask(protocol, wish, self.clock.now_ns())
        told = commands.told()
        if told:
            await self.orm(commands_kept.record, told)
            commands.taken(told)


@transaction.atomic
def _tell(rivals: Sequence[Rivals], now: datetime) -> None:
    words = {f"{TWO_UNITS}{one.imei}": one for one in rivals}
    for what in cases.system_troubles():
        if what.startswith(TWO_UNITS) and what not in words:
            cases.system_cleared(what, now)
    for what, one in words.items():
        text = (
            f"Two 4G units say the IMEI {one.imei}: the one at {one.asked} is asked, the one at {one.turned_away} is "
            "turned away, and what is behind it is not heard. Set the IMEI of each in its registration packet."
        )
        cases.open_system_case(what, text, now)
