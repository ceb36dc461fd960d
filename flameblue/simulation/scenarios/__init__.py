"""What goes wrong when, as data: one YAML file a scenario."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml

from flameblue.domain.errors import BadInput
from flameblue.simulation.faults import KINDS, PHASES, Fault, Kind
from flameblue.simulation.world import World

log = logging.getLogger("flameblue.simulation")
FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Due:
    """A fault and when it begins, in seconds after the start."""

    after_s: float
    fault: Fault


@dataclass(frozen=True, slots=True)
class Scenario:
    """Faults in the order in which they begin. `day` of the year (0: 1 January): the season, else today's.

    `line`: what is said of the devices' lines, for `line_faults.by_kind`.
    """

    name: str
    day: float | None
    faults: tuple[Due, ...]
    line: Mapping[str, Any] = field(default_factory=dict)


def load(name: str) -> Scenario:
    """The scenario of that name, or of that path (*.yaml); BadInput says what is wrong with it."""
    path = Path(name) if name.endswith(".yaml") else FOLDER / f"{name}.yaml"
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"The scenario {path} can't be read: {error.strerror}.") from error
    except yaml.YAMLError as error:
        raise BadInput(f"The scenario {path} is not valid YAML: {error}.") from error
    if not isinstance(content, dict) or not content.keys() <= {"about", "day", "faults", "line"}:
        raise BadInput(f"The scenario {path} should have about, day, faults and line, and nothing else.")
    dues = [_due(entry, path.name) for entry in content.get("faults") or []]
    day = content.get("day")
    if day is not None and not isinstance(day, int | float):
        raise BadInput(f"{path.name}: day is {day!r}; it should be a number.")
    line = content.get("line") or {}
    if not isinstance(line, dict):
        raise BadInput(f"{path.name}: line is {line!r}; it should have faults and their numbers.")
    return Scenario(path.stem, day, tuple(sorted(dues, key=lambda due: due.after_s)), line)


def possible(scenario: Scenario, world: World) -> tuple[Due, ...]:
    """The faults whose places stand in this world; in a small valley the others are logged and left out."""
    found = []
    for due in scenario.faults:
        try:
            world.find(due.fault.site, due.fault.premises, due.fault.circuit)
        except BadInput as error:
            log.warning("%s", error)
        else:
            found.append(due)
    return tuple(found)


def _due(entry: Any, file: str) -> Due:
    if not isinstance(entry, dict) or entry.get("fault") not in KINDS or "after_s" not in entry:
        raise BadInput(f"{file}: {entry!r} needs after_s, and a fault out of {', '.join(KINDS)}.")
    kind = KINDS[entry["fault"]]
    given = {key: value for key, value in entry.items() if key not in ("after_s", "fault")}
    return Due(_number(entry["after_s"], "after_s", file), _fault(kind, given, file))


def _fault(kind: Kind, given: Mapping[str, Any], file: str) -> Fault:
    defaults = {item.name: item.default for item in fields(kind)}
    if unknown := given.keys() - defaults.keys():
        raise BadInput(f"{file}: {kind.__name__} has no {', '.join(sorted(unknown))}.")
    values: dict[str, Any] = {}
    for key, value in given.items():
        values[key] = value if isinstance(defaults[key], str) else _number(value, key, file)
    if values.get("phase", "A") not in tuple(PHASES):
        raise BadInput(f"{file}: phase is {values['phase']!r}; it should be A, B or C.")
    return kind(**values)


def _number(value: Any, key: str, file: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadInput(f"{file}: {key} is {value!r}; it should be a number.")
    return float(value)
