"""How the kernel tells a transition."""

from typing import Any

from flameblue.detection.kernels import compiled


@compiled
def emit(found: Any, moment: Any, point: int, step: tuple[int, int, int, int, int]) -> None:
    """Appends (rule, before, level, limit, why) of `point` at `moment`; the first record counts the others."""
    rule, before, level, limit, why = step
    found[0].index += 1
    one = found[found[0].index]
    one.index = moment.index
    one.point = point
    one.at_ns = moment.at_ns
    one.value = moment.value
    one.limit = limit
    one.why = why
    one.rule = rule
    one.before = before
    one.level = level
