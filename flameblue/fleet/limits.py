"""Where each limit comes from: default → profile → site → premises → circuit, the narrowest that speaks.

Pure. Values are in the unit of the quantity, holds in seconds. Invariants, whatever the layers say: a warning
limit is never laxer than the alarm limit beside it (the alarm limit counts for both), and an upper hysteresis
is at most half of the lower limit (or nothing could ever come back under it).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

LIMIT_FIELDS = (
    "over_warning",
    "over_alarm",
    "over_hysteresis",
    "under_warning",
    "under_alarm",
    "under_hysteresis",
)
HOLD_FIELDS = ("warning_hold_s", "alarm_hold_s", "clear_hold_s")
FIELDS = LIMIT_FIELDS + HOLD_FIELDS
LAXER = (("over_warning", "over_alarm", 1), ("under_warning", "under_alarm", -1))


@dataclass(frozen=True, slots=True)
class LimitOrigin:
    """One field of a point's limits, the scope that set it, and the standard's edition or the reason."""

    field: str
    value: float
    scope: str  # default, profile, site, premises, circuit
    edition: str


Layer = Mapping[str, LimitOrigin]  # by field


def layer(scope: str, values: Mapping[str, float | None], edition: str) -> Layer:
    """The fields of `values` that say something."""
    return {
        name: LimitOrigin(name, value, scope, edition)
        for name in FIELDS
        if (value := values.get(name)) is not None
    }


def merged(layers: Iterable[Layer]) -> Layer:
    """The limits that count; later (narrower) layers win, field by field."""
    result: dict[str, LimitOrigin] = {}
    for one in layers:
        result.update(one)
    for warning, alarm, sign in LAXER:
        strict, lax = result.get(alarm), result.get(warning)
        if strict and lax and lax.value * sign > strict.value * sign:
            result[warning] = replace(strict, field=warning)
    uppers = [result[name] for name in ("over_warning", "over_alarm") if name in result]
    lowest = min(uppers, key=lambda origin: origin.value, default=None)
    band = result.get("over_hysteresis")
    if band and lowest and 0 < lowest.value < 2 * band.value:
        result["over_hysteresis"] = replace(lowest, field="over_hysteresis", value=lowest.value / 2)
    return result
