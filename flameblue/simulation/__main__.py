"""`python -m flameblue.simulation`: the devices of a false valley, against any MQTT endpoint."""

import argparse
import asyncio
import logging
import signal
import sys
from pathlib import Path

from flameblue.domain.clock import Clock, SystemClock
from flameblue.domain.errors import FlameblueError
from flameblue.simulation import scenarios
from flameblue.simulation.detector import Address
from flameblue.simulation.plan import make_plan
from flameblue.simulation.run import Course, backlog_s, run
from flameblue.simulation.weather import season_shift_s
from flameblue.simulation.world import World

WARM_UP_S = 3_600.0  # terminals and panels have found their temperatures by then


def main() -> int:
    """Runs until SIGTERM or SIGINT."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr
    )
    try:
        asyncio.run(_until_told(_parser().parse_args(), SystemClock()))
    except FlameblueError as error:
        sys.stderr.write(f"flameblue.simulation: {error}\n")
        return 1
    return 0


async def _until_told(arguments: argparse.Namespace, clock: Clock) -> None:
    scenario = scenarios.load(arguments.scenario)
    folder = arguments.data / "simulation" if arguments.data else None
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    alive = folder / "alive" if folder else None
    backlog = backlog_s(arguments.backlog, alive, clock)
    begin_s = clock.now_ns() / 1e9 - max(backlog, WARM_UP_S)
    if scenario.day is not None:
        begin_s += season_shift_s(begin_s, scenario.day)
    world = World(make_plan(arguments.premises, arguments.seed), begin_s)
    world.advance(begin_s + max(backlog, WARM_UP_S) - backlog)
    course = Course(
        speed=arguments.speed,
        backlog_s=backlog,
        commands=folder / "commands.jsonl" if folder else None,
        alive=alive,
        faults=scenarios.possible(scenario, world),
    )
    task = asyncio.ensure_future(run(world, Address(arguments.host, arguments.port), course, clock))
    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, task.cancel)
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m flameblue.simulation", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=1883)
    parser.add_argument("--premises", type=int, default=50, help="how many (default 50)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed, the same valley (default 1)")
    parser.add_argument("--speed", type=float, default=1.0, help="world seconds a second (default 1)")
    parser.add_argument("--data", type=Path, help="the data folder, whose simulation/commands.jsonl is read")
    parser.add_argument("--scenario", default="demo", help="demo, quiet, everything, outage, or a YAML file")
    parser.add_argument("--backlog", type=float, default=7_200.0, help="seconds sent first (default 7200)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
