"""What people have agreed on, as data: whom a case calls and when, and what counts as evidence.

Every duration is in seconds. The file is policy.yaml beside this module, or what the configuration names.
"""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import time
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import yaml
from django.conf import settings

from flameblue.domain.errors import BadInput

PACKAGE_FILE = Path(__file__).with_name("policy.yaml")
LADDERS = frozenset({"alarm", "warning", "fault", "late", "incident", "system", "test"})
FAMILIES_WITH_EVIDENCE = frozenset({"heat", "leakage", "arc", "load", "voltage", "silence", "equipment"})
TO = frozenset({"owner", "second", "desk", "duty", "leader", "next_station"})
CHANNELS = frozenset({"sms", "voice", "desk"})
CONDITIONS = frozenset({"taken", "owner_answered", "receipt"})

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Step:
    """One call of a ladder: `to` whom, by which channel, how long after the announcement, unless what."""

    id: str
    after_s: float
    to: str
    channel: str
    sound: bool = False
    waits_for_morning: bool = False
    unless: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ladder:
    """Whom a case of one kind calls. `rings_again_after_s` None: a taken case never rings again."""

    steps: tuple[Step, ...]
    rings_again_after_s: float | None = None

    def at_once(self) -> list[Step]:
        return [step for step in self.steps if step.after_s == 0]


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `begin` to `end` in the site's own time some messages wait, unless the alarm limit is near."""

    begin: time
    end: time
    hours_to_limit_max: float
    trend_over_s: float


@dataclass(frozen=True, slots=True)
class IncidentPolicy:
    """When many silences of one site are one incident."""

    premises_min: int
    window_s: float
    settle_s: float
    join_s: float
    left_over_after_s: float
    voltage_zero_v: float


@dataclass(frozen=True, slots=True)
class MadeSafePolicy:
    """When a circuit counts as switched off."""

    current_zero_a: float
    for_s: float


@dataclass(frozen=True, slots=True)
class EvidencePolicy:
    """When a family's value counts as proven; `load_fraction` 0: the load does not matter."""

    for_s: float
    load_fraction: float = 0.0
    untaken: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """All of policy.yaml."""

    ladders: Mapping[str, Ladder]
    quiet_hours: QuietHours
    relapse_window_s: float
    again_after_s: float
    silence_grace_s: float
    incident: IncidentPolicy
    made_safe: MadeSafePolicy
    load_fresh_s: float
    evidence: Mapping[str, EvidencePolicy]


def load(path: Path | None = None) -> Policy:
    """The policy of `path` (None: the package's own); BadInput says what is wrong with the file."""
    path = path or PACKAGE_FILE
    try:
        table = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"The policy {path} can't be read: {error.strerror}.") from error
    except yaml.YAMLError as error:
        raise BadInput(f"The policy {path} is not valid YAML: {error}.") from error
    try:
        return _policy(table)
    except BadInput as error:
        raise BadInput(f"The policy {path}: {error}") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadInput(f"The policy {path} has a value of the wrong kind: {error}.") from error


@cache
def current() -> Policy:
    """The policy of this installation, read once: a change is taken at the next start."""
    return load(Path(settings.CONFIG.policy) if settings.CONFIG.policy else None)


def _policy(table: Any) -> Policy:
    quiet = dict(table["quiet_hours"])
    quiet["begin"], quiet["end"] = time.fromisoformat(quiet["begin"]), time.fromisoformat(quiet["end"])
    ladders = {name: _ladder(name, entry) for name, entry in table["ladders"].items()}
    evidence = {name: _filled(EvidencePolicy, entry) for name, entry in table["evidence"].items()}
    _same(set(ladders), LADDERS, "ladders")
    _same(set(evidence), FAMILIES_WITH_EVIDENCE, "evidence")
    parts: dict[str, Any] = {
        "ladders": ladders,
        "evidence": evidence,
        "quiet_hours": _filled(QuietHours, quiet),
        "incident": _filled(IncidentPolicy, table["incident"]),
        "made_safe": _filled(MadeSafePolicy, table["made_safe"]),
    }
    return _filled(Policy, {**table, **parts})


def _ladder(name: str, entry: Mapping[str, Any]) -> Ladder:
    steps = tuple(_filled(Step, {**step, "unless": tuple(step.get("unless", ()))}) for step in entry["steps"])
    ids = [step.id for step in steps]
    if len(set(ids)) != len(ids):
        raise BadInput(f"ladder {name} has two steps with the same id.")
    for step in steps:
        unknown = {step.to} - TO | {step.channel} - CHANNELS | set(step.unless) - CONDITIONS - set(ids)
        if unknown:
            raise BadInput(
                f"step {step.id} of ladder {name} has unknown words: {', '.join(sorted(unknown))}."
            )
    return _filled(Ladder, {**entry, "steps": steps})


def _filled(kind: type[T], entry: Mapping[str, Any]) -> T:
    """`kind` (a class above) from a table that names every field without a default, and no other."""
    known = {item.name: item for item in fields(cast("Any", kind))}
    if unknown := set(entry) - set(known):
        raise BadInput(f"unknown settings {', '.join(sorted(unknown))}.")
    missing = {name for name, item in known.items() if item.default is MISSING and name not in entry}
    if missing:
        raise BadInput(f"missing settings {', '.join(sorted(missing))}.")
    return kind(**entry)


def _same(found: set[str], wanted: frozenset[str], what: str) -> None:
    if found != wanted:
        raise BadInput(f"{what} must be exactly {', '.join(sorted(wanted))}.")
