"""Live pages: the page before + the fragments = the page after; nothing is missed, whoever comes late."""

import asyncio
import re
import threading
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from flameblue.cases import actions
from flameblue.domain.clock import ManualClock
from flameblue.domain.transitions import Level
from flameblue.people.models import Person
from flameblue.web import drawings, live
from flameblue.web.views import board, case
from tests.cases.bench import Bench, another_room
from tests.cast import Cast
from tests.web.readers import Reader, swapped

ENGLISH = {"Accept-Language": "en"}
BOTH = ("en", "zh-hans")
Deed = Callable[[Bench], object]
DEEDS: dict[str, Deed] = {
    "worse": lambda b: b.alarm(b.cast.tb, Level.ALARM, value=91.0),
    "another_room": lambda b: b.alarm(another_room(b.cast)[0], Level.ALARM),
    "returned": lambda b: b.alarm(b.cast.tb, Level.NORMAL, value=40.0),
    "take": lambda b: actions.take(b.case().pk, by=b.cast.bolat, now=b.now),
    "made_safe": lambda b: actions.made_safe(b.case().pk, b.cast.bolat, "switched_off", b.now),
    "comment": lambda b: actions.comment(b.case().pk, b.cast.chen, "门锁着 <b>&", b.now),
    "assign": lambda b: actions.assign(b.case().pk, b.cast.bolat, b.cast.chen, b.now),
    "shelve": lambda b: actions.shelve(b.case().pk, b.cast.bolat, "why", b.now + timedelta(hours=1), b.now),
    "repaired": lambda b: [
        actions.take(b.case().pk, by=b.cast.bolat, now=b.now),
        actions.repaired(b.case().pk, b.cast.bolat, "loose_terminal", "tightened", b.now),
    ],
    "closed": lambda b: actions.close(
        b.case().pk, b.cast.chen, b.now, cause="probe", action="a new one", without_proof_reason="no probe"
    ),
    "escalated": lambda b: b.pass_time(200),
}


def request_of(reader: Reader, path: str) -> HttpRequest:
    """A request of the reader, as the middleware leaves it to a view."""
    request = RequestFactory().get(path, headers={"Accept-Language": "en"})
    assert reader.person.user is not None
    request.user = reader.person.user
    return request


def without_tokens(html: str) -> str:
    """The page with its CSRF tokens and the number it was drawn at taken out: they differ by design."""
    pieces = html.split('name="csrfmiddlewaretoken" value="')
    html = pieces[0] + "".join(piece[piece.index('"') :] for piece in pieces[1:])
    start = html.index("?after=")
    return html[:start] + html[html.index('"', start) :]


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("path", ["/", "/cases/4001/"])
def test_the_page_before_and_the_fragments_are_the_page_after(
    deed: str, path: str, bench: Bench, bolat: Reader, clock: ManualClock
) -> None:
    bench.alarm(bench.cast.tb, Level.WARNING, value=61.0)
    before = bolat.html(path)
    bench.wait(30)
    clock.advance(30)
    DEEDS[deed](bench)
    request = request_of(bolat, path)
    if path == "/":
        parts = drawings.parts_of(request, board.LIVE, board.context(request), "en")
    else:
        parts = drawings.parts_of(request, case.LIVE, case.context(request, 4001), "en")
    after = bolat.html(path)
    live_half = slice(0, after.index("<footer"))
    got = without_tokens(swapped(before, parts))
    wanted = without_tokens(after)
    assert without_tokens(before)[live_half] != wanted[live_half]
    assert _titleless(got) == _titleless(wanted)


def _titleless(html: str) -> str:
    """Without the title (the script keeps it) and the chart (it has its own address)."""
    html = html[html.index("</title>") :]
    if 'id="chart"' not in html:
        return html
    return html[: html.index('id="chart"')] + html[html.index('<section id="notices"') :]


