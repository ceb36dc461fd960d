"""A body that is too large is not read, whoever sends it; who may not send it, or sends it slowly, holds no place."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import Group, User
from django.core.handlers.asgi import ASGIRequest
from django.test import Client

from flameblue.config import Config
from flameblue.domain.clock import ManualClock
from flameblue.domain.limits import (
    BODY_BYTES_MAX,
    BODY_BYTES_PER_S_MIN,
    BODY_GRACE_S,
    LARGE_BODIES_MAX,
    LARGE_BODIES_PER_SENDER_MAX,
    LARGE_BODY_BYTES_MAX,
    MIB,
    REFUSED_BODY_BYTES_MAX,
    REFUSED_BODY_S_MAX,
    SMALL_BODY_BYTES_MAX,
)
from flameblue.people.models import OneTimePassword
from flameblue.web import access, bodies, senders
from flameblue.web.bodies import Bounded, Message, Receive, Send
from tests.cast import Cast

PIECE = bytes(MIB)
FILES = "/fleet/files/"
HOLDERS = LARGE_BODIES_MAX // LARGE_BODIES_PER_SENDER_MAX


async def reads_all(_scope: Message, receive: Receive, send: Send) -> None:
    """An application that answers 200 when it has read the body, as Django does before anything else."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})


async def everybody(_scope: Message) -> int | None:
    return 1


async def nobody(_scope: Message) -> int | None:
    return None


FULL = Counter(dict.fromkeys(range(2, 2 + HOLDERS), LARGE_BODIES_PER_SENDER_MAX))


class Sender:
    """Sends `pieces` times `piece` and counts what was read and what was dropped; keeps the status."""

    def __init__(self, pieces: int, piece: bytes = PIECE) -> None:
        self.piece = piece
        self.left: Iterator[int] = iter(range(pieces, 0, -1))
        self.read, self.dropped, self.status = 0, 0, 0

    async def receive(self) -> Message:
        left = next(self.left, None)
        if left is None:
            return {"type": "http.disconnect"}
        if self.status in (0, 200):
            self.read += 1
        else:
            self.dropped += 1
        return {"type": "http.request", "body": self.piece, "more_body": left > 1}

    async def send(self, message: Message) -> None:
        self.status = message.get("status", self.status)


