"""What a detector measures: one sample of one circuit, before it is put into anybody's bytes."""

from typing import Any, TypedDict

from flameblue.simulation.world import Measured

INTERVAL_S = 10.0  # as profile flameblue-efm8 promises
PHASES = "abc"


class Sample(TypedDict):
    """`t`: the detector's own time in ms; `v`: values by the keys of profile flameblue-efm8, in their units."""

    t: int
    v: dict[str, Any]


def sample_of(measured: Measured, number: int, at_ms: int) -> Sample:
    """What detector `number` measures at `at_ms` by the true time; its own clock may be off."""
    values = {"ir": round(float(measured.leak_ma[number]), 1)}
    for place, phase in enumerate(PHASES):
        values[f"t{phase}"] = round(float(measured.temperature_c[number, place]), 1)
        values[f"i{phase}"] = round(float(measured.current_a[number, place]), 3)
        values[f"u{phase}"] = round(float(measured.voltage_v[number, place]), 1)
    values["amb"] = round(float(measured.ambient_c[number]), 1)
    return {"t": at_ms + round(float(measured.clock_ahead_s[number]) * 1_000), "v": values}