def test_a_part_that_did_not_change_is_not_sent() -> None:
    sent = drawings.messages(7, {"cases": "a", "premises": "b"}, {"cases": "a", "premises": "c"})
    assert sent == ["id: 7\nevent: premises\ndata: c\n\n"]


def test_a_fragment_of_many_lines_arrives_as_it_was() -> None:
    message = drawings.message_of(3, "cases", "<p>\r\n  x</p>\n")
    data = [line.removeprefix("data: ") for line in message.split("\n") if line.startswith("data: ")]
    assert "\n".join(data) == "<p>\n  x</p>\n"


@pytest.mark.parametrize(
    ("header", "query", "number"),
    [("12", "5", 12), (None, "5", 5), (None, None, 0), ("x", "5", 5), ("-1", "", 0), ("9" * 40, "7", 7)],
)
def test_a_reader_says_up_to_where_it_has_seen(header: str | None, query: str | None, number: int) -> None:
    headers = {} if header is None else {"Last-Event-ID": header}
    request = RequestFactory().get("/", {} if query is None else {"after": query}, headers=headers)
    assert live.seen(request) == number


async def test_one_poller_wakes_every_line_and_stops_with_the_last() -> None:
    numbers = [5]

    async def ask() -> int:
        return numbers[-1]

    hub = live.Hub(ask=ask)
    hub.join()
    hub.join()
    waiting = [asyncio.create_task(hub.beyond(5, 10.0)) for _ in range(3)]
    await hub.look()
    assert hub.number == 5
    assert not any(task.done() for task in waiting)
    numbers.append(6)
    await hub.look()
    assert await asyncio.gather(*waiting) == [6, 6, 6]
    hub.leave()
    assert hub._task is not None
    hub.leave()
    assert hub._task is None


async def test_a_failing_database_is_asked_again() -> None:
    answers: list[int | Exception] = [DatabaseError("locked"), 4]

    async def ask() -> int:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    hub = live.Hub(ask=ask)
    await hub.look()
    assert hub.number == 0
    await hub.look()
    assert hub.number == 4


async def test_a_poller_that_has_failed_is_started_by_the_next_listener() -> None:
    answers: list[int | Exception] = [InterfaceError("closed"), RuntimeError("no thread"), 4]

    async def ask() -> int:
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    hub = live.Hub(ask=ask)
    await hub.look()
    hub.join()
    failed = hub._task
    assert failed is not None
    with pytest.raises(RuntimeError):
        await failed
    hub.join()
    assert await hub.beyond(0, 5.0) == 4
    hub.leave()
    hub.leave()


@pytest.mark.parametrize("path", ["/", "/cases/4001/"])
def test_what_a_line_says_is_in_its_own_language_whatever_holds_around_it(
    path: str, bench: Bench, bolat: Reader
) -> None:
    bench.alarm(bench.cast.tb, Level.ALARM, value=91.0)
    page = board.LIVE if path == "/" else case.LIVE
    said = []
    for around in BOTH:
        with translation.override(around):
            line = drawings.Line(
                request_of(bolat, path),
                page,
                board.context if path == "/" else lambda asked: case.context(asked, 4001),
                token="t" * 64,
                language="en",
            )
            said.append(line.parts(["en"]))
    assert said[0] == said[1]


def drawn_by(draw: Callable[[], dict[str, str]], language: str = "en") -> Any:
    """A line whose parts are what `draw` says, in every language; as much of one as the hub asks for."""
    return SimpleNamespace(
        page=board.LIVE, language=language, draw=lambda languages: dict.fromkeys(languages, draw())
    )


async def nothing_new() -> int:
    return 7


