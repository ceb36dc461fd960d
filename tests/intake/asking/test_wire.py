"""A line by pymodbus' client that can't be opened says why, in words."""

import os
from collections.abc import Iterator

import pytest

from flameblue.domain.errors import WorldFailed
from flameblue.intake.asking.addresses import SerialPort
from flameblue.intake.asking.wire import ClientLine


@pytest.fixture
def no_parity() -> Iterator[str]:
    """A serial port that can't do parity: a pseudo-terminal."""
    ends = os.openpty()
    yield os.ttyname(ends[1])
    for end in ends:
        os.close(end)


async def test_a_parity_that_the_port_refuses_is_told(no_parity: str) -> None:
    line = ClientLine(SerialPort(no_parity, parity="even"))
    with pytest.raises(WorldFailed, match=f"serial:{no_parity}[?]parity=even is not reached: .*Invalid"):
        await line.open()
    assert not line.is_open()


async def test_a_port_that_is_not_there_is_told() -> None:
    with pytest.raises(WorldFailed, match="serial:/dev/no-such-port is not reached"):
        await ClientLine(SerialPort("/dev/no-such-port")).open()
