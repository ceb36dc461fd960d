"""What readings prove. Pure: traces in, a verdict out.

Invariants: silence is never evidence (a gap beyond the promised interval starts the run anew, and time after
the newest reading does not count); zero current proves nothing; one reading beyond the limit starts the run
anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flameblue.domain.quantities import NO_VALUE

S_NS = 1_000_000_000
HOUR_NS = 3_600 * S_NS
TREND_READINGS_MIN = 3


@dataclass(frozen=True, slots=True)
class Trace:
    """One point's readings in order of device time; `gap_ns`: a longer pause is a gap.

    `heard_ns`: when it was heard last, by our own clock; None: never.
    """

    at_ns: NDArray[np.int64]
    value: NDArray[np.int32]
    gap_ns: int
    heard_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Clear:
    """What the value must be: strictly below `below`, strictly above `above`; None: nothing to compare."""

    below: int | None = None
    above: int | None = None


@dataclass(frozen=True, slots=True)
class LoadNeed:
    """The current that must flow meanwhile, in steps: at least `at_least`, and more than `zero`."""

    at_least: float
    zero: int


@dataclass(frozen=True, slots=True)
class Run:
    """An unbroken stretch of readings that are as wanted, up to the newest one. Empty: begin is None.

    `before`: what lies before it, `unwanted` or `gap`.
    """

    begin_ns: int | None
    end_ns: int
    extreme: int | None = None
    before: str = ""

    @property
    def length_ns(self) -> int:
        return 0 if self.begin_ns is None else self.end_ns - self.begin_ns


@dataclass(frozen=True, slots=True)
class Verdict:
    """Proven, or the reason why not: still_beyond, silent, not_under_load, load_unknown, too_short.

    `begin_ns`, of one that is too short: since when it counts, and `anew`, why not for longer: beyond, gap,
    no_load, or asked (nothing before it counts).
    """

    proven: bool
    reason: str = ""
    run_s: float = 0.0
    extreme: int | None = None
    load_min: int | None = None
    begin_ns: int | None = None
    anew: str = ""


def trailing_run(at_ns: NDArray[np.int64], wanted: NDArray[Any], gap_ns: int) -> Run:
    """The stretch at the end of a trace whose readings are all `wanted`, without a gap."""
    if len(at_ns) == 0:
        return Run(None, 0)
    end_ns = int(at_ns[-1])
    if not wanted[-1]:
        return Run(None, end_ns)
    unwanted = np.flatnonzero(~wanted)
    after_unwanted = int(unwanted[-1]) + 1 if len(unwanted) else 0
    gaps = np.flatnonzero(np.diff(at_ns) > gap_ns)
    after_gap = int(gaps[-1]) + 1 if len(gaps) else 0
    before = "unwanted" if after_unwanted > after_gap else "gap"
    return Run(int(at_ns[max(after_unwanted, after_gap)]), end_ns, before=before)


def is_fresh(trace: Trace, now_ns: int) -> bool:
    """The newest reading is not older, by the device's clock, than the promised interval allows."""
    return len(trace.at_ns) > 0 and now_ns - int(trace.at_ns[-1]) <= trace.gap_ns


def is_heard(trace: Trace, now_ns: int) -> bool:
    """The point still speaks, whatever its clock says."""
    return trace.heard_ns is not None and now_ns - trace.heard_ns <= trace.gap_ns


def clear_run(trace: Trace, clear: Clear) -> Run:
    """The run of values on the safe side of the clear limit, with the value that came nearest to it."""
    wanted = trace.value != NO_VALUE
    if clear.below is not None:
        wanted &= trace.value < clear.below
    if clear.above is not None:
        wanted &= trace.value > clear.above
    run = trailing_run(trace.at_ns, wanted, trace.gap_ns)
    if run.begin_ns is None:
        return run
    inside = trace.value[trace.at_ns >= run.begin_ns]
    return replace(run, extreme=int(inside.max() if clear.above is None else inside.min()))


