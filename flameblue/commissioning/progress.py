"""How far commissioning has come: every device has a step, every step a count. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    """The steps in their order; a device has reached one when it has reached all before it."""

    EXPECTED = "expected"  # the registry knows it
    HEARD = "heard"  # it has spoken
    BOUND = "bound"  # each of its points has a circuit
    TESTED = "tested"  # each of its points was tested or waived with a reason
    ACCEPTED = "accepted"  # a signed sheet has it


STEPS = tuple(Step)


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """What is known of one device. `carries`: it only carries others, and has nothing of its own to bind or test.

    `unmet`: how many of its points count as tested and have not met their clause's time.
    """

    device: int
    name: str
    site: str
    premises: str
    maker: str
    is_heard: bool = False
    is_bound: bool = False
    is_tested: bool = False
    is_accepted: bool = False
    carries: bool = False
    unmet: int = 0


@dataclass(frozen=True, slots=True)
class Count:
    """How many devices of a group have reached each of STEPS."""

    group: tuple[str, ...]
    reached: tuple[int, ...]

    @property
    def total(self) -> int:
        return self.reached[0]


def step_of(facts: DeviceFacts) -> Step:
    """The last step that `facts` have reached."""
    reached = Step.EXPECTED
    flags = (facts.is_heard, facts.is_bound, facts.is_tested, facts.is_accepted)
    for step, has in zip(STEPS[1:], flags, strict=True):
        if not has:
            break
        reached = step
    return reached


def count(devices: Iterable[DeviceFacts], group: tuple[str, ...] = ()) -> Count:
    """The counts of `devices` as one group; those that only carry others are none of it."""
    orders = [STEPS.index(step_of(one)) for one in devices if not one.carries]
    return Count(group, tuple(sum(order >= n for order in orders) for n in range(len(STEPS))))


def by(devices: Iterable[DeviceFacts], key: Callable[[DeviceFacts], tuple[str, ...]]) -> list[Count]:
    """The counts of each group that `key` names, in the order of the names."""
    groups: dict[tuple[str, ...], list[DeviceFacts]] = {}
    for one in devices:
        if one.carries:
            continue
        groups.setdefault(key(one), []).append(one)
    return [count(groups[name], name) for name in sorted(groups)]
