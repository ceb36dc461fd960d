"""Who is counted, and why the others are not: the rule of one premises, and the same over all of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flameblue.domain.limits import SECOND_NS
from flameblue.fleet import coverage, coverage_table
from flameblue.fleet.coverage import Facts, Measure, Missing
from flameblue.fleet.coverage_table import COUNTED, REASONS, Places, Seen

NOW = 1_768_417_620 * SECOND_NS
DAY = 24 * 3_600 * SECOND_NS
FACTS = st.builds(
    Facts,
    st.booleans(),
    st.sampled_from([0, 1, NOW - DAY - 1, NOW - DAY, NOW - DAY + 1, NOW, NOW + 5]),
    st.booleans(),
    st.booleans(),
)


@pytest.mark.parametrize(
    ("facts", "measure", "why"),
    [
        (Facts(False, NOW, True), Measure.INSTALLED, Missing.NO_DEVICE),
        (Facts(True), Measure.INSTALLED, None),
        (Facts(False, NOW, True), Measure.ONLINE, Missing.NO_DEVICE),
        (Facts(True), Measure.ONLINE, Missing.NEVER_HEARD),
        (Facts(True, NOW - DAY), Measure.ONLINE, Missing.SILENT),
        (Facts(True, NOW - DAY + 1), Measure.ONLINE, None),
        (Facts(True, NOW - DAY, is_closed=True), Measure.ONLINE, Missing.CLOSED),
        (Facts(True, NOW - 1, is_closed=True), Measure.ONLINE, None),
        (Facts(False, is_tested=True), Measure.TESTED, Missing.NO_DEVICE),
        (Facts(True, NOW), Measure.TESTED, Missing.NOT_TESTED),
        (Facts(True, NOW, is_closed=True), Measure.TESTED, Missing.CLOSED),
        (Facts(True, is_tested=True), Measure.TESTED, None),
    ],
)
def test_each_reason(facts: Facts, measure: Measure, why: Missing | None) -> None:
    assert coverage.missing(facts, measure, NOW) == why


@settings(deadline=None)
@given(st.lists(FACTS, max_size=12), st.sampled_from(Measure))
def test_many_at_once_are_as_one_by_one(many: list[Facts], measure: Measure) -> None:
    seen = Seen(
        is_installed=np.array([one.is_installed for one in many], bool),
        heard_ns=np.array([one.heard_ns for one in many], np.int64),
        is_tested=np.array([one.is_tested for one in many], bool),
        is_closed=np.array([one.is_closed for one in many], bool),
    )
    found = [None if why == COUNTED else REASONS[why] for why in coverage_table.reasons(seen, measure, NOW)]
    assert found == [coverage.missing(one, measure, NOW) for one in many]


@pytest.mark.parametrize(
    ("kind", "counted"), [("客栈", True), ("", True), ("Shop", True), ("民居", False), (" Home ", False)]
)
def test_homes_are_no_business_premises(kind: str, counted: bool) -> None:
    assert coverage.is_business(kind) is counted


@settings(deadline=None)
@given(st.data())
def test_premises_were_heard_when_their_newest_point_was(data: st.DataObject) -> None:
    """Ranges of points in any order of owners; the board is shorter or longer than the points that there are."""
    owners = data.draw(st.lists(st.integers(0, 4), max_size=8))
    sizes = data.draw(st.lists(st.integers(1, 3), min_size=len(owners), max_size=len(owners)))
    gaps = data.draw(st.lists(st.integers(0, 2), min_size=len(owners), max_size=len(owners)))
    first, last, at = [], [], 1
    for size, gap in zip(sizes, gaps, strict=True):
        first.append(at + gap)
        last.append(at + gap + size - 1)
        at = last[-1] + 1
    length = data.draw(st.integers(0, at + 3))
    arrivals = data.draw(st.lists(st.integers(0, 9), min_size=length, max_size=length))
    numbers = np.arange(5)
    places = Places(
        ids=numbers + 100,
        kinds=("",),
        kind=numbers * 0,
        site=numbers * 0,
        longitude=numbers * 0.0,
        latitude=numbers * 0.0,
        closed_until=numbers * 0,
        devices=numbers,
        first=np.array(first, np.int64),
        last=np.array(last, np.int64),
        owner=np.array(owners, np.int64),
    )
    wanted = [0] * 5
    for owner, begin, end in zip(owners, first, last, strict=True):
        wanted[owner] = max([wanted[owner], *arrivals[begin : end + 1]])
    assert places.heard_ns(np.array(arrivals, np.int64)).tolist() == wanted
