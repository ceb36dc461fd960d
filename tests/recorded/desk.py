"""The officers of a replay, who do the same every time, so that what is listed is the product's doing.

Bolat takes every case two minutes after its announcement, and ten minutes later he is there and says that it is made
safe. An hour after the last alarm of a case has returned he says that it is repaired; a case that the readings prove
he closes. What can't be proven (a temperature without a current beside it) the leader closes two hours later, with a
reason.
"""

from datetime import datetime, timedelta

from flameblue.cases import actions as cases
from flameblue.cases.models import Case, State
from flameblue.domain.transitions import Level
from flameblue.people.models import Person

TAKES_AFTER = timedelta(minutes=2)
THERE_AFTER = timedelta(minutes=10)
BACK_FOR = timedelta(hours=1)
UNPROVEN_FOR = timedelta(hours=2)
CAUSE, ACTION = "unknown", "查看"


class Officers:
    """Call it with the time: it does what is due."""

    def __init__(self) -> None:
        self.bolat, self.chen = (Person.objects.get(name=name) for name in ("Bolat", "Chen"))

    def __call__(self, now: datetime) -> None:
        for case in Case.objects.exclude(state=State.CLOSED).filter(announced=True).order_by("pk"):
            self._look_at(case, now)

    def _look_at(self, case: Case, now: datetime) -> None:
        if case.taken_by_id is None and case.state != State.PROVEN:
            if now - case.announced_at >= TAKES_AFTER:
                assert cases.take(case.pk, self.bolat, now)
        elif case.state == State.PROVEN:
            assert cases.close(case.pk, self.bolat, now, cause=CAUSE, action=ACTION)
        elif case.state == State.REPAIRED:
            if case.repaired_at is not None and now - case.repaired_at >= UNPROVEN_FOR:
                reason = "没有电流读数"
                assert cases.close(case.pk, self.chen, now, without_proof_reason=reason)
        elif case.state == State.TAKEN and case.taken_at is not None and now - case.taken_at >= THERE_AFTER:
            assert cases.made_safe(case.pk, self.bolat, "other", now)
        elif case.level == Level.NORMAL and self._back_for(case, now) >= BACK_FOR:
            assert cases.repaired(case.pk, self.bolat, CAUSE, ACTION, now)

    def _back_for(self, case: Case, now: datetime) -> timedelta:
        return now - max(alarm.since for alarm in case.alarms.all())
