"""How often the board asks the database: the same for one case and for many, and less for a line than for a page."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from flameblue.domain.transitions import Level
from flameblue.web import drawings
from flameblue.web.views import board
from tests.cases.bench import Bench, another_room
from tests.web.conftest import bolat, data, page_clock
from tests.web.readers import Reader
from tests.web.test_live import request_of

__all__ = ["bolat", "data", "page_clock"]
PAGE_MAX, PARTS_MAX = 29, 24  # one of them: in which of the cases an owner asks for help


def asked(look: object) -> int:
    assert callable(look)
    with CaptureQueriesContext(connection) as queries:
        look()
    return len(queries)


@pytest.mark.django_db
def test_the_page_and_its_live_parts_ask_little(bench: Bench, bolat: Reader) -> None:
    bench.alarm(bench.cast.tb, Level.WARNING, value=61.0)
    bolat.html("/")  # what is counted once a minute has been counted
    assert asked(lambda: bolat.html("/")) <= PAGE_MAX

    def parts() -> None:
        request = request_of(bolat, "/")
        drawings.parts_of(request, board.LIVE, board.context(request), "en")

    assert asked(parts) <= PARTS_MAX
    bench.alarm(another_room(bench.cast)[0], Level.ALARM)
    assert asked(parts) <= PARTS_MAX


@pytest.mark.django_db
def test_what_is_watched_for_a_line_asks_nothing(bolat: Reader) -> None:
    assert board.LIVE.watched is not None
    assert asked(board.LIVE.watched) == 0
