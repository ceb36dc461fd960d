"""What mutated bytes are thrown at: each target says, in a word, what became of one mutation, or raises.

The inner functions are called, not those that catch what they do not know: a fault of ours must show.
"""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from flameblue import plugins
from flameblue.domain.errors import BadInput
from flameblue.domain.limits import SMPP_UNIT_BYTES_MAX
from flameblue.intake import payloads, protocols
from flameblue.intake.protocol import Broken
from flameblue.notices.channel import Ears
from flameblue.notices.channels.smpp.client import HEAD_BYTES
from flameblue.notices.channels.smpp.line import TROUBLE, Job, SmppLine
from flameblue.profiles import loader
from flameblue.profiles.loader import package_folder
from tests.hostile import outside
from tests.hostile.messages import payload
from tests.hostile.mutations import LENGTHS, Mutator
from tests.hostile.outside import MESSAGE
from tests.hostile.streams import VECTORS, recorded, spoken
from tests.notices.cable import Cable, bound

Target = Callable[[], str]


@dataclass(frozen=True)
class Aim:
    """A target, and how many of a million mutations are its own."""

    name: str
    share: float
    throw: Target


def aims(seed: int, folder: Path) -> list[Aim]:
    """Every target there is: plug-ins and vectors as they lie on disk."""
    heard, sent = plugins.find(protocols), plugins.find(payloads)
    assert heard
    assert sent
    return [
        *(Aim(f"protocol {name}", 0.41 / len(heard), protocol(seed, name)) for name in sorted(heard)),
        *(Aim(f"payload {name}", 0.42 / len(sent), payload(seed, name)) for name in sorted(sent)),
        Aim("discovery", 0.04, outside.announcements(seed)),
        Aim("HTTP answers", 0.04, outside.answers(seed, folder)),
        Aim("SMPP", 0.08, smpp_units(seed)),
        Aim("profile", 0.01, profile_files(seed, folder)),
    ]


def protocol(seed: int, name: str) -> Target:
    """A session that is fed one mutated stream, in pieces."""
    plugin = plugins.find(protocols)[name]
    mutator = Mutator(seed, recorded(name) + (spoken() if name == "mqtt" else []))

    def throw() -> str:
        session, frames = plugin.session(), []
        for piece in mutator.pieces(mutator.stream()):
            frames += session.feed(piece)
            assert session.held_bytes() <= plugin.frame_bytes_max + 16
        assert not any(isinstance(frame, Broken) for frame in frames[:-1]), "it went on after the end"
        if frames and isinstance(frames[-1], Broken):
            assert session.feed(b"\xc0\x00") == []
            assert frames[-1].reason
            return "oversized" if frames[-1].oversized else "broken"
        return "frames" if frames else "incomplete"

    return throw


def smpp_units(seed: int) -> Target:
    """What the SMS gateway sends: parsed by the library, read by us; one unit in five lies about its length."""
    vectors = json.loads((VECTORS / "smpp" / "smpp.json").read_text(encoding="utf-8"))
    units = [bytes.fromhex(vector["hex"]) for vector in vectors]
    mutator, draw = Mutator(seed, units), random.Random(seed)
    told: list[str] = []
    line = SmppLine.__new__(SmppLine)  # without its thread and its socket
    line._ears = Ears(receipt=lambda *said: told.extend(said), inbound=lambda *said: told.extend(said))

    def throw() -> str:
        cable = Cable(mutator.message() if draw.random() < 0.8 else lying(draw, draw.choice(units)))
        gateway, job = bound(cable), Job(MESSAGE)
        line._by_sequence = {int.from_bytes(unit[12:16], "big"): job for unit in units}
        job.waiting = dict.fromkeys(line._by_sequence, 1)
        try:
            unit = gateway.read_pdu()
            if unit is None:
                assert len(cable.sent) == HEAD_BYTES
                return "refused"
            line._take(gateway, unit)
        except TROUBLE:
            assert len(told) == 0
            return "ends the line"
        if job.done.done() and job.done.exception() is None:
            told.extend(job.done.result().message_ids)
        assert all(isinstance(said, str) and said.encode() for said in told if said)
        told.clear()
        return str(unit.command)

    return throw


def lying(draw: random.Random, unit: bytes) -> bytes:
    """`unit` with a length that is not its own, or with as much of it as a length of few bytes says."""
    way = draw.randrange(3)
    if way == 0:
        size = draw.randrange(HEAD_BYTES + 1)
        return size.to_bytes(4, "big") + unit[4 : max(4, size + draw.randrange(-4, 5))]
    near = (
        len(unit) - 1,
        len(unit) + 1,
        SMPP_UNIT_BYTES_MAX,
        SMPP_UNIT_BYTES_MAX + 4,
        SMPP_UNIT_BYTES_MAX + 5,
    )
    size = draw.choice((*LENGTHS, *near))
    return size.to_bytes(4, "big") + unit[4:] + (unit if way == 1 else b"")


def profile_files(seed: int, folder: Path) -> Target:
    """A profile file as somebody may have written it."""
    seeds = [path.read_bytes() for path in sorted(package_folder().glob("*.yaml"))]
    mutator = Mutator(seed, seeds)
    names = [path.name for path in package_folder().glob("*.yaml")]

    def throw() -> str:
        path = folder / mutator.random.choice(names)
        path.write_bytes(mutator.message())
        try:
            loader.load(path)
        except BadInput:
            return "refused"
        return "taken"

    return throw


def every(aim: Aim, times: int) -> Iterator[str]:
    """The words for `times` mutations; what raises says which one it was."""
    for number in range(times):
        try:
            yield aim.throw()
        except Exception as error:
            raise AssertionError(f"mutation {number} of {aim.name}: {error!r}") from error
