"""Lines for what is asked over Modbus, and the registers of the models' vectors."""

import asyncio
import json
import os
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flameblue.intake.protocols import modbus_rtu

VECTORS = sorted((Path(__file__).parents[1] / "vectors/modbus_models").glob("*.json"))


@contextmanager
def cable() -> Iterator[tuple[str, str]]:
    """Two serial ports that are wired to one another."""
    loop = asyncio.get_running_loop()
    (left, left_port), (right, right_port) = os.openpty(), os.openpty()
    for end in (left_port, right_port):
        tty.setraw(end)
    loop.add_reader(left, lambda: os.write(right, os.read(left, 4096)))
    loop.add_reader(right, lambda: os.write(left, os.read(right, 4096)))
    try:
        yield os.ttyname(left_port), os.ttyname(right_port)
    finally:
        for end in (left, right):
            loop.remove_reader(end)
        for end in (left, left_port, right, right_port):
            os.close(end)


def registers_of(path: Path) -> dict[int, int]:
    """The register image in a model's vector."""
    frames = "".join(json.loads(path.read_text(encoding="utf-8"))["frames"])
    pdus = [frame.pdu for frame in modbus_rtu.PLUGIN.session().feed(bytes.fromhex(frames))]
    found: dict[int, int] = {}
    for request, answer in zip(pdus[::2], pdus[1::2], strict=True):
        start = int.from_bytes(request[1:3], "big")
        words = [int.from_bytes(answer[at : at + 2], "big") for at in range(2, len(answer), 2)]
        found |= {start + place: word for place, word in enumerate(words)}
    return found