def scope(path: str, headers: dict[bytes, bytes]) -> dict[str, Any]:
    return {"type": "http", "method": "POST", "path": path, "headers": list(headers.items())}


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/sign-in/", BODY_BYTES_MAX),
        ("/fleet/files/confirm/", BODY_BYTES_MAX),
        (FILES, LARGE_BODY_BYTES_MAX),
        ("/pictures/premises/1/change/", LARGE_BODY_BYTES_MAX),
    ],
)
async def test_what_is_too_large_is_refused_by_its_own_word_or_when_it_is_counted(
    path: str, most: int
) -> None:
    bounded = Bounded(reads_all, everybody)
    said, silent, fits = Sender(0), Sender(100), Sender(most // MIB)
    await bounded(scope(path, {b"content-length": b"%d" % (most + 1)}), said.receive, said.send)
    assert (said.status, said.read) == (413, 0)
    await bounded(scope(path, {b"transfer-encoding": b"chunked"}), silent.receive, silent.send)
    assert (silent.status, silent.read) == (413, most // MIB + 1)
    await bounded(scope(path, {b"content-length": b"%d" % most}), fits.receive, fits.send)
    assert (fits.status, fits.read) == (200, most // MIB)


async def test_a_length_that_is_none_is_too_large() -> None:
    for length in (b"-1", b"x", b"9" * 30, b""):
        sender = Sender(0)
        await Bounded(reads_all, everybody)(
            scope(FILES, {b"content-length": length}), sender.receive, sender.send
        )
        assert sender.status == 413


@pytest.mark.parametrize("path", [FILES, "/sign-in/"])
async def test_only_some_large_bodies_are_read_at_a_time_and_small_ones_always(path: str) -> None:
    bounded = Bounded(reads_all, everybody)
    bounded.places = Counter(FULL)
    for headers in ({b"content-length": b"%d" % (2 * MIB)}, {b"transfer-encoding": b"chunked"}):
        large = Sender(0)
        await bounded(scope(path, headers), large.receive, large.send)
        assert large.status == 503
    small = Sender(1, bytes(SMALL_BODY_BYTES_MAX))
    length = b"%d" % SMALL_BODY_BYTES_MAX
    await bounded(scope(path, {b"content-length": length}), small.receive, small.send)
    assert small.status == 200
    bounded.places -= Counter([2])
    after = Sender(2)
    await bounded(scope(path, {b"content-length": b"%d" % (2 * MIB)}), after.receive, after.send)
    assert (after.status, bounded.places.total()) == (200, LARGE_BODIES_MAX - 1)


@pytest.mark.parametrize("path", [FILES, "/sign-in/"])
async def test_who_may_not_send_much_is_refused_unread_and_takes_no_place(path: str) -> None:
    bounded = Bounded(reads_all, nobody)
    bounded.places = Counter(FULL)
    said, silent = Sender(0), Sender(100, bytes(SMALL_BODY_BYTES_MAX))
    await bounded(scope(path, {b"content-length": b"%d" % (2 * MIB)}), said.receive, said.send)
    assert said.status == 403
    await bounded(scope(path, {b"transfer-encoding": b"chunked"}), silent.receive, silent.send)
    assert (silent.status, silent.read) == (413, 2)
    few = Sender(1, bytes(SMALL_BODY_BYTES_MAX))
    await bounded(scope(path, {b"transfer-encoding": b"chunked"}), few.receive, few.send)
    assert few.status == 200


class SlowSender(Sender):
    """Takes `pause_s` of the test's own time before each piece."""

    def __init__(self, pieces: int, piece: bytes, pause_s: float) -> None:
        super().__init__(pieces, piece)
        self.pause_s, self.now_s = pause_s, 0.0

    def monotonic(self) -> float:
        return self.now_s

    async def receive(self) -> Message:
        self.now_s += self.pause_s
        return await super().receive()


async def test_who_drips_loses_the_place_after_the_grace() -> None:
    drips = SlowSender(MIB, b"x", pause_s=1.0)
    bounded = Bounded(reads_all, everybody, drips.monotonic)
    await bounded(scope(FILES, {b"content-length": b"%d" % MIB}), drips.receive, drips.send)
    assert (drips.status, drips.read, bounded.places.total()) == (408, BODY_GRACE_S + 1, 0)


async def test_a_slow_line_that_moves_is_waited_for() -> None:
    slow = SlowSender(360, bytes(BODY_BYTES_PER_S_MIN), pause_s=1.0)
    bounded = Bounded(reads_all, everybody, slow.monotonic)
    length = b"%d" % (360 * BODY_BYTES_PER_S_MIN)
    await bounded(scope(FILES, {b"content-length": length}), slow.receive, slow.send)
    assert (slow.status, slow.now_s) == (200, 360)


class SilentSender(SlowSender):
    """Says one byte just before its time is over, and then nothing, ever."""

    async def receive(self) -> Message:
        if self.read:
            await asyncio.Event().wait()
        return await super().receive()


async def test_who_falls_silent_loses_the_place_without_a_further_byte(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bodies, "REFUSED_SILENCE_S_MAX", 0.0)
    silent = SilentSender(100, b"x", BODY_GRACE_S)
    bounded = Bounded(reads_all, everybody, silent.monotonic)
    await bounded(scope(FILES, {b"content-length": b"%d" % MIB}), silent.receive, silent.send)
    assert (silent.status, silent.read, bounded.places.total()) == (408, 1, 0)


async def test_what_is_no_body_is_answered_in_words_and_handled_no_further() -> None:
    """What the server says of a malformed chunk, and of a sender who is gone."""
    handled: list[int] = []

    async def stumbles(_scope: Message, receive: Receive, _send: Send) -> None:
        while (message := await receive()).get("more_body"):
            pass
        handled.append(len(message["body"]))

    for headers in ({b"transfer-encoding": b"chunked"}, {b"content-length": b"9"}):
        broken = Sender(1, b"abc")
        broken.left = iter((2,))
        await Bounded(stumbles, everybody)(scope(FILES, headers), broken.receive, broken.send)
        assert (broken.status, handled) == (400, [])


async def test_one_sender_has_few_of_the_places() -> None:
    bounded = Bounded(reads_all, everybody)
    bounded.places = Counter({1: LARGE_BODIES_PER_SENDER_MAX})
    length = {b"content-length": b"%d" % MIB}
    more, elsewhere = Sender(1), Sender(1)
    await bounded(scope(FILES, length), more.receive, more.send)
    assert (more.status, more.read) == (429, 0)
    bounded.places = Counter({2: LARGE_BODIES_PER_SENDER_MAX})
    await bounded(scope(FILES, length), elsewhere.receive, elsewhere.send)
    assert (elsewhere.status, bounded.places) == (200, {2: LARGE_BODIES_PER_SENDER_MAX})


async def test_what_comes_after_a_refusal_is_dropped_up_to_a_bound() -> None:
    few, endless = Sender(3), Sender(1_000)
    for sender in (few, endless):
        await Bounded(reads_all, nobody)(
            scope(FILES, {b"content-length": b"%d" % (2 * MIB)}), sender.receive, sender.send
        )
    assert (few.status, few.dropped) == (403, 3)
    assert (endless.status, endless.dropped) == (403, REFUSED_BODY_BYTES_MAX // MIB)
    drips = SlowSender(1_000, b"x", pause_s=1.0)
    await Bounded(reads_all, nobody, drips.monotonic)(
        scope(FILES, {b"content-length": b"%d" % MIB}), drips.receive, drips.send
    )
    assert (drips.status, drips.dropped) == (403, REFUSED_BODY_S_MAX)


async def test_a_place_is_free_while_the_rest_of_what_was_refused_is_dropped() -> None:
    held: list[int] = []

    class Watching(Sender):
        async def receive(self) -> Message:
            held.append(bounded.places.total() if self.status else -1)
            return await super().receive()

    bounded, slow = Bounded(reads_all, everybody), Watching(LARGE_BODY_BYTES_MAX // MIB + 5)
    await bounded(scope(FILES, {b"transfer-encoding": b"chunked"}), slow.receive, slow.send)
    assert (slow.status, held[-4:]) == (413, [0] * 4)


async def test_who_has_said_all_may_wait_for_the_answer_as_long_as_it_takes() -> None:
    """Django asks once more, to hear of a sender who goes; a live line is open for a quarter of an hour."""

    async def answers_late(_scope: Message, receive: Receive, send: Send) -> None:
        await receive()
        sender.now_s += 10 * BODY_GRACE_S
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})

    sender = SlowSender(2, b"x", pause_s=0.0)
    sender.left = iter((1, 1))
    await Bounded(answers_late, everybody, sender.monotonic)(scope("/", {}), sender.receive, sender.send)
    assert sender.status == 200


def asked(path: str, user: User | None, host: bytes = b"127.0.0.1") -> bool:
    headers = {b"host": host}
    if user is not None:
        client = Client()
        client.force_login(user)
        headers[b"cookie"] = f"sessionid={client.cookies['sessionid'].value}".encode()
    return senders.sender(ASGIRequest({**scope(path, headers), "query_string": b""}, BytesIO())) is not None


def test_who_may_send_much(cast: Cast, data: Path, clock: ManualClock) -> None:
    duty, picture = cast.bolat.user, "/pictures/premises/1/change/"
    assert duty is not None
    viewer = User.objects.create_user("viewer")
    viewer.groups.add(Group.objects.get_or_create(name=access.VIEWER)[0])
    allowed = [[asked(path, user) for user in (cast.admin, duty, viewer, None)] for path in (FILES, picture)]
    assert allowed == [[True, False, False, False], [True, True, False, False]]
    for path in ("/sign-in/", "/api/v1/cases/4001/comment", "/nothing/"):
        assert not asked(path, cast.admin)
    OneTimePassword.objects.create(user=cast.admin, issued_at=access.now())
    assert not asked(FILES, cast.admin)


def test_in_a_demo_its_person_may_send_on_loopback_only(
    cast: Cast, tmp_path: Path, settings: LazySettings
) -> None:
    settings.CONFIG = Config(data=tmp_path, demo=True)
    settings.ALLOWED_HOSTS = ["127.0.0.1", "board.example"]
    hosts = (b"127.0.0.1:9090", b"board.example", b"evil.example")
    assert [asked("/pictures/premises/1/change/", None, host) for host in hosts] == [True, False, False]
