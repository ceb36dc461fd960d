"""Who is asked when: nobody starves, and those that do not answer cost the others little."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flameblue.domain.limits import (
    ASKING_BACK_OFF_S_MAX,
    ASKING_BACK_OFF_S_MIN,
    ASKING_DEAD_SHARE_MAX,
    ASKING_LOST_AFTER,
)
from flameblue.intake.asking.turns import Turn, Turns

ANSWER_S, TIME_OUT_S = 0.0625, 1.0
RUN_S = 900


def turns(**intervals_s: float) -> Turns:
    made = Turns()
    made.set(intervals_s, 0.0)
    return made


class Line:
    """A line in simulated time: whom it asked when, and how long that took."""

    def __init__(self, intervals_s: dict[str, float], dead: set[str]) -> None:
        self.turns = Turns()
        self.turns.set(intervals_s, 0.0)
        self.dead = dead
        self.now_s = 0.0
        self.asked: dict[str, list[float]] = {name: [] for name in intervals_s}
        self.spent_s: Counter[bool] = Counter()

    def run(self, until_s: float) -> None:
        while self.now_s < until_s:
            turn = self.turns.next(self.now_s)
            if turn.device is None:
                assert turn.at_s > self.now_s
                self.now_s = min(turn.at_s, until_s)
                continue
            self._ask(turn.device)

    def _ask(self, name: str) -> None:
        began_s, is_dead = self.now_s, name in self.dead
        self.asked[name].append(began_s)
        self.now_s += TIME_OUT_S if is_dead else ANSWER_S
        self.spent_s[is_dead] += self.now_s - began_s
        if is_dead:
            self.turns.failed(name, began_s, self.now_s)
        else:
            self.turns.answered(name, self.now_s)


def gaps(times: list[float]) -> list[float]:
    return [after - before for before, after in pairwise(times)]


def test_each_is_asked_at_its_interval_where_the_line_has_time() -> None:
    line = Line({"a": 5.0, "b": 10.0}, set())
    line.run(RUN_S)
    assert (len(line.asked["a"]), len(line.asked["b"])) == (RUN_S / 5, RUN_S / 10)
    assert max(gaps(line.asked["a"])) < 5 + 2 * ANSWER_S


def test_on_a_line_that_is_too_slow_all_have_the_same_share() -> None:
    line = Line({f"d{n}": 1.0 + n % 3 for n in range(100)}, set())
    line.run(RUN_S)
    counts = {len(times) for times in line.asked.values()}
    assert max(counts) - min(counts) <= 1
    assert sum(len(times) for times in line.asked.values()) == RUN_S / ANSWER_S, "the line is never idle"


def test_a_turn_that_came_late_is_not_made_up_for() -> None:
    late = turns(a=5.0)
    late.answered("a", 100.0)
    assert late.next(100.0) == Turn("a", 100.0)
    late.answered("a", 100.1)
    assert late.next(100.2) == Turn(None, 105.0)


@pytest.mark.parametrize("dead", [1, 30, 99])
def test_those_that_do_not_answer_cost_a_full_line_at_most_their_share(dead: int) -> None:
    names = [f"d{n}" for n in range(100)]
    line = Line(dict.fromkeys(names, 1.0 if dead < 99 else 0.01), set(names[:dead]))
    line.run(RUN_S)
    others = [line.asked[name] for name in names[dead:]]
    assert line.spent_s[True] / RUN_S <= ASKING_DEAD_SHARE_MAX + dead * TIME_OUT_S / RUN_S, (
        "but for the first look"
    )
    assert min(len(times) for times in others) > 0.8 * (1 - ASKING_DEAD_SHARE_MAX) * RUN_S / ANSWER_S / (
        100 - dead
    )


def test_one_of_a_hundred_that_is_dead_delays_nobody_by_more_than_its_time_out() -> None:
    names = [f"d{n}" for n in range(100)]
    line = Line(dict.fromkeys(names, 10.0), {"d0"})
    line.run(RUN_S)
    assert len(line.asked["d0"]) <= RUN_S / ASKING_BACK_OFF_S_MAX + 10
    worst_s = max(max(gaps(line.asked[name])) for name in names[1:])
    assert worst_s <= 10.0 + TIME_OUT_S + 2 * ANSWER_S


def test_one_that_answers_again_is_found_within_the_longest_back_off() -> None:
    line = Line({"a": 5.0, "b": 5.0}, {"a"})
    line.run(1000)
    assert max(gaps(line.asked["a"])) <= ASKING_BACK_OFF_S_MAX + TIME_OUT_S + ANSWER_S
    line.dead.clear()
    line.run(1000 + ASKING_BACK_OFF_S_MAX + 2)
    seen = len(line.asked["a"])
    line.run(1100 + ASKING_BACK_OFF_S_MAX)
    assert len(line.asked["a"]) >= seen + 18, "and is asked at its interval again"


def test_a_lost_answer_is_asked_for_again_soon_and_the_third_in_a_row_means_lost() -> None:
    asked = turns(a=300.0)
    now_s, lost = 0.0, []
    for _ in range(ASKING_LOST_AFTER + 2):
        assert asked.next(now_s).device == "a"
        lost.append(asked.failed("a", now_s, now_s + TIME_OUT_S))
        now_s = asked.next(now_s + TIME_OUT_S).at_s
    assert lost == [False, False, True, False, False], "it is told once"
    again = turns(a=300.0)
    again.failed("a", 0.0, 1.0)
    assert again.next(1.0) == Turn(None, 1.0 + ASKING_BACK_OFF_S_MIN)


def test_one_that_is_postponed_lets_others_go_first_and_keeps_its_place() -> None:
    asked = turns(a=5.0, b=5.0)
    asked.answered("a", 5.0)
    asked.answered("b", 6.0)
    asked.postpone("a", 8.0)
    assert asked.next(6.5).device == "b"
    asked.postpone("b", 7.0)
    assert asked.next(6.5) == Turn(None, 7.0)
    assert asked.next(8.0) == Turn("a", 8.0), "it was due first"


def test_a_line_of_nobody_waits() -> None:
    assert Turns().next(7.0) == Turn(None, 7.0 + ASKING_BACK_OFF_S_MAX)


def test_who_stays_keeps_his_turn_when_others_come_or_go() -> None:
    asked = turns(a=5.0, b=5.0)
    asked.answered("a", 0.1)
    asked.failed("b", 0.1, 1.1)
    asked.set({"a": 7.0, "c": 5.0}, 2.0)
    assert asked.next(2.0) == Turn("c", 2.0)
    asked.answered("c", 2.1)
    assert asked.next(2.1) == Turn(None, 5.0)
    asked.answered("a", 5.1)
    assert asked.next(5.2).at_s == pytest.approx(7.0)


@settings(deadline=None)
@given(
    intervals=st.lists(st.floats(0.1, 60), min_size=1, max_size=12),
    dead=st.sets(st.integers(0, 11)),
)
def test_everyone_is_asked_again_and_again(intervals: list[float], dead: set[int]) -> None:
    line = Line({f"d{n}": every for n, every in enumerate(intervals)}, {f"d{n}" for n in dead})
    line.run(400)
    for n, every in enumerate(intervals):
        bound_s = every if n not in dead else ASKING_BACK_OFF_S_MAX + 12 * TIME_OUT_S / ASKING_DEAD_SHARE_MAX
        assert max(gaps(line.asked[f"d{n}"]), default=400) <= bound_s + 12 * (TIME_OUT_S + ANSWER_S)