async def test_who_fails_to_draw_leaves_it_to_the_next_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise all who share the drawing would see the old one for as long as it may be old: a minute."""

    def fail() -> dict[str, str]:
        raise DatabaseError("locked")

    monkeypatch.setattr(live.Hub, "word", lambda *_: None)
    hub, drawing = live.Hub(ask=nothing_new), drawings.Drawing()
    assert await hub.draw(drawn_by(lambda: {"cases": "none"}), drawing, 6) == {"cases": "none"}
    with pytest.raises(DatabaseError):
        await hub.draw(drawn_by(fail), drawing, 7)
    started, ends = threading.Event(), threading.Event()

    def slow() -> dict[str, str]:
        started.set()
        ends.wait(10)
        return {}

    gone = asyncio.create_task(hub.draw(drawn_by(slow), drawing, 7))
    assert await asyncio.to_thread(started.wait, 10)
    gone.cancel()  # a browser that is closed
    ends.set()
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert await hub.draw(drawn_by(lambda: {"cases": "one"}), drawing, 7) == {"cases": "one"}


async def test_a_drawing_is_kept_only_while_somebody_sees_it() -> None:
    hub = live.Hub(ask=nothing_new)
    for page in range(50):  # a page number that somebody has made up
        with hub.listening(drawn_by(dict), page) as drawing:
            with hub.listening(drawn_by(dict, "zh-hans"), page) as the_same:
                assert the_same is drawing
                assert dict(drawing.readers) == {"en": 1, "zh-hans": 1}
            assert dict(drawing.readers) == {"en": 1}
            assert len(hub.drawings) == 1
    assert (len(hub.drawings), hub.listeners) == (0, 0)


async def test_who_comes_with_another_language_gets_it_at_once() -> None:
    hub = live.Hub(ask=nothing_new)
    drawn: list[list[str]] = []

    def line(language: str) -> Any:
        def draw(languages: Iterable[str]) -> dict[str, dict[str, str]]:
            drawn.append(sorted(languages))
            return {one: {"cases": one} for one in languages}

        return SimpleNamespace(page=board.LIVE, language=language, draw=draw)

    with hub.listening(line("en"), "key") as drawing:
        assert await hub.draw(line("en"), drawing, 1) == {"cases": "en"}
        with hub.listening(line("zh-hans"), "key"):
            assert await hub.draw(line("zh-hans"), drawing, 1) == {"cases": "zh-hans"}
            assert await hub.draw(line("en"), drawing, 1) == {"cases": "en"}
        await hub.draw(line("en"), drawing, 8)
    assert drawn == [["en"], ["en", "zh-hans"], ["en"]]


def test_the_same_step_is_written_once() -> None:
    drawing = drawings.Drawing()
    before, after = {"cases": "a", "chain": "c"}, {"cases": "b", "chain": "c"}
    first = drawing.step("en", 7, before, after)
    assert first == "id: 7\nevent: cases\ndata: b\n\n"
    assert drawing.step("en", 7, before, after) is first
    assert drawing.step("en", 8, before, after).startswith("id: 8\n")
    assert drawing.step("en", 8, {}, after).count("event:") == 2
    assert drawing.step("en", 8, after, after) == ""


def a_line(page: drawings.Page, request: HttpRequest, context: drawings.Context) -> drawings.Line:
    return drawings.Line(request, page, context, token="t" * 64, language="en")


def without_the_moment(shown: Mapping[str, drawings.Parts]) -> dict[tuple[str, str], str]:
    """Every part without its CSRF token: each drawing of the tests has its own."""
    return {
        (language, name): re.sub(r'(name="csrfmiddlewaretoken" value=)"\w+"', r"\1", html)
        for language, parts in shown.items()
        for name, html in parts.items()
    }


@pytest.mark.django_db
@pytest.mark.parametrize("asked_in", BOTH)
def test_each_language_is_drawn_from_the_same_facts(asked_in: str, bench: Bench, bolat: Reader) -> None:
    bench.alarm(bench.cast.tb, Level.ALARM, value=91.0)
    bench.alarm(another_room(bench.cast)[0], Level.WARNING)
    request = request_of(bolat, "/")
    a_line(board.LIVE, request, board.context).parts(BOTH)  # what is counted once a minute has been counted
    with translation.override(asked_in), CaptureQueriesContext(connection) as together:
        shown = a_line(board.LIVE, request, board.context).parts(BOTH)
    with CaptureQueriesContext(connection) as one:
        a_line(board.LIVE, request, board.context).parts(["en"])
    singly = {
        language: drawings.parts_of(request, board.LIVE, board.context(request), language)
        for language in BOTH
    }
    assert without_the_moment(shown) == without_the_moment(singly)
    assert "reached" in shown["en"]["cases"]
    assert "达到" in shown["zh-hans"]["cases"]
    assert len(together) == len(one)


async def messages_of(response: HttpResponse) -> AsyncGenerator[dict[str, str], None]:
    """The events of a line, parsed as a browser does."""
    async for chunk in response:
        text = chunk.decode() if isinstance(chunk, bytes) else chunk
        for block in filter(None, text.split("\n\n")):
            fields: dict[str, str] = {}
            for line in block.split("\n"):
                name, _, value = line.partition(": ")
                fields[name] = f"{fields[name]}\n{value}" if name in fields else value
            yield fields


async def until_beat(line: AsyncGenerator[dict[str, str], None]) -> dict[str, dict[str, str]]:
    """The parts up to the next beat, by name."""
    found: dict[str, dict[str, str]] = {}
    async for message in line:
        if message.get("event") == "beat":
            return found
        if "event" in message:
            found[message["event"]] = message
    raise AssertionError("the line ended")


@pytest.mark.django_db(transaction=True)
async def test_a_line_sends_what_happens_with_the_number_of_the_event(
    cast: Cast, bench: Bench, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LOOK_S", 0.01)
    client = AsyncClient()
    await client.aforce_login(cast.bolat.user)
    response = await client.get("/live/board/?after=0", headers=ENGLISH)
    assert response.headers["Content-Type"] == "text/event-stream"
    line = messages_of(response)
    first = await until_beat(line)
    assert "No open case." in first["cases"]["data"]
    numbers = await sync_to_async(bench.alarm)(cast.tb)
    after: dict[str, dict[str, str]] = {}
    while "cases" not in after:
        after = await until_beat(line)
    assert "松林客栈" in after["cases"]["data"]
    assert after["cases"]["id"] == str(numbers[-1])
    await line.aclose()
    late = await client.get("/live/board/", headers=ENGLISH | {"Last-Event-ID": str(numbers[-1])})
    resumed = messages_of(late)
    again = await until_beat(resumed)
    assert "松林客栈" in again["cases"]["data"]
    await resumed.aclose()


@pytest.mark.django_db(transaction=True)
async def test_a_line_of_a_case_of_another_station_never_begins(cast: Cast, bench: Bench) -> None:
    await sync_to_async(bench.alarm)(cast.tb)
    client = AsyncClient()
    await client.aforce_login(cast.dana.user)
    assert (await client.get("/live/cases/4001/")).status_code == 404


@pytest.mark.django_db(transaction=True)
async def test_beyond_the_limit_of_lines_a_browser_is_asked_to_come_again(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LIVE_LINES_MAX", 0)
    client = AsyncClient()
    await client.aforce_login(cast.bolat.user)
    answer = await client.get("/live/board/")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")


@pytest.mark.django_db(transaction=True)
async def test_who_come_at_the_same_moment_are_counted_too(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await board_line(cast.bolat), await board_line(cast.chen)
    monkeypatch.setattr(live, "LIVE_LINES_MAX", 1)
    assert "cases" in await until_beat(first)
    assert [message async for message in second] == [{"retry": "30000"}]
    await first.aclose()


@pytest.mark.django_db(transaction=True)
async def test_readers_of_one_station_share_a_drawing_and_those_of_another_do_not(
    cast: Cast, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LOOK_S", 0.01)
    drawn: list[str] = []

    def counted(request: HttpRequest) -> dict[str, Any]:
        drawn.append(str(request.user))
        return context(request)

    context = board.context
    monkeypatch.setattr(board, "context", counted)
    lines = [await board_line(person) for person in (cast.bolat, cast.chen, cast.dana)]
    for line in lines:
        await until_beat(line)
    assert len(drawn) == 2
    await sync_to_async(bench.alarm)(cast.tb)
    shown = [await until_it_differs(line) for line in lines[:2]]
    assert shown[0]["cases"]["data"] == shown[1]["cases"]["data"]
    assert "松林客栈" in shown[0]["cases"]["data"]
    assert len(drawn) - drawn.count(str(cast.dana.user)) == 2
    for line in lines:
        await line.aclose()


async def board_line(person: Person) -> AsyncGenerator[dict[str, str], None]:
    client = AsyncClient()
    await client.aforce_login(person.user)
    return messages_of(await client.get("/live/board/?after=0", headers=ENGLISH))


async def until_it_differs(line: AsyncGenerator[dict[str, str], None]) -> dict[str, dict[str, str]]:
    while not (found := await until_beat(line)):
        pass
    return found


async def test_a_number_that_falls_wakes_every_line_and_makes_every_drawing_old(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backup that was put back: its newest number is smaller than what lines and browsers have seen."""
    monkeypatch.setattr(live.Hub, "word", lambda *_: None)
    numbers = [100]

    async def ask() -> int:
        return numbers[-1]

    hub, drawing = live.Hub(ask=ask), drawings.Drawing()
    await hub.look()
    assert await hub.draw(drawn_by(lambda: {"cases": "many"}), drawing, 100) == {"cases": "many"}
    waiting = asyncio.create_task(hub.beyond(100, 10.0))
    numbers.append(60)
    await hub.look()
    assert await waiting == 60
    assert await hub.draw(drawn_by(lambda: {"cases": "few"}), drawing, 60) == {"cases": "few"}
    assert "was put back" in caplog.text
    numbers.append(61)
    await hub.look()
    assert await hub.beyond(60, 10.0) == 61


