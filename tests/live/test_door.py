"""The ports over real sockets: who comes is let in a few a turn, and running out of descriptors ends nothing."""

import asyncio
import errno
import socket
from collections import Counter
from typing import Any

import pytest

from flameblue.domain.limits import ACCEPTS_PER_TURN
from flameblue.intake.door import open_port
from tests.live.installation import HOST

pytestmark = pytest.mark.live
VILLAGE = 60


class Visitor(asyncio.Protocol):
    """Notes in which turn of the loop it was let in."""

    def __init__(self, house: "House") -> None:
        self._house = house

    def connection_made(self, _transport: Any, /) -> None:
        self._house.let_in[self._house.turn] += 1
        if self._house.let_in.total() == VILLAGE:
            self._house.full.set()


class House:
    def __init__(self) -> None:
        self.turn = 0
        self.let_in: Counter[int] = Counter()
        self.full = asyncio.Event()

    async def count_turns(self) -> None:
        while True:
            self.turn += 1
            await asyncio.sleep(0)


def neighbours(port: int) -> list[socket.socket]:
    """All of them knock before the loop has its turn: the kernel lets them wait."""
    return [socket.create_connection((HOST, port), 5) for _ in range(VILLAGE)]


async def test_a_village_is_let_in_a_few_a_turn() -> None:
    house = House()
    server = await open_port(lambda: Visitor(house), HOST, 0)
    counting = asyncio.create_task(house.count_turns())
    lines = neighbours(server.sockets[0].getsockname()[1])
    async with asyncio.timeout(10):
        await house.full.wait()
    assert max(house.let_in.values()) <= ACCEPTS_PER_TURN + 1
    counting.cancel()
    server.close()
    for line in lines:
        line.close()


async def test_running_out_of_descriptors_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    house, told, accept = House(), [], socket.socket.accept

    def fails_at_first(one: socket.socket) -> Any:
        if not told:
            raise OSError(errno.EMFILE, "Too many open files")
        return accept(one)

    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context["message"]))
    monkeypatch.setattr(socket.socket, "accept", fails_at_first)
    server = await open_port(lambda: Visitor(house), HOST, 0)
    lines = neighbours(server.sockets[0].getsockname()[1])
    async with asyncio.timeout(10):
        await house.full.wait()
    assert len(told) == 1
    server.close()
    for line in lines:
        line.close()
