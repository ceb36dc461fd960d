"""What a detector says of itself when its own limits are passed, as it came from its maker.

They are Flameblue's default limits, whose standards stand beside them, so that a device and the system agree.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from flameblue.profiles.default_limits import default_limits
from flameblue.simulation.measuring import PHASES
from flameblue.simulation.world import PROBE_OPEN_C

WARNING, ALARM, FAULT = "warning", "alarm", "fault"


@cache
def _limit(quantity: str, level: str) -> float:
    return float(default_limits()[quantity][f"over_{level}"].value)


def level_of(quantity: str, value: float) -> str:
    """`warning`, `alarm` or `fault` of a residual current (mA) or a conductor's temperature (°C); "" where well."""
    if quantity == "temperature_c" and value == PROBE_OPEN_C:
        return FAULT
    if quantity not in ("residual_current_ma", "temperature_c"):
        return ""
    return next((level for level in (ALARM, WARNING) if value >= _limit(quantity, level)), "")


def levels_of(values: Mapping[str, Any]) -> set[str]:
    """Those of everything that a detector watches."""
    found = {level_of("residual_current_ma", values["ir"])}
    found |= {level_of("temperature_c", values[f"t{phase}"]) for phase in PHASES}
    return found - {""}
