"""What platforms that push are answered, and when: peers without sockets, a told clock."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from flameblue.domain.clock import ManualClock
from flameblue.domain.errors import WorldFailed
from flameblue.domain.limits import HTTP_REFUSED_PER_MIN_MAX, HTTP_SENT_AGAIN_S
from flameblue.domain.readings import NS_PER_MS, Mark
from flameblue.intake.reception import Intake
from tests.intake.http_push_endpoint import SECRET, peer_of, request, serving, told
from tests.intake.valley import MemorySink

MESSAGE = {"id": "7", "v": {"ir": 12.5}}


async def kept(desk: Intake) -> dict[str, str]:
    """What is in quarantine: reason → latest detail."""
    await desk.keeper.flush()
    return {row.reason: row.detail for row in reversed(desk.quarantine.rows())}


async def test_a_message_is_on_disk_before_it_is_answered(
    desk: Intake, sink: MemorySink, tmp_path: Path
) -> None:
    async with serving(desk, tmp_path) as endpoint:
        peer = peer_of(endpoint)
        sink.hold()
        peer.send(request(MESSAGE))
        await sink.called(1)
        assert bytes(peer.sent_to_it) == b""
        sink.release()
        said = await told(peer)
        assert (said.status, said.told) == (200, {"readings": 1})
        assert said.headers["date"].endswith("GMT")
        assert sink.values(1) == [125]


async def test_one_connection_serves_many_requests_in_their_order(
    desk: Intake, sink: MemorySink, tmp_path: Path
) -> None:
    async with serving(desk, tmp_path) as endpoint:
        peer = peer_of(endpoint)
        peer.send(*(request({"id": n, "v": {"ir": n}}) for n in range(1, 6)), request(b"no JSON"))
        answers = [await told(peer) for _ in range(6)]
        assert [one.told["readings"] for one in answers] == [1, 1, 1, 1, 1, 0]
        assert sink.values(1) == [10, 20, 30, 40, 50]


async def test_what_can_not_be_read_is_kept_and_answered_200(
    desk: Intake, sink: MemorySink, tmp_path: Path
) -> None:
    async with serving(desk, tmp_path) as endpoint:
        peer = peer_of(endpoint)
        peer.send(request(b"ir=12"), request({"v": {"ir": 1, "xx": 2}}))
        first, second = await told(peer), await told(peer)
        assert (first.status, first.told["in_quarantine"]) == (200, True)
        assert first.told["why"].startswith("not JSON")
        assert second.told == {"readings": 1, "in_quarantine": True}
        assert {"malformed", "unknown_key"} <= set(await kept(desk))
        assert sink.values(1) == [10]


async def test_devices_behind_a_source_bear_its_name_and_strangers_are_kept(
    desk: Intake, sink: MemorySink, tmp_path: Path
) -> None:
    async with serving(desk, tmp_path) as endpoint:
        peer = peer_of(endpoint)
        peer.send(request([{"device": "D7", "v": {"ir": 3}}, {"device": "D0217", "v": {"ir": 9}}]))
        assert (await told(peer)).told == {"readings": 1, "in_quarantine": True}
        assert sink.values(21) == [30]
        assert sink.values(1) == []
        assert "CLOUD1>D0217" in (await kept(desk))["unknown_device"]


@pytest.mark.parametrize(
    "how",
    [
        {"token": "another"},
        {"token": ""},
        {"source": "NOBODY"},
        {"token": "", "query": "token=wrong"},
        {"token": "", "headers": {"Authorization": "Basic %%%"}},
        {"source": "ONENET", "token": "another"},
    ],
)
async def test_a_stranger_and_a_wrong_credential_are_refused_alike(
    desk: Intake, sink: MemorySink, tmp_path: Path, how: dict[str, Any]
) -> None:
    async with serving(desk, tmp_path) as endpoint:
        peer = peer_of(endpoint)
        peer.send(request(MESSAGE, **how))
        said = await told(peer)
        assert (said.status, said.headers["www-authenticate"]) == (401, "Bearer")
        assert said.headers["connection"] == "close"
        assert said.told == {"error": "There is no such source, or its credential or signature is another."}
        await peer.is_closed()
        assert sink.rows == []
        assert desk.counts["refused"] == 1


@pytest.mark.parametrize(
    "how",
    [
        {"query": "token=a-token-of-the-cloud"},
        {"headers": {"Authorization": "Basic " + base64.b64encode(b"x:a-token-of-the-cloud").decode()}},
        {"headers": {"authorization": "bearer a-token-of-the-cloud"}},
    ],
)
async def test_the_credential_may_come_in_several_ways(
    desk: Intake, tmp_path: Path, how: dict[str, Any]
) -> None:
    async with serving(desk, tmp_path) as endpoint:
        peer = peer_of(endpoint)
        peer.send(request(MESSAGE, token="", **how))
        assert (await told(peer)).status == 200


async def test_a_device_that_is_not_pushed_is_forbidden(desk: Intake, tmp_path: Path) -> None:
    async with serving(desk, tmp_path) as endpoint:
        peer = peer_of(endpoint)
        peer.send(request(MESSAGE, source="D0217", token="snow-on-the-roof"))
        said = await told(peer)
        assert said.status == 403
        assert "flameblue-generic" in said.told["error"]


async def test_a_form_brings_its_credential_and_is_converted(
    desk: Intake, sink: MemorySink, tmp_path: Path
) -> None:
    form = b"PASSKEY=307826236D0133E06009CE7FAFBBAFC4&dateutc=2021-12-24+11:31:57&tempf=47.8&model=WH2650"
    async with serving(desk, tmp_path) as endpoint:
        peer = peer_of(endpoint)
        peer.send(request(form, source="STATION1", token=""))
        assert (await told(peer)).told == {"readings": 1}
        assert sink.rows[0][2] == 88  # 47.8 °F = 8.78 °C
        assert sink.rows[0][3] == Mark.TIME_REPLACED


def signed(secret: str, number: int = 1) -> dict[str, Any]:
    inner = json.dumps(
        {
            "messageType": "notify",
            "notifyType": "property",
            "deviceName": "iot-0001",
            "data": {"params": {"WF": {"value": number}}},
        }
    )
    proof = base64.b64encode(hashlib.md5(f"{secret}abcdefgh{inner}".encode()).digest()).decode()
    return {"msg": inner, "nonce": "abcdefgh", "time": 1, "id": str(number), "signature": proof}


async def test_a_signed_message_needs_the_secret_and_nothing_else(
    desk: Intake, sink: MemorySink, tmp_path: Path
) -> None:
    async with serving(desk, tmp_path) as endpoint:
        right, wrong = peer_of(endpoint), peer_of(endpoint)
        right.send(request(signed(SECRET), source="ONENET", token=""))
        assert (await told(right)).told == {"readings": 1}
        assert sink.values(31) == [10]
        wrong.send(request(signed("guessed", 2), source="ONENET", token="onenets-own-token"))
        assert (await told(wrong)).status == 401
        assert "signature" in (await kept(desk))["wrong_credential"]
        assert sink.values(31) == [10]


async def test_an_address_is_validated_only_with_the_signature(desk: Intake, tmp_path: Path) -> None:
    proof = base64.b64encode(hashlib.md5(f"{SECRET}n-1hello".encode()).digest()).decode()
    async with serving(desk, tmp_path) as endpoint:
        peer = peer_of(endpoint)
        query = f"msg=hello&nonce=n-1&signature={proof}"  # + and / as they are, as some send them
        peer.send(request(source="ONENET", token="", method="GET", query=query))
        said = await told(peer)
        assert (said.status, said.content) == (200, b"hello")
        assert said.headers["content-type"].startswith("text/plain")
        peer.send(request(source="ONENET", token="", method="HEAD", query=query))
        said = await told(peer, to_head=True)
        assert (said.status, said.headers["content-length"]) == (200, "5")
        peer.send(request(source="ONENET", token="", method="GET", query=query.replace("hello", "other")))
        assert (await told(peer)).status == 401


async def test_who_asks_with_its_credential_learns_that_the_address_is_right(
    desk: Intake, tmp_path: Path
) -> None:
    async with serving(desk, tmp_path) as endpoint:
        peer = peer_of(endpoint)
        peer.send(request(method="GET"))
        assert (await told(peer)).told == {"source": "known"}


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ({"method": "PUT"}, 405),
        ({"method": "DELETE"}, 405),
        ({"source": ""}, 404),
        ({"source": "../../healthz"}, 401),
        ({"headers": {"Content-Encoding": "gzip"}}, 415),
        ({"version": "2.0"}, 505),
    ],
)
async def test_what_is_no_push_is_told_why(
    desk: Intake, tmp_path: Path, how: dict[str, Any], status: int
) -> None:
    async with serving(desk, tmp_path) as endpoint:
        peer = peer_of(endpoint)
        peer.send(request(MESSAGE, **how))
        said = await told(peer)
        assert said.status == status
        assert said.content.count(b"\n") == 1
        assert said.told["error"]
        await peer.is_closed()


async def test_who_waits_for_our_word_gets_it_before_the_body(desk: Intake, tmp_path: Path) -> None:
    async with serving(desk, tmp_path) as endpoint:
        peer = peer_of(endpoint)
        whole = request(MESSAGE, headers={"Expect": "100-continue"})
        head, _, body = whole.partition(b"\r\n\r\n")
        peer.send(head + b"\r\n\r\n")
        assert (await told(peer)).status == 100
        peer.send(body)
        assert (await told(peer)).told == {"readings": 1}


async def test_a_message_that_comes_again_is_answered_and_taken_once(
    desk: Intake, sink: MemorySink, tmp_path: Path, clock: ManualClock
) -> None:
    async with serving(desk, tmp_path) as endpoint:
        first, second = peer_of(endpoint), peer_of(endpoint)
        first.send(request(MESSAGE), request(MESSAGE))
        assert [(await told(first)).told for _ in range(2)] == [
            {"readings": 1},
            {"readings": 0, "duplicate": True},
        ]
        second.send(request(MESSAGE), request({"id": "7", "v": {"ir": 13}}))
        assert (await told(second)).told == {"readings": 0, "duplicate": True}
        assert (await told(second)).told == {"readings": 1}  # another content is another message
        clock.advance(HTTP_SENT_AGAIN_S + 1)
        endpoint.sweep()
        third = peer_of(endpoint)
        third.send(request(MESSAGE))
        assert (await told(third)).told == {"readings": 1}
        assert desk.counts["duplicates"] == 2
        assert sink.values(1) == [125, 130, 125]


async def test_two_readings_without_id_and_time_are_two(
    desk: Intake, sink: MemorySink, tmp_path: Path
) -> None:
    async with serving(desk, tmp_path) as endpoint:
        peer = peer_of(endpoint)
        peer.send(request({"v": {"ir": 1}}), request({"v": {"ir": 1}}))
        assert [(await told(peer)).told for _ in range(2)] == [{"readings": 1}] * 2
        assert sink.values(1) == [10, 10]


@pytest.mark.parametrize(
    "behind_ms", [None, 60_000], ids=["a clock that never began", "one that has stopped"]
)
async def test_a_clock_that_stands_still_hides_no_second_fire(
    desk: Intake, sink: MemorySink, tmp_path: Path, clock: ManualClock, behind_ms: int | None
) -> None:
    stopped_ms = 5 if behind_ms is None else clock.now_ns() // NS_PER_MS - behind_ms
    async with serving(desk, tmp_path) as endpoint:
        peer = peer_of(endpoint)
        for value in (412, 12.5, 412):
            peer.send(request({"t": stopped_ms, "v": {"ir": value}}))
            assert (await told(peer)).told["readings"] == 1
        assert sink.values(1) == [4120, 125, 4120]


async def test_a_repetition_is_not_answered_before_the_first_is_on_disk(
    desk: Intake, sink: MemorySink, tmp_path: Path
) -> None:
    async with serving(desk, tmp_path) as endpoint:
        impatient, again = peer_of(endpoint), peer_of(endpoint)
        sink.hold()
        impatient.send(request(MESSAGE))
        await sink.called(1)
        impatient.vanish()
        again.send(request(MESSAGE), request({"id": "8", "v": {"ir": 1}}))
        sink.release()
        said = await told(again)
        assert (said.status, said.headers["retry-after"]) == (503, "1")
        later = peer_of(endpoint)
        later.send(request(MESSAGE))
        assert (await told(later)).told == {"readings": 0, "duplicate": True}
        assert sink.values(1) == [125]


async def test_what_the_journal_can_not_keep_is_answered_503_and_taken_when_it_comes_again(
    desk: Intake, sink: MemorySink, tmp_path: Path
) -> None:
    async with serving(desk, tmp_path) as endpoint:
        peer = peer_of(endpoint)
        sink.failure = WorldFailed("the disk is full")
        peer.send(request(MESSAGE), request(MESSAGE), request({"id": "8", "v": {"ir": 1}}))
        said = await told(peer)
        assert (said.status, said.headers["retry-after"], said.headers["connection"]) == (503, "5", "close")
        await peer.is_closed()
        assert bytes(peer.sent_to_it) == b""
        sink.failure = None
        again = peer_of(endpoint)
        again.send(request(MESSAGE))
        assert (await told(again)).told == {"readings": 1}
        assert sink.values(1) == [125]


async def test_a_last_request_that_is_on_disk_is_remembered_too(
    desk: Intake, sink: MemorySink, tmp_path: Path
) -> None:
    async with serving(desk, tmp_path) as endpoint:
        for expected in ({"readings": 1}, {"readings": 0, "duplicate": True}):
            peer = peer_of(endpoint)
            peer.send(request(MESSAGE, headers={"Connection": "close"}))
            said = await told(peer)
            assert said.told == expected
            assert said.headers["connection"] == "close"
            await peer.is_closed()
        assert sink.values(1) == [125]


async def test_an_unknown_source_is_listed_while_pairing(
    desk: Intake, tmp_path: Path, clock: ManualClock
) -> None:
    async with serving(desk, tmp_path, pairing_until_ns=clock.now_ns() + 10**12) as endpoint:
        peer = peer_of(endpoint)
        peer.send(request(MESSAGE, source="NEW%20CLOUD", token="its-own"))
        assert (await told(peer)).told == {"readings": 0, "pairing": True}
        await desk.keeper.flush()
        (row,) = desk.quarantine.unknown_devices()
        assert (row.name, row.topic, row.peer) == ("NEW CLOUD", "/intake/v1/NEW CLOUD", "10.0.0.7")


async def test_who_is_refused_again_and_again_is_told_429_and_not_listed_any_more(
    desk: Intake, tmp_path: Path, clock: ManualClock
) -> None:
    async with serving(desk, tmp_path) as endpoint:
        statuses = []
        for _ in range(HTTP_REFUSED_PER_MIN_MAX + 2):
            peer = peer_of(endpoint)
            peer.send(request(MESSAGE, token="guess"))
            statuses.append((await told(peer)).status)
        assert statuses == [401] * HTTP_REFUSED_PER_MIN_MAX + [429] * 2
        right = peer_of(endpoint)
        right.send(request(MESSAGE))
        assert (await told(right)).status == 200  # whoever else guesses from the same address
        clock.advance(61)
        endpoint.sweep()
        peer = peer_of(endpoint)
        peer.send(request(MESSAGE, token="guess"))
        assert (await told(peer)).status == 401
        await desk.keeper.flush()
        assert desk.quarantine.totals() == {"wrong_credential": HTTP_REFUSED_PER_MIN_MAX + 1}


@pytest.mark.parametrize(
    ("trusted", "forwarded", "expected"),
    [
        ((), "1.2.3.4", "10.0.0.7"),
        (("192.0.2.0/24",), "1.2.3.4", "10.0.0.7"),
        (("10.0.0.7",), "1.2.3.4", "1.2.3.4"),
        (("10.0.0.0/8",), "6.6.6.6, 1.2.3.4, 10.0.0.9", "1.2.3.4"),
        (("10.0.0.0/8",), "", "10.0.0.7"),
        (("10.0.0.0/8",), "1.2.3.4, rubbish", "10.0.0.7"),
    ],
)
async def test_a_forwarded_address_counts_from_a_trusted_proxy_alone(
    desk: Intake, tmp_path: Path, trusted: tuple[str, ...], forwarded: str, expected: str
) -> None:
    async with serving(desk, tmp_path, trusted_proxies=trusted) as endpoint:
        peer = peer_of(endpoint)
        for _ in range(2):
            peer.send(request({"v": {"ir": 1}}, headers={"X-Forwarded-For": forwarded}))
            assert (await told(peer)).status == 200
            assert peer.line.peer == expected


async def test_a_changed_secret_counts_without_a_restart(
    desk: Intake, sink: MemorySink, tmp_path: Path
) -> None:
    async with serving(desk, tmp_path) as endpoint:
        (tmp_path / "secrets.toml").write_text('ONENET = "a new one"\nX = "y"\n', encoding="utf-8")
        endpoint.sweep()
        peer = peer_of(endpoint)
        peer.send(request(signed("a new one"), source="ONENET", token=""))
        assert (await told(peer)).told == {"readings": 1}
        (tmp_path / "secrets.toml").write_text("broken", encoding="utf-8")
        endpoint.sweep()
        peer.send(request(signed("a new one", 2), source="ONENET", token=""))
        assert (await told(peer)).told == {"readings": 1}
