"""How many cases there are of each kind: what the board, the health page and the reports count."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count

from flameblue.cases.event_data import word
from flameblue.cases.models import Case, State

STALE_AFTER = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Counts:
    """Tests are not counted. `stale`: open for more than 24 h (ANSI/ISA-18.2 calls such alarms stale)."""

    by_state: dict[str, int]  # unclosed ones
    by_level: dict[str, int]  # unclosed ones, by their level now
    made_safe_unproven: int  # made safe or repaired, not proven
    closed: int
    closed_without_proof: int
    shelved: int
    stale: int


def counts(now: datetime) -> Counts:
    """The counts at `now`."""
    real = Case.objects.filter(is_test=False)
    unclosed = real.exclude(state=State.CLOSED)
    by_state = dict(unclosed.values_list("state").annotate(count=Count("pk")))
    by_level = unclosed.values_list("level").annotate(count=Count("pk"))
    return Counts(
        by_state={state.value: by_state.get(state.value, 0) for state in State if state != State.CLOSED},
        by_level={word(level): count for level, count in by_level},
        made_safe_unproven=by_state.get(State.MADE_SAFE, 0) + by_state.get(State.REPAIRED, 0),
        closed=real.filter(state=State.CLOSED).count(),
        closed_without_proof=real.filter(state=State.CLOSED, closed_without_proof=True).count(),
        shelved=unclosed.filter(shelved_until__gt=now).count(),
        stale=unclosed.filter(opened_at__lt=now - STALE_AFTER).count(),
    )
