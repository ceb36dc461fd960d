"""What an action of a person came to. Losing the race is an answer, not an error."""

from dataclasses import dataclass

from flameblue.people.models import Person


@dataclass(frozen=True, slots=True)
class Outcome:
    """True when it was done. Otherwise `reason` is one of the words below, and `who` has the case.

    taken_by_other, wrong_state, closed, not_of_a_station, not_a_contact, not_a_leader, not_proven,
    cause_missing, action_missing, unknown_cause, unknown_how, text_missing, already, not_in_the_future,
    readings_say_otherwise
    """

    done: bool
    reason: str = ""
    who: Person | None = None

    def __bool__(self) -> bool:
        return self.done


DONE = Outcome(True)


def refused(reason: str, who: Person | None = None) -> Outcome:
    """It was not done, and why."""
    return Outcome(False, reason, who)
