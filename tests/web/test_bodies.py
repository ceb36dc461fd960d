"""A body that is too large is not read, whoever sends it."""

from collections.abc import Iterator
from typing import Any

import pytest

from flameblue.domain.limits import (
    BODY_BYTES_MAX,
    LARGE_BODIES_MAX,
    LARGE_BODY_BYTES_MAX,
    MIB,
    SMALL_BODY_BYTES_MAX,
)
from flameblue.web.bodies import Bounded, Message, Receive, Send

PIECE = bytes(MIB)
FILES = "/fleet/files/"


async def reads_all(_scope: Message, receive: Receive, send: Send) -> None:
    """An application that answers 200 when it has read the body, as Django does before anything else."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})


class Sender:
    """Sends `pieces` times `piece` and counts what was read; keeps the status of the answer."""

    def __init__(self, pieces: int, piece: bytes = PIECE) -> None:
        self.piece = piece
        self.left: Iterator[int] = iter(range(pieces, 0, -1))
        self.read, self.status = 0, 0

    async def receive(self) -> Message:
        left = next(self.left)
        self.read += 1
        return {"type": "http.request", "body": self.piece, "more_body": left > 1}

    async def send(self, message: Message) -> None:
        self.status = message.get("status", self.status)


def scope(path: str, headers: dict[bytes, bytes]) -> dict[str, Any]:
    return {"type": "http", "path": path, "headers": list(headers.items())}


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
    bounded = Bounded(reads_all)
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
        await Bounded(reads_all)(scope(FILES, {b"content-length": length}), sender.receive, sender.send)
        assert sender.status == 413


@pytest.mark.parametrize("path", [FILES, "/sign-in/"])
async def test_only_some_large_bodies_are_read_at_a_time_and_small_ones_always(path: str) -> None:
    bounded = Bounded(reads_all)
    bounded.large = LARGE_BODIES_MAX
    for headers in ({b"content-length": b"%d" % (2 * MIB)}, {b"transfer-encoding": b"chunked"}):
        large = Sender(0)
        await bounded(scope(path, headers), large.receive, large.send)
        assert large.status == 503
    small = Sender(1, bytes(SMALL_BODY_BYTES_MAX))
    length = b"%d" % SMALL_BODY_BYTES_MAX
    await bounded(scope(path, {b"content-length": length}), small.receive, small.send)
    assert small.status == 200
    bounded.large = LARGE_BODIES_MAX - 1
    after = Sender(2)
    await bounded(scope(path, {b"content-length": b"%d" % (2 * MIB)}), after.receive, after.send)
    assert (after.status, bounded.large) == (200, LARGE_BODIES_MAX - 1)
