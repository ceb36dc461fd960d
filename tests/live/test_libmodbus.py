"""Devices that are asked over Modbus, by libmodbus: the library of many of the field's devices and gateways."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from flameblue.domain.clock import SystemClock
from flameblue.intake.asking.trying import asked
from flameblue.profiles.loader import Shelf, package_folder
from tests.live.binaries import needed, needed_library
from tests.live.installation import HOST, free_port
from tests.live.modbus_lines import VECTORS, cable, registers_of

pytestmark = pytest.mark.live
SHELF = Shelf(package_folder()).current()
UNIT = 7
WITHIN_S = 20.0


@asynccontextmanager
async def slave(kind: str, where: str, registers: Mapping[int, int]) -> AsyncIterator[None]:
    """libmodbus' slave with these registers, while the block lasts."""
    library = needed_library("libmodbus.so.5")
    image = json.dumps({"unit": UNIT, "registers": registers})
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.live.libmodbus_slave", library, kind, where, image),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        assert await asyncio.wait_for(process.stdout.readline(), WITHIN_S) == b"ready\n"
        yield
    finally:
        process.kill()
        await process.wait()


def values(said: Mapping[str, Any]) -> dict[str, float]:
    assert "error" not in said
    return {one["point"]: one["value"] for one in said["readings"]}


def listed(path: Path) -> dict[str, float]:
    readings = json.loads(path.read_text(encoding="utf-8"))["readings"]
    return {key: value for key, (value, _) in readings.items()}


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
async def test_a_model_asked_over_tcp_measures_what_its_vector_lists(path: Path) -> None:
    port = free_port()
    async with slave("tcp", str(port), registers_of(path)):
        said = await asked(SHELF[path.stem], f"tcp://{HOST}:{port}", UNIT, SystemClock().now_ns())
    assert values(said) == listed(path)


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
async def test_a_model_asked_on_a_serial_line_measures_what_its_vector_lists(path: Path) -> None:
    with cable() as (ours, theirs):
        async with slave("rtu", theirs, registers_of(path)):
            said = await asked(SHELF[path.stem], f"serial:{ours}?baud=9600", UNIT, SystemClock().now_ns())
    assert values(said) == listed(path)


async def test_what_mbpoll_reads_of_it_is_what_we_read() -> None:
    """The same slave, by the field's own tool: what both say can't be a mistake that one made twice."""
    mbpoll, port = needed("mbpoll"), free_port()
    path = next(path for path in VECTORS if path.stem == "eastron-sdm630")
    registers = registers_of(path)
    first = min(registers)
    async with slave("tcp", str(port), registers):
        process = await asyncio.create_subprocess_exec(
            *(mbpoll, "-m", "tcp", "-p", str(port), "-a", str(UNIT), "-0", "-r", str(first), "-c", "2"),
            *("-t", "3:float", "-B", "-1", "-q", HOST),
            stdout=asyncio.subprocess.PIPE,
        )
        output, _ = await asyncio.wait_for(process.communicate(), WITHIN_S)
        said = await asked(SHELF[path.stem], f"tcp://{HOST}:{port}", UNIT, SystemClock().now_ns())
    theirs = [float(line.split("\t")[-1]) for line in output.decode().splitlines() if line.startswith("[")]
    ours = list(values(said).values())
    assert len(theirs) == 2
    assert theirs[0] == pytest.approx(ours[0], abs=0.1)  # the step of a voltage
