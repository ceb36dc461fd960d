"""How far the cases have come in the journal, and which records were passed over.

Invariant: the cursor moves by a conditional update, in the transaction that applies the transitions.
"""

from datetime import datetime

from django.db import transaction

from flameblue.cases.models import Cursor, SkippedRecord
from flameblue.cases.system import open_system_case
from flameblue.domain.errors import FlameblueError

NAME = "cases"


class CursorMoved(FlameblueError):
    """Somebody else has moved the cursor: start again from where it is now."""


def cursor() -> int:
    """The offset of the last record whose transitions are applied; 0 where there is none."""
    found = Cursor.objects.filter(name=NAME).first()
    return found.offset if found else 0


@transaction.atomic
def move_cursor(before: int, after: int) -> None:
    """Moves the cursor from `before` to `after`; CursorMoved when it is not at `before`."""
    Cursor.objects.get_or_create(name=NAME, defaults={"offset": 0})
    if Cursor.objects.filter(name=NAME, offset=before).update(offset=after) != 1:
        raise CursorMoved(
            f"The cursor of the cases is at {cursor()}, not at {before}: read again from there."
        )


def skipped_offsets(stage: str) -> set[int]:
    """The records that `stage` has passed over."""
    return set(SkippedRecord.objects.filter(stage=stage).values_list("offset", flat=True))


@transaction.atomic
def skip(offset: int, stage: str, reason: str, now: datetime) -> None:
    """Records for ever that `stage` passes over the record at `offset`, and raises a system alarm."""
    _, new = SkippedRecord.objects.get_or_create(
        offset=offset, defaults={"stage": stage, "reason": reason, "at": now}
    )
    if new:
        open_system_case(f"skipped {offset}", f"{stage}: {reason}", now)
