"""A model that devices have and whose file is not here (or is spoilt) is an alarm too: one system case names them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from flameblue.cases import actions as cases
from flameblue.domain.limits import MODELS_TOLD_MAX
from flameblue.fleet.shelf import in_use
from flameblue.profiles.loader import Shelf

MISSING = "models"  # the word of the system case; a text says it
LOOK_S = 10.0
MISSING_AFTER_S = 60.0  # whoever edits a file, or brings a newer package, is done by then


@dataclass(slots=True)
class ModelWatch:
    """Which models have been missing since when, by a monotonic clock. It says so once, until all are back."""

    shelf: Shelf
    missing_since_s: dict[str, float] = field(default_factory=dict)

    def look(self, now: datetime, now_s: float) -> None:
        """Opens or clears the system case; to be called where the database may be asked."""
        found = self._missing()
        self.missing_since_s = {name: self.missing_since_s.get(name, now_s) for name in found}
        if not found:
            cases.system_cleared(MISSING, now)
        elif any(now_s - since_s >= MISSING_AFTER_S for since_s in self.missing_since_s.values()):
            cases.open_system_case(MISSING, told(found), now)

    def _missing(self) -> Mapping[str, tuple[int, str]]:
        """How many devices have it, and what is wrong with its file, by the model's name."""
        known = self.shelf.known()
        missing = {}
        for name, count in in_use().items():
            why = self.shelf.problems.get(f"{name}.yaml", "")
            if why or name not in known:
                missing[name] = count, why or "There is no such file."
        return missing


def told(missing: Mapping[str, tuple[int, str]]) -> str:
    """What is wrong with each model, the first ones at length, and what comes of it."""
    first = list(missing.items())[:MODELS_TOLD_MAX]
    said = [f"{name} ({count} devices): {why.rstrip('.')}." for name, (count, why) in first]
    more = [f"{len(missing) - len(first)} more models."] if len(missing) > len(first) else []
    return " ".join(
        [*said, *more, "From the next start on, if not now already, what their devices send is not taken."]
    )
