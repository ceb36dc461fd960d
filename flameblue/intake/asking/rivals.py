"""Two 4G units (DTU) that say one IMEI: how they are told from one that has dialled in again. Pure: times are told.

Promises: a unit whose connection is dead has its place back at once, as a rule; where a connection that had just
spoken was replaced RIVAL_TAKEOVERS_MAX times within RIVAL_WITHIN_S, the next one is turned away first, and the one in
place is watched. What it says after that proves that there are two, since a unit has one connection. As long as it
speaks it stays, so that the values of two places do not become those of one device; where it is silent for as long as
its devices may be, the next one takes its place.
"""

from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from flameblue.domain.limits import RIVAL_TAKEOVERS_MAX, RIVAL_TOLD_S, RIVAL_WITHIN_S

ON_ITS_WAY_S = 1.0  # what a connection had said before may still come after the next one has begun


class Place(NamedTuple):
    """A connection that has the place of a unit: from where, and when it was heard last."""

    peer: str
    heard_s: float


class Rivals(NamedTuple):
    """Two units of one IMEI: from where the one is that is asked, and the other, which was last turned away then."""

    imei: str
    asked: str
    turned_away: str
    at_s: float


class Contests:
    """What was seen of each IMEI that several connections have claimed lately."""

    def __init__(self) -> None:
        self._taken: dict[str, deque[float]] = {}  # when the place of a connection that spoke was taken
        self._turned_away_s: dict[str, float] = {}  # since when the one in place is watched
        self._proved: dict[str, Rivals] = {}

    def may_take(self, imei: str, place: Place, peer: str, patience_s: float, now_s: float) -> bool:
        """Whether who comes from `peer` takes the `place` of `imei`, in which somebody is heard every `patience_s`."""
        taken = self._taken.setdefault(imei, deque(maxlen=RIVAL_TAKEOVERS_MAX))
        since_s = self._turned_away_s.get(imei)
        if since_s is not None and since_s + RIVAL_WITHIN_S < now_s:
            since_s = None  # nobody has come since
        if since_s is None and (len(taken) < RIVAL_TAKEOVERS_MAX or taken[0] + RIVAL_WITHIN_S < now_s):
            taken.append(now_s)
            return True
        if since_s is None:
            self._turned_away_s[imei] = now_s
            return False
        if place.heard_s > since_s + ON_ITS_WAY_S:
            self._turned_away_s[imei] = now_s
            self._proved[imei] = Rivals(imei, place.peer, peer, now_s)
            return False
        if now_s - since_s <= patience_s:
            return False
        self.forget(imei)
        return True

    def forget(self, imei: str) -> None:
        """Its place is free, or was given away: whoever comes next is believed as at first."""
        self._turned_away_s.pop(imei, None)
        self._taken.pop(imei, None)

    def keep(self, known: Iterable[str], now_s: float) -> None:
        """Forgets those that are none of `known`, and the proofs that are old."""
        named = set(known)
        for imei in [imei for imei in self._taken if imei not in named]:
            self.forget(imei)
        old = [
            one for one in self._proved.values() if one.at_s + RIVAL_TOLD_S < now_s or one.imei not in named
        ]
        for one in old:
            del self._proved[one.imei]

    def proved(self) -> tuple[Rivals, ...]:
        """Those of which there are two, as of the last look, by IMEI."""
        return tuple(self._proved[imei] for imei in sorted(self._proved))
