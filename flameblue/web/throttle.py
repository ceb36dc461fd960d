"""Guessing passwords takes long: after some wrong ones a user name has to wait, whoever asks.

In this process's memory, bounded; a restart forgets it, which costs a guesser more than it gives.
"""

from collections import OrderedDict
from dataclasses import dataclass

FREE_TRIES = 5
WAIT_S_MAX = 300.0
NAMES_MAX = 10_000  # × about 200 B ≈ 2 MB; then the name that failed longest ago is forgotten


@dataclass(slots=True)
class _Tries:
    count: int = 0
    until_s: float = 0.0


_tries: OrderedDict[str, _Tries] = OrderedDict()


def wait_s(name: str, monotonic_s: float) -> float:
    """How long `name` has to wait; 0: it may try."""
    known = _tries.get(name)
    return max(0.0, known.until_s - monotonic_s) if known else 0.0


def failed(name: str, monotonic_s: float) -> None:
    """One more wrong password: beyond the free ones the wait doubles each time, up to WAIT_S_MAX."""
    known = _tries.setdefault(name, _Tries())
    _tries.move_to_end(name)
    known.count += 1
    if known.count >= FREE_TRIES:
        known.until_s = monotonic_s + min(WAIT_S_MAX, 2.0 ** min(known.count - FREE_TRIES + 1, 20))
    if len(_tries) > NAMES_MAX:
        _tries.popitem(last=False)


def forget(name: str) -> None:
    """A right password."""
    _tries.pop(name, None)
