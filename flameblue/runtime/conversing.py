"""What passes between people and devices beside readings: the addresses that devices speak from are kept, what people
ask is passed on, and what came of it is written down.

Invariant: what was not written is written at the next look; nothing here holds an answer to a device up.
"""

from dataclasses import dataclass

from flameblue.domain.clock import Clock, to_datetime
from flameblue.fleet import commands as commands_kept
from flameblue.fleet import sources
from flameblue.intake.reception import Intake
from flameblue.runtime.stages import Worker, every

EVERY_S = 1.0


@dataclass(slots=True)
class Conversing:
    """What the stage needs."""

    intake: Intake
    orm: Worker
    clock: Clock

    async def run(self) -> None:
        """Looks for ever."""
        await every(EVERY_S, self.look)

    async def look(self) -> None:
        """Looks once."""
        await self.keep_origins()
        await self.pass_commands_on()

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
