"""Somebody closes the last board: the officer on duty is told, once, before an alarm is missed."""

from datetime import datetime, timedelta

from flameblue.cases import actions as cases
from flameblue.cases import presence
from flameblue.domain.limits import BOARD_SILENT_S, BOARD_SILENT_TOLD_S, PHONE_WITHIN_S
from flameblue.notices import desks
from flameblue.notices.models import Notice
from flameblue.runtime.messaging import RETRIES_S, WATCH_S
from tests.cast import Cast
from tests.notices.post import deliver, lines


def board(cast: Cast, state: str, now: datetime) -> None:
    cases.report_board(cases.Tab(cast.site.station.pk, "session", "wall"), state, now)


def after(now: datetime, seconds: float) -> datetime:
    return now + timedelta(seconds=seconds)


def test_who_is_on_duty_is_told_once_when_the_last_board_is_closed(cast: Cast, now: datetime) -> None:
    board(cast, presence.SOUNDING, now)
    board(cast, presence.CLOSED, now)
    assert desks.plan_silent(after(now, BOARD_SILENT_S - 1)) == 0
    assert desks.plan_silent(after(now, BOARD_SILENT_S)) == 1
    assert desks.plan_silent(after(now, BOARD_SILENT_S + WATCH_S)) == 0
    assert lines(list(Notice.objects.all())) == ["Bolat board_silent board_silent"]
    sent = deliver(after(now, BOARD_SILENT_S)).handed
    assert [(one.to, one.text) for one in sent] == [
        (
            cast.bolat.phone,
            "【禾木消防站】值班台没有声音:现在报警直接打到您手机。请重新打开一个有声音的值班台",
        )
    ]


def test_the_message_leaves_in_time() -> None:
    assert BOARD_SILENT_S + WATCH_S + RETRIES_S <= PHONE_WITHIN_S


def test_a_board_that_comes_and_goes_is_told_of_once_an_hour(cast: Cast, now: datetime) -> None:
    told = 0
    for minute in range(0, 120, 5):
        board(cast, presence.SOUNDING, after(now, 60 * minute))
        told += desks.plan_silent(after(now, 60 * minute + 90))
    assert told == 7200 / BOARD_SILENT_TOLD_S


def test_what_is_no_news_is_not_told(cast: Cast, now: datetime) -> None:
    assert desks.plan_silent(now) == 0
    board(cast, presence.BLOCKED, now)  # it has never been heard, and nobody relied on it
    assert desks.plan_silent(after(now, 600)) == 0
    board(cast, presence.SOUNDING, now)
    assert desks.plan_silent(after(now, 3_600)) == 0  # we were away, and it was long ago


def test_after_a_start_boards_get_their_time_to_be_heard(cast: Cast, now: datetime) -> None:
    board(cast, presence.SOUNDING, now)
    began = after(now, 90)
    assert desks.plan_silent(after(began, 57), began) == 0
    assert desks.plan_silent(after(began, 58), began) == 1
