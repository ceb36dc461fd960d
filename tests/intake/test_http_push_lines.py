"""The lines of platforms that push: who is slow, quiet or too many, and what a mutated stream costs the others."""

import json
from pathlib import Path

import pytest

from flameblue.domain.clock import ManualClock
from flameblue.domain.limits import (
    HTTP_CONNECTIONS_MAX,
    HTTP_QUIET_S,
    HTTP_REQUEST_WITHIN_S,
    INCOMPLETE_S,
    MIB,
)
from flameblue.intake.http_push_listener import HttpPushListener
from flameblue.intake.reception import Intake
from tests.hostile.mutations import Mutator
from tests.hostile.streams import recorded
from tests.intake.http_push_endpoint import peer_of, request, serving, told
from tests.intake.valley import MemorySink

HALF = request({"id": "7", "v": {"ir": 1}})[:-5]


def later(clock: ManualClock, endpoint: HttpPushListener, seconds: float) -> None:
    clock.advance(seconds)
    endpoint.sweep()


async def test_half_a_request_is_told_408_after_a_silence(
    desk: Intake, tmp_path: Path, clock: ManualClock
) -> None:
    async with serving(desk, tmp_path) as endpoint:
        peer = peer_of(endpoint)
        peer.send(HALF)
        endpoint.sweep()
        later(clock, endpoint, INCOMPLETE_S)
        assert (await told(peer)).status == 408
        await peer.is_closed()


@pytest.mark.parametrize("said", [b"", HALF])
async def test_who_has_not_asked_whole_in_time_is_cut_off(
    desk: Intake, tmp_path: Path, clock: ManualClock, said: bytes
) -> None:
    async with serving(desk, tmp_path) as endpoint:
        peer = peer_of(endpoint)
        for at in range(int(HTTP_REQUEST_WITHIN_S)):
            assert not peer.is_closing()
            peer.send(said[at : at + 1])  # a byte a second
            later(clock, endpoint, 1)
        later(clock, endpoint, 1)
        assert peer.is_closing()
        assert bytes(peer.sent_to_it) == b""


async def test_a_dripped_second_request_has_no_longer_than_a_pause(
    desk: Intake, tmp_path: Path, clock: ManualClock
) -> None:
    async with serving(desk, tmp_path) as endpoint:
        peer = peer_of(endpoint)
        peer.send(request({"v": {"ir": 1}}))
        assert (await told(peer)).status == 200
        for at in range(int(HTTP_QUIET_S)):
            peer.send(HALF[at : at + 1])
            later(clock, endpoint, 1)
        later(clock, endpoint, 1)
        assert peer.is_closing()


async def test_a_connection_is_kept_between_requests_and_ends_without_a_word(
    desk: Intake, tmp_path: Path, clock: ManualClock
) -> None:
    async with serving(desk, tmp_path) as endpoint:
        peer = peer_of(endpoint)
        for _ in range(3):
            peer.send(request({"v": {"ir": 1}}))
            assert (await told(peer)).headers.get("connection") is None
            later(clock, endpoint, HTTP_QUIET_S - 1)
            assert not peer.is_closing()
        later(clock, endpoint, 2)
        assert peer.is_closing()
        assert bytes(peer.sent_to_it) == b""


async def test_of_more_connections_than_there_may_be_the_oldest_that_said_nothing_are_closed(
    desk: Intake, tmp_path: Path
) -> None:
    async with serving(desk, tmp_path) as endpoint:
        peers = [peer_of(endpoint) for _ in range(HTTP_CONNECTIONS_MAX + 3)]
        assert [peer.is_closing() for peer in peers[:4]] == [True, True, True, False]
        peers[-1].send(request({"v": {"ir": 1}}))
        assert (await told(peers[-1])).status == 200
        assert desk.counts["connections_over_limit"] == 3
        assert desk.counts["http_push_connections_open"] == HTTP_CONNECTIONS_MAX


async def test_a_megabyte_of_garbage_and_mutated_streams_cost_a_healthy_source_nothing(
    desk: Intake, sink: MemorySink, tmp_path: Path
) -> None:
    mutator = Mutator(5, recorded("http_push"))
    async with serving(desk, tmp_path) as endpoint:
        healthy = peer_of(endpoint)
        for number in range(1, 41):
            bad = [peer_of(endpoint) for _ in range(25)]
            for peer in bad:
                for piece in mutator.pieces(mutator.stream()):
                    peer.send(piece)
            bad[0].send(b"\x01" * MIB)
            healthy.send(request({"id": str(number), "v": {"ir": number}}))
            assert (await told(healthy)).told == {"readings": 1}
            for peer in bad:
                peer.vanish()
        assert sink.values(1) == [10 * number for number in range(1, 41)]
        assert desk.counts["protocol_errors"] > 100
    assert "our_fault" not in desk.quarantine.totals()


async def test_an_answer_of_the_models_own_is_given(desk: Intake, tmp_path: Path) -> None:
    """As Aliyun's platforms want it: help.aliyun.com/document_detail/129708.html."""
    folder = tmp_path / "profiles"
    folder.mkdir()
    wanted = '{"code":200,"message":"success","data":"OK"}'
    (folder / "flameblue-push.yaml").write_text(
        "name: flameblue-push\nprotocol: http_push\ninterval_s: 60\nopen_points: true\n"
        f"push: {{values: /v, answer: {json.dumps(wanted)}}}\n",
        encoding="utf-8",
    )
    desk.shelf = type(desk.shelf)(folder)
    async with serving(desk, tmp_path) as endpoint:
        peer = peer_of(endpoint)
        peer.send(request({"v": {"ir": 1}}), request(b"no JSON"))
        for _ in range(2):
            said = await told(peer)
            assert (said.status, said.content) == (200, wanted.encode() + b"\n")
