"""Whoever fills all places without a word shuts nobody out; who has presented himself is not sent away for it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from flameblue.domain.clock import ManualClock
from flameblue.domain.limits import HTTP_QUIET_S
from flameblue.intake import listener as listener_module
from flameblue.intake.http_push_listener import HttpPushListener
from flameblue.intake.newcomers import Newcomers
from flameblue.intake.reception import Intake
from tests.intake import gb26875_endpoint, http_push_endpoint
from tests.intake.http_push_endpoint import request
from tests.intake.peer import Peer, client, connected, serving
from tests.intake.transmitter import CONFIRM, DENY, Transmitter
from tests.intake.valley import MemorySink

PLACES = 4
ROUNDS = 3 * PLACES  # of a flood that fills all places again and again


@pytest.fixture(autouse=True)
def few_places(monkeypatch: pytest.MonkeyPatch) -> None:
    for endpoint in (listener_module.Endpoint, HttpPushListener):
        monkeypatch.setattr(endpoint, "lines_max", PLACES)


def flood(open_one: Callable[[], Peer]) -> list[Peer]:
    return [open_one() for _ in range(ROUNDS)]


def open_ones(peers: list[Peer]) -> list[bool]:
    return [not peer.is_closing() for peer in peers]


async def test_who_presents_himself_over_mqtt_is_let_in_and_stays(desk: Intake) -> None:
    async with serving(desk) as listener:
        early = await connected(listener, client_id="early")
        flood(lambda: Peer(listener))
        late = await connected(listener, client_id="late")
        strangers = flood(lambda: Peer(listener))
        assert open_ones([early, late]) == [True, True]
        assert open_ones(strangers) == [False] * (ROUNDS - 2) + [True] * 2


async def test_a_wrong_credential_is_no_presentation(desk: Intake) -> None:
    async with serving(desk) as listener:
        kept = [await connected(listener, client_id=str(number)) for number in range(PLACES - 1)]
        liar = Peer(listener)
        liar.over_tcp = True  # so that it is heard out
        liar.send(client(password="guessed").connect())
        await liar.until(lambda: liar.told_the_end)
        assert not liar.is_closing()
        Peer(listener)
        assert liar.is_closing()
        assert all(open_ones(kept))


async def test_where_all_have_presented_themselves_the_next_is_closed_at_once(desk: Intake) -> None:
    async with serving(desk) as listener:
        kept = [await connected(listener, client_id=str(number)) for number in range(PLACES)]
        extra = Peer(listener)
        assert extra.is_closing()
        assert all(open_ones(kept))


async def test_a_transmitter_that_is_known_keeps_its_line_and_a_denied_one_does_not(desk: Intake) -> None:
    async with gb26875_endpoint.serving(desk) as endpoint:
        known, denied = (gb26875_endpoint.peer_of(endpoint) for _ in range(2))
        denied.send(Transmitter(b"\2" * 6).frame())
        assert (await gb26875_endpoint.told(denied)).command == DENY
        known.send(Transmitter().frame())
        assert (await gb26875_endpoint.told(known)).command == CONFIRM
        strangers = flood(lambda: gb26875_endpoint.peer_of(endpoint))
        assert open_ones([known, denied]) == [True, False]
        assert open_ones(strangers).count(True) == PLACES - 1
        known.send(Transmitter(serial=9).frame())
        assert (await gb26875_endpoint.told(known)).command == CONFIRM


async def test_a_platform_that_waits_between_requests_keeps_its_line_until_its_time_is_over(
    desk: Intake, sink: MemorySink, clock: ManualClock, tmp_path: Path
) -> None:
    async with http_push_endpoint.serving(desk, tmp_path) as endpoint:
        known, looks, liar = (http_push_endpoint.peer_of(endpoint) for _ in range(3))
        known.send(request({"v": {"ir": 1}}))
        looks.send(request(method="GET"))
        assert [(await http_push_endpoint.told(one)).status for one in (known, looks)] == [200, 200]
        liar.over_tcp = True
        liar.send(request({"v": {"ir": 1}}, token="guessed"))
        assert (await http_push_endpoint.told(liar)).status == 401
        flood(lambda: http_push_endpoint.peer_of(endpoint))
        assert open_ones([known, looks, liar]) == [True, True, False]
        clock.advance(HTTP_QUIET_S + 1)
        endpoint.sweep()
        assert open_ones([known, looks]) == [False, False]


def test_the_oldest_that_has_not_presented_itself_goes_and_who_ended_is_not_asked() -> None:
    presented = {"b"}
    newcomers = Newcomers[str](presented.__contains__)
    for one in "abcd":
        newcomers.came(one)
    newcomers.gone("c")
    assert [newcomers.give_up() for _ in range(3)] == ["a", "d", None]
