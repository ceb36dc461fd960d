"""Many silences of one village are one incident with members."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from flameblue.cases import actions, grouping
from flameblue.cases.models import Case, CaseEvent
from flameblue.fleet.models import Point
from tests.cases.bench import Bench, another_cabin


@pytest.fixture
def village(bench: Bench) -> list[Point]:
    """Six more cabins; the last two still had voltage when they were last heard."""
    points = [another_cabin(bench.cast, f"{letter}屋")[1] for letter in "甲乙丙丁戊己"]
    for index, point in enumerate(points):
        bench.read(point, 0.0 if index < 4 else 225.0)
    return points


def outage(bench: Bench, points: Sequence[Point], apart_s: float = 10.0) -> None:
    for point in points:
        bench.silent(point)
        bench.wait(apart_s)


def incident() -> Case:
    return Case.objects.get(premises=None, family="silence")


def test_five_silences_within_two_minutes_are_one_incident(bench: Bench, village: list[Point]) -> None:
    outage(bench, village[:4])
    assert not Case.objects.filter(premises=None).exists()
    outage(bench, village[4:5])
    assert incident().members.count() == 5
    assert bench.kinds(incident()) == ["suspected"]


def test_an_incident_is_announced_when_it_has_settled_and_its_members_never(
    bench: Bench, village: list[Point]
) -> None:
    outage(bench, village)
    bench.pass_time(60)
    opened = CaseEvent.objects.filter(kind="opened")
    assert [event.case for event in opened] == [incident()]
    data = opened.get().data
    counts = ("members", "members_voltage_zero", "members_network_only", "members_silent", "monitored")
    assert [data[name] for name in counts] == [6, 4, 2, 6, 1]
    assert (data["site"], data["announces"]) == ("禾木", True)
    assert [step["to"] for step in data["steps"]] == ["desk", "duty"]
    bench.pass_time(3600, every_s=60)
    members = CaseEvent.objects.filter(case__incident=incident())
    assert set(members.values_list("kind", flat=True)) == {"suspected", "incident_joined"}


def test_silences_far_apart_are_cases_of_their_own(bench: Bench, village: list[Point]) -> None:
    outage(bench, village[:5], apart_s=31.0)
    assert not Case.objects.filter(premises=None).exists()
    assert Case.objects.filter(family="silence").count() == 5


def test_many_points_of_one_cabin_are_no_outage(bench: Bench) -> None:
    _, first = another_cabin(bench.cast, "甲屋")
    points = [
        Point.objects.create(device=first.device, circuit=first.circuit, key=f"u{n}", quantity="voltage_v")
        for n in range(8)
    ]
    bench.silent(first, *points)
    assert bench.kinds() == ["suspected"]


def test_what_is_still_silent_is_listed_once_after_half_an_hour(bench: Bench, village: list[Point]) -> None:
    outage(bench, village)
    bench.wait(300)
    for point in village[:4]:
        bench.heard(point)
    bench.pass_time(3600, every_s=60)
    left = CaseEvent.objects.filter(kind="left_over")
    assert [event.data["left_over"] for event in left] == [["己屋", "戊屋"]]
    assert left.get().case == incident()


def test_an_incident_ends_when_the_last_member_returns_and_closes_its_members(
    bench: Bench, village: list[Point]
) -> None:
    outage(bench, village)
    bench.pass_time(600)
    for point in village[:-1]:
        bench.heard(point)
    assert incident().state == "open"
    bench.heard(village[-1])
    assert "incident_ended" in bench.kinds(incident())
    assert incident().state == "proven"
    assert set(incident().members.values_list("state", "cause")) == {("closed", "outage")}
    assert actions.close(incident().pk, bench.cast.bolat, bench.now, cause="outage", action="none needed")


def test_an_incident_that_passes_before_anybody_was_told_ends_by_itself(
    bench: Bench, village: list[Point]
) -> None:
    outage(bench, village, apart_s=1.0)
    for point in village:
        bench.heard(point)
    assert not Case.objects.exclude(state="closed").exists()
    bench.pass_time(120)
    assert not CaseEvent.objects.filter(kind="opened").exists()


def test_a_second_outage_before_closing_is_the_same_incident_and_is_told_again(
    bench: Bench, village: list[Point]
) -> None:
    outage(bench, village)
    bench.pass_time(600)
    for point in village:
        bench.heard(point)
    bench.wait(7200)
    outage(bench, village)
    bench.pass_time(60)
    assert bench.kinds(incident()).count("opened") == 2
    assert (incident().state, incident().reopened) == ("open", 1)


def test_a_silence_hours_into_an_incident_is_a_case_of_its_own(bench: Bench, village: list[Point]) -> None:
    outage(bench, village[:5])
    bench.wait(3600)
    bench.silent(village[5])
    assert incident().members.count() == 5
    bench.pass_time(60)
    assert CaseEvent.objects.filter(kind="opened", case__premises__name="己屋").exists()


def test_an_incident_is_taken_by_a_person(bench: Bench, village: list[Point]) -> None:
    outage(bench, village)
    bench.pass_time(120)
    assert actions.take(incident().pk, bench.cast.bolat, bench.now)
    bench.pass_time(1200)
    assert bench.steps() == []


def test_only_silences_within_the_window_count_in_order_of_time(now: datetime) -> None:
    silent = {case: now - timedelta(seconds=10 * case) for case in range(1, 7)}
    assert grouping.incident_members(silent, now, 50.0, 5) == [5, 4, 3, 2, 1]
    assert grouping.incident_members(silent, now, 49.0, 5) == []