def summed(traces: Sequence[Trace]) -> Trace:
    """The sum of several currents: at each reading of any, with the newest value of the others.

    It begins where all are known. A gap of one is a gap of the sum: a value of that time is NO_VALUE.
    """
    if not traces or any(len(trace.at_ns) == 0 for trace in traces):
        return Trace(np.empty(0, np.int64), np.empty(0, np.int32), 0)
    heard = [trace.heard_ns for trace in traces if trace.heard_ns is not None]
    begin = max(int(trace.at_ns[0]) for trace in traces)
    at_ns = np.unique(np.concatenate([trace.at_ns for trace in traces]))
    at_ns = at_ns[at_ns >= begin]
    total = np.zeros(len(at_ns), np.int64)
    known = np.ones(len(at_ns), np.bool_)
    for trace in traces:
        place = np.searchsorted(trace.at_ns, at_ns, side="right") - 1
        total += trace.value[place]
        known &= (trace.value[place] != NO_VALUE) & (at_ns - trace.at_ns[place] <= trace.gap_ns)
    value = np.where(known, total, NO_VALUE).astype(np.int32)
    heard_ns = min(heard) if len(heard) == len(traces) else None
    return Trace(at_ns, value, max(trace.gap_ns for trace in traces), heard_ns)


def off_since_ns(load: Trace, zero: int, for_s: float, now_ns: int) -> int | None:
    """Since when the circuit carries no more than `zero`, if that has been read for `for_s` and still is."""
    run = trailing_run(load.at_ns, (load.value != NO_VALUE) & (np.abs(load.value) <= zero), load.gap_ns)
    if run.begin_ns is None or not is_fresh(load, now_ns) or run.length_ns < for_s * S_NS:
        return None
    return run.begin_ns


def back_since_ns(load: Trace, zero: int, for_s: float, now_ns: int) -> int | None:
    """Since when current flows again, if that has been read for `for_s` and still is."""
    run = trailing_run(load.at_ns, (load.value != NO_VALUE) & (load.value > zero), load.gap_ns)
    if run.begin_ns is None or not is_fresh(load, now_ns) or run.length_ns < for_s * S_NS:
        return None
    return run.begin_ns


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the readings: `since_ns`, only what came after it counts (the repair, the relapse)."""

    for_s: float
    since_ns: int
    now_ns: int
    clear: Clear
    load: LoadNeed | None = None  # None: the load does not matter


def judge(value: Trace, load: Trace | None, question: Question) -> Verdict:
    """Whether the value stayed on the safe side for the set time, under the load that is asked for."""
    if not is_heard(value, question.now_ns):
        return Verdict(False, "silent")
    run = clear_run(value, question.clear)
    if run.begin_ns is None:
        return Verdict(False, "still_beyond")
    begins = [(question.since_ns, "asked"), (run.begin_ns, "gap" if run.before == "gap" else "beyond")]
    end = run.end_ns
    load_min: int | None = None
    if question.load is not None:
        if load is None:
            return Verdict(False, "load_unknown")
        if not is_heard(load, question.now_ns):
            return Verdict(False, "silent")
        loaded = _load_run(load, question.load)
        if loaded.begin_ns is None:
            return Verdict(False, "not_under_load")
        begins.append((loaded.begin_ns, "gap" if loaded.before == "gap" else "no_load"))
        end = min(end, loaded.end_ns)
        load_min = loaded.extreme
    begin, anew = max(begins, key=lambda pair: pair[0])
    length_s = max(0, end - begin) / S_NS
    if length_s < question.for_s:
        return Verdict(False, "too_short", length_s, begin_ns=begin, anew=anew)
    return Verdict(True, "", length_s, run.extreme, load_min)


def _load_run(load: Trace, need: LoadNeed) -> Run:
    wanted = (load.value != NO_VALUE) & (load.value >= need.at_least) & (load.value > need.zero)
    run = trailing_run(load.at_ns, wanted, load.gap_ns)
    if run.begin_ns is None:
        return run
    return replace(run, extreme=int(load.value[load.at_ns >= run.begin_ns].min()))


def hours_to_limit(trace: Trace, limit: int, *, falling: bool = False) -> float | None:
    """Hours until the value reaches `limit` at its present rise (least squares; `falling`: its fall, to a lower
    limit); None: it does not go there."""
    sign = -1.0 if falling else 1.0
    known = trace.value != NO_VALUE
    at_ns, value = trace.at_ns[known], trace.value[known].astype(np.float64) * sign
    if len(at_ns) < TREND_READINGS_MIN or at_ns[-1] == at_ns[0]:
        return None
    hours = (at_ns - at_ns[-1]) / HOUR_NS
    centred = hours - hours.mean()
    slope = float((centred * (value - value.mean())).sum() / (centred**2).sum())
    if slope <= 0:
        return None
    return max(0.0, (limit * sign - float(value[-1])) / slope)
