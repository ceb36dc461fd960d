"""`python -m flameblue.simulation`: the devices of a false valley, against the endpoints of any system.

`--registry FILE` writes the registry of the same valley, for `flameblue import`, and ends.
"""

import argparse
import asyncio
import logging
import signal
import sys
from contextlib import ExitStack
from pathlib import Path

from flameblue.domain.clock import Clock, SystemClock
from flameblue.domain.errors import FlameblueError
from flameblue.simulation import fleet, line_faults, registry, scenarios
from flameblue.simulation.kinds import KINDS
from flameblue.simulation.places import MQTT, Wishes
from flameblue.simulation.plan import Plan, make_plan, with_devices
from flameblue.simulation.run import Course, backlog_s, run
from flameblue.simulation.told import Record
from flameblue.simulation.weather import season_shift_s
from flameblue.simulation.world import World

WARM_UP_S = 3_600.0  # terminals and panels have found their temperatures by then


def main() -> int:
    """Runs until SIGTERM or SIGINT."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr
    )
    status = 0
    try:
        _do(_parser().parse_args())
    except* FlameblueError as errors:  # of one device among many, or of none
        sys.stderr.write(f"flameblue.simulation: {_first(errors)}\n")
        status = 1
    return status


def _do(arguments: argparse.Namespace) -> None:
    turns = fleet.turns_of(arguments.kinds)
    wishes = Wishes(arguments.host, {MQTT: arguments.port, **fleet.ports_of(arguments.ports)}, turns)
    if arguments.registry is not None:
        arguments.registry.write_text(registry.plan_csv(_plan(arguments), wishes), encoding="utf-8")
        return
    with ExitStack() as stack:
        told = stack.enter_context(Record(arguments.told)) if arguments.told else None
        asyncio.run(_until_told(arguments, wishes, told, SystemClock()))


async def _until_told(
    arguments: argparse.Namespace, wishes: Wishes, told: Record | None, clock: Clock
) -> None:
    scenario = scenarios.load(arguments.scenario)
    lines = line_faults.by_kind({**scenario.line, **line_faults.written(arguments.line)}, KINDS)
    folder = arguments.data / "simulation" if arguments.data else None
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    alive = folder / "alive" if folder else None
    world, backlog = _world(arguments, scenario.day, alive, clock)
    course = Course(
        speed=arguments.speed,
        backlog_s=backlog,
        commands=folder / "commands.jsonl" if folder else None,
        alive=alive,
        faults=scenarios.possible(scenario, world),
        lines=lines,
        told=told,
    )
    task = asyncio.ensure_future(run(world, wishes, course, clock))
    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, task.cancel)
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    error = errors.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


def _plan(arguments: argparse.Namespace) -> Plan:
    plan = make_plan(arguments.premises, arguments.seed)
    return plan if arguments.devices is None else with_devices(plan, arguments.devices)


def _world(
    arguments: argparse.Namespace, day: float | None, alive: Path | None, clock: Clock
) -> tuple[World, float]:
    """The world at the begin of its backlog, and how long that is."""
    backlog = backlog_s(arguments.backlog, alive, clock)
    begin_s = clock.now_ns() / 1e9 - max(backlog, WARM_UP_S)
    if day is not None:
        begin_s += season_shift_s(begin_s, day)
    world = World(_plan(arguments), begin_s)
    world.advance(begin_s + max(backlog, WARM_UP_S) - backlog)
    return world, backlog


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m flameblue.simulation", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=KINDS[MQTT].port, help="of MQTT (default 1883)")
    parser.add_argument(
        "--ports", nargs="+", default=[], metavar="KIND=PORT", help="of other kinds, such as gb26875=5200"
    )
    parser.add_argument(
        "--kinds",
        default=MQTT,
        help=f"of the circuits' devices, in turn: {','.join(KINDS)}; with a model: modbus:eastron-sdm630",
    )
    parser.add_argument("--premises", type=int, default=50, help="how many (default 50)")
    parser.add_argument("--devices", type=int, help="only so many of their circuits have one (default: all)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed, the same valley (default 1)")
    parser.add_argument("--speed", type=float, default=1.0, help="world seconds a second (default 1)")
    parser.add_argument("--data", type=Path, help="the data folder, whose simulation/commands.jsonl is read")
    parser.add_argument(
        "--scenario", default="demo", help="demo, quiet, everything, outage, bad-lines, or a file"
    )
    parser.add_argument(
        "--line",
        nargs="+",
        default=[],
        metavar="FAULT=NUMBER",
        help="of the lines, beside the scenario's: split=0.2 corrupted=0.05 dtu.drop_every_s=20",
    )
    parser.add_argument("--told", type=Path, help="a file that gets what was acknowledged, as JSON lines")
    parser.add_argument(
        "--registry", type=Path, help="write the registry of this valley as CSV, for an import, and end"
    )
    parser.add_argument("--backlog", type=float, default=7_200.0, help="seconds sent first (default 7200)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
