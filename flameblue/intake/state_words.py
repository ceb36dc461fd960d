"""What the states that devices send become: marks of their readings."""

from collections.abc import Mapping
from typing import Any

from flameblue.domain.readings import Mark
from flameblue.intake.samples import SUPERVISION_BIT, TEST_BIT
from flameblue.profiles.loader import Profile

STATES: Mapping[str, int] = {
    "warning": int(Mark.REPORTED_WARNING),
    "alarm": int(Mark.REPORTED_ALARM),
    "fault": int(Mark.REPORTED_FAULT),
    "shielded": int(Mark.SHIELDED),
    "test": int(Mark.TEST),
}


def mark(word: Any, profile: Profile) -> int | None:
    """What a state says; of bits that are left to agreement, what `profile` says. None: nothing that is known."""
    if word == TEST_BIT:
        return STATES["test"] if profile.test_bit else 0
    if word == SUPERVISION_BIT:
        return STATES.get(profile.supervision, 0)
    return STATES.get(word) if isinstance(word, str) else None
