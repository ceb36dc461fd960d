"""/api/v1/: what the pages show, as data, for programs with a token; a page's end says where the next begins."""

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.test import Client

from flameblue.domain.clock import to_ns
from flameblue.domain.readings import Reading, readings_array
from flameblue.history.board import Board
from flameblue.journal.embedded import EmbeddedJournal
from flameblue.journal.record import readings_draft
from flameblue.people.actions import create_token
from flameblue.people.models import Person
from flameblue.web import access
from tests.cases.bench import Bench, another_cabin
from tests.cast import Cast


class Program:
    """A program with a token of a person."""

    def __init__(self, person: Person, *scopes: str) -> None:
        assert person.user is not None
        secret = create_token(person.user, "a program", scopes, access.now())
        self._client = Client(headers={"Authorization": f"Bearer {secret}"})

    def gets(self, path: str, status: int = 200, **query: object) -> Any:
        answer = self._client.get(f"/api/v1/{path}", query)
        assert answer.status_code == status, answer.content
        return answer.json()

    def posts(self, path: str, status: int = 200, **body: object) -> Any:
        answer = self._client.post(f"/api/v1/{path}", body, content_type="application/json")
        assert answer.status_code == status, answer.content
        return answer.json()


@pytest.fixture
def reader(cast: Cast, data: object) -> Program:
    return Program(cast.bolat, "read")


def test_cases_come_newest_first_and_page_by_page(bench: Bench, cast: Cast, reader: Program) -> None:
    for name in "甲乙丙":
        bench.alarm(another_cabin(cast, name)[1])
    first = reader.gets("cases", limit=2)
    assert [case["number"] for case in first["items"]] == [4003, 4002]
    rest = reader.gets("cases", limit=2, before=first["next_before"])
    assert [case["premises"] for case in rest["items"]] == ["甲"]
    assert rest["next_before"] is None
    assert reader.gets("cases", state="closed")["items"] == []
    assert len(reader.gets("cases", state="unclosed")["items"]) == 3


def test_a_case_comes_with_its_events(bench: Bench, cast: Cast, reader: Program) -> None:
    bench.alarm(cast.tb)
    found = reader.gets("cases/4001")
    assert found["case"]["level"] == "alarm"
    assert found["case"]["state"] == "open"
    assert found["events"][0]["kind"] == "opened"
    assert found["events"][0]["data"]["value"] == 82.0


def test_another_stations_program_finds_nothing(bench: Bench, cast: Cast, data: object) -> None:
    bench.alarm(cast.tb)
    program = Program(cast.dana, "read", "act")
    assert program.gets("cases")["items"] == []
    assert program.gets("premises")["items"] == []
    assert program.gets("points")["items"] == []
    program.gets("cases/4001", status=404)
    program.posts("cases/4001/take", status=404)
    hour = {"start": "2026-01-15T03:00:00+08:00", "end": "2026-01-15T04:00:00+08:00"}
    program.gets("readings", status=404, point=cast.tb.pk, **hour)


def test_a_program_takes_a_case_for_its_person_once(bench: Bench, cast: Cast, data: object) -> None:
    bench.alarm(cast.tb)
    assert Program(cast.bolat, "act").posts("cases/4001/take")["taken"] is True
    late = Program(cast.chen, "act").posts("cases/4001/take")
    assert late["taken"] is False
    assert late["case"]["taken_by"] == "Bolat"


def test_a_comment_has_a_length(bench: Bench, cast: Cast, data: object) -> None:
    bench.alarm(cast.tb)
    program = Program(cast.bolat, "act")
    program.posts("cases/4001/comment", text="门锁着")
    program.posts("cases/4001/comment", status=422, text=" ")
    assert bench.kinds().count("commented") == 1


def test_premises_say_whether_they_are_equipped_and_how_they_are(
    bench: Bench, cast: Cast, reader: Program
) -> None:
    cast.site.premises.create(name="邮局", short_name="邮局")
    bench.alarm(cast.tb)
    found = {one["name"]: (one["is_equipped"], one["level"]) for one in reader.gets("premises")["items"]}
    assert found == {"松林客栈": (True, "alarm"), "邮局": (False, None)}


def test_points_have_their_latest_value_in_their_unit(
    cast: Cast, reader: Program, data: Any, now: datetime
) -> None:
    board = Board(data / "board.bin", writable=True)
    board.update(readings_array([Reading(cast.tb.pk, to_ns(now), 825, 0)]), to_ns(now))
    board.close()
    found = {one["key"]: one for one in reader.gets("points")["items"]}
    assert (found["tb"]["value"], found["tb"]["unit"]) == (82.5, "°C")
    assert found["ir"]["value"] is None


def test_readings_come_in_their_unit_and_bounded(
    cast: Cast, reader: Program, data: Any, now: datetime
) -> None:
    journal = EmbeddedJournal(data / "journal.sqlite3")
    times = to_ns(now) + np.arange(5_000) * 10**9
    rows = readings_array(Reading(cast.tb.pk, int(at), 400 + i % 7, 0) for i, at in enumerate(times))
    journal.append([readings_draft(to_ns(now), rows)])
    journal.close()
    end = now + timedelta(seconds=5_000)
    (found,) = reader.gets("readings", point=cast.tb.pk, start=now.isoformat(), end=end.isoformat())
    assert found["unit"] == "°C"
    assert 1_000 < len(found["at"]) <= 2_000
    assert (min(found["low"]), max(found["high"])) == (40.0, 40.6)


def test_readings_without_a_time_zone_or_end_are_refused(cast: Cast, reader: Program) -> None:
    point = cast.tb.pk
    reader.gets("readings", status=422, point=point, start="2026-01-15T03:00:00", end="2026-01-15T04:00:00")
    late = {"start": "2026-01-15T03:00:00+08:00", "end": "2026-03-15T04:00:00+08:00"}
    reader.gets("readings", status=422, point=point, **late)
    reader.gets("readings", status=422, **late)


def test_the_api_describes_itself(db: None) -> None:
    schema = Client().get("/api/v1/openapi.json").json()
    assert {"/api/v1/cases", "/api/v1/premises", "/api/v1/points", "/api/v1/readings"} <= set(schema["paths"])
    assert schema["components"]["securitySchemes"]["Token"]["scheme"] == "bearer"


def test_numbers_and_times_that_nothing_can_have_are_refused(cast: Cast, reader: Program) -> None:
    reader.gets("points", status=422, premises=10**30)
    reader.gets("cases", status=422, before=10**30)
    for start, end in (
        ("0001-01-01", "0001-01-02"),
        ("2262-06-01", "2262-06-02"),
        ("9999-12-30", "9999-12-31"),
    ):
        reader.gets(
            "readings",
            status=422,
            point=cast.tb.pk,
            start=f"{start}T00:00:00+08:00",
            end=f"{end}T00:00:00+08:00",
        )
