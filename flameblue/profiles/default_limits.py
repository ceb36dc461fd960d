"""The default limits by quantity, read from default_limits.yaml: data, each with its edition."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flameblue.profiles import strict_yaml

OF_RATING = "of rating"  # the unit of a limit that is a fraction of the circuit's rated current


@dataclass(frozen=True, slots=True)
class DefaultLimit:
    """One field: its value in `unit` (holds: seconds), its source, and how sure that is (A, B, M, own)."""

    value: float
    unit: str
    edition: str
    confidence: str


@cache
def default_limits() -> dict[str, dict[str, DefaultLimit]]:
    """By quantity and field (over_warning … clear_hold_s). A quantity that is missing has no default."""
    table = strict_yaml.read(Path(__file__).parent / "default_limits.yaml")
    return {quantity: _limits(fields) for quantity, fields in table.items()}


def _limits(fields: dict[str, dict[str, str]]) -> dict[str, DefaultLimit]:
    return {
        field: DefaultLimit(
            value=float(limit["value"]),
            unit="s" if field.endswith("_s") else str(fields["unit"]),
            edition=limit["edition"],
            confidence=limit["confidence"],
        )
        for field, limit in fields.items()
        if field != "unit"
    }