async def test_who_has_seen_more_than_there_is_makes_the_hub_look(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    async def ask() -> int:
        asked.append(7)
        return 7

    hub = live.Hub(ask=ask, number=7, listeners=2)
    assert [await hub.present(number) for number in (6, 7, 8)] == [7, 7, 7]
    assert asked == [7]


async def test_questions_that_overlap_are_asked_one_by_one_and_shared(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The older of two answers, coming last, would look like a database that was put back."""
    answers, began, asked = asyncio.Queue[int](), asyncio.Event(), 0

    async def ask() -> int:
        nonlocal asked
        asked += 1
        began.set()
        return await answers.get()

    hub = live.Hub(ask=ask)
    looks = [asyncio.create_task(hub.look()) for _ in range(5)]
    await began.wait()
    late = asyncio.create_task(hub.look())
    for number in (10, 11, 12):
        await answers.put(number)
    await asyncio.gather(*looks, late)
    assert (asked, hub.number, hub.turn) == (2, 11, 0)
    assert caplog.text == ""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("ahead", [0, 40])
async def test_a_browser_that_has_seen_more_than_there_is_gets_the_whole_page(
    ahead: int, cast: Cast, bench: Bench
) -> None:
    newest = (await sync_to_async(bench.alarm)(cast.tb))[-1]
    client = AsyncClient()
    await client.aforce_login(cast.bolat.user)
    seen = {"Last-Event-ID": str(newest + ahead)}
    line = messages_of(await client.get("/live/cases/4001/", headers=ENGLISH | seen))
    parts = await until_beat(line)
    await line.aclose()
    assert ("actions" in parts) is (ahead > 0)
    assert {part["id"] for part in parts.values()} == {str(newest)}
