"""The manner of Modbus: blocks of registers are read, words come. Pure."""

from collections.abc import Iterable, Sequence

from flameblue.intake.asking import answers, blocks
from flameblue.intake.asking.blocks import Block
from flameblue.intake.asking.manner import Bounds, Manner
from flameblue.intake.samples import Sample
from flameblue.profiles.loader import Profile

Words = tuple[int, ...]
Came = Sequence[tuple[Block, Words]]


class Modbus(Manner[Block, Words]):
    """See Manner."""

    name = "modbus"

    def bounds(self, profile: Profile) -> Bounds | None:
        asking = profile.modbus
        return None if asking is None else Bounds(asking.pause_ms / 1000, asking.timeout_ms / 1000)

    def questions(self, profile: Profile, keys: Iterable[str]) -> Sequence[Block]:
        assert profile.modbus is not None
        return blocks.planned(profile.modbus, blocks.wanted(profile, keys))

    def sample(self, profile: Profile, came: Came, *, online: bool | None = None) -> Sample:
        return answers.sample(profile, answers.image(came), online=online)

    def written(self, came: Came) -> bytes:
        return answers.written(came)

    def spelled(self, unit: int) -> str:
        return str(unit)


MODBUS = Modbus()
