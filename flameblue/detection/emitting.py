"""How a rule's level changes and is told; and what a device's test may do to it.

A test hides nothing: its readings never take a level down that was entered without it. And what a test has entered is
no alarm: the first reading after the test that decides the rule either enters it anew, as real (told as entered from
NORMAL), or takes it back to NORMAL.
"""

from typing import Any

from flameblue.detection.kernels import code, compiled
from flameblue.domain.readings import Mark
from flameblue.domain.transitions import Level, Why

NORMAL = code(Level.NORMAL)
TEST_MARK, TEST_WHY = code(Mark.TEST), code(Why.TEST)


@compiled
def tell(moment: Any, rule: int, before: int, level: int) -> None:
    """The moment's point has moved from `before` to `level`, for the moment's reason and limit."""
    one = moment.told[moment.count]
    one.at_ns = moment.at_ns
    one.index = moment.index
    one.point = moment.point
    one.value = moment.value
    one.limit = moment.limit
    one.why = moment.why
    one.rule = rule
    one.before = before
    one.level = level
    moment.count += 1


@compiled
def is_by_test(state: Any, rule: int) -> bool:
    """Whether nothing but a test has entered the level of `rule`."""
    return (int(state.by_test) >> rule) & 1 == 1


@compiled
def settle(state: Any, moment: Any, rule: int, before: int, wanted: int) -> int:
    """The level after `before`, where the readings alone would have `wanted`; told where it is another one."""
    level = wanted
    tested = moment.marks & TEST_MARK != 0
    by_test = is_by_test(state, rule)
    if tested and before != NORMAL and not by_test:
        level = max(before, wanted)
    elif by_test and not tested and wanted != NORMAL:
        before = NORMAL
    if level == before:
        return level
    if tested or (by_test and level == NORMAL):
        moment.why |= TEST_WHY
    if not tested or level == NORMAL:
        state.by_test &= ~(1 << rule)
    elif before == NORMAL:
        state.by_test |= 1 << rule
    tell(moment, rule, before, level)
    return level
