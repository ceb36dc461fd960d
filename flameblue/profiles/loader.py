"""The shelf of device models: the package's own and those of the installation, live without a restart.

Invariants: a profile on the shelf is valid; a file that breaks or goes keeps its last good content, until the next
start, and is listed in `problems`, since devices speak by it; a later folder's profile takes the place of an earlier
folder's with the same name, which comes back when the later one goes.
"""

import json
import math
import threading
from collections.abc import Collection, Container, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, validators
from jsonschema.exceptions import ValidationError, best_match

from flameblue.domain.errors import BadInput
from flameblue.domain.limits import PROFILES_READ_MAX
from flameblue.domain.quantities import QUANTITIES, Quantity
from flameblue.profiles import items, pushing, registers, strict_yaml
from flameblue.profiles.items import Item, Metering, StateItem
from flameblue.profiles.pushing import Push
from flameblue.profiles.registers import Asking, Register, StateRegister

SCHEMA = (
    1  # the version of the format that is read here: schema.json (docs/own-device.md says how it may grow)
)
MISTAKES_TOLD_MAX = 5  # of one file, in one sentence
MODELS_LIKE_MAX = 5  # that are called nearly as what was said
GONE = "The file is gone. The last good one is kept until the next start."


@dataclass(frozen=True)
class ProfilePoint:
    """One point of a device model. `open_at`, `short_at`: values as sent that are no values.

    What is sent × `scale` + `offset` is the value. `register`, `states`: of a device that is asked over Modbus;
    `item`, `item_states`: of one that is asked by DL/T 645.
    """

    key: str
    quantity: Quantity
    scale: float = 1.0
    phase: str = ""
    open_at: tuple[float, ...] = ()
    short_at: tuple[float, ...] = ()
    offset: float = 0.0
    register: Register | None = None
    states: tuple[StateRegister, ...] = ()
    item: Item | None = None
    item_states: tuple[StateItem, ...] = ()


@dataclass(frozen=True)
class Profile:
    """A device model. `limits`: by quantity, fields as in LimitSetting; `silence_s` None: from `interval_s`.

    `open_points`: the points come from the registry, the profile fixes none. `maker`, `source` and `caveats` may be
    empty in a model of the installation, never in one of the package. `utc_offset_min`: how far its clock is ahead
    of UTC, where the device writes local times; None: its times are not used. `kinds`: what numbers of the maker's own
    kinds are, where the format has kinds. `test_bit`: the format's bit for a test can be believed. `supervision`: what
    its bit for supervision means ("": nothing).
    `modbus`, `dlt645`: how it is asked; `push`: what a platform sends of it. Such a model has no payload ("").
    """

    name: str
    maker: str
    protocol: str
    payload: str
    interval_s: float
    on_change: bool
    silence_s: float | None
    points: dict[str, ProfilePoint]
    open_points: bool
    limits: dict[str, dict[str, float]]
    frozen_s: dict[str, float]
    caveats: tuple[str, ...]
    source: str
    utc_offset_min: float | None = None
    kinds: Mapping[str, ProfilePoint] = field(default_factory=dict)
    test_bit: bool = False
    supervision: str = ""
    modbus: Asking | None = None
    dlt645: Metering | None = None
    push: Push | None = None

    @property
    def is_asked(self) -> bool:
        """Whether its devices say nothing unasked."""
        return self.modbus is not None or self.dlt645 is not None


def package_folder() -> Path:
    """The folder of the device models that come with the package."""
    return Path(__file__).parent / "devices"


def load(path: Path) -> Profile:
    """The profile in the file `path`; BadInput with a sentence when it can't be used."""
    table = strict_yaml.read(path)
    _check_version(table)
    if mistakes := [_told(error) for error in _validator().iter_errors(table)]:
        raise BadInput(f"{'; '.join(mistakes[:MISTAKES_TOLD_MAX])}.")
    if mistakes := [*registers.mistakes(table), *items.mistakes(table), *pushing.mistakes(table)]:
        raise BadInput(f"{'; '.join(mistakes[:MISTAKES_TOLD_MAX])}.")
    if table["name"] != path.stem:
        raise BadInput(f"Its name is {table['name']!r}; it must be {path.stem!r} as its file is called.")
    return _profile(table)


def found(said: str, *folders: Path) -> Profile:
    """The profile that a person means: a file, or the name of a model in `folders`, the first of them first.

    BadInput names the file in which something is wrong, or what is called alike.
    """
    path = Path(said)
    if not path.is_file():
        known = {file.stem: file for folder in reversed(folders) for file in sorted(folder.glob("*.yaml"))}
        if said not in known:
            near = get_close_matches(path.stem, known, MODELS_LIKE_MAX, 0.5)
            hint = f" There are: {', '.join(near)}." if near else ""
            raise BadInput(f"There is no file {said}, and no model of this name.{hint}")
        path = known[said]
    try:
        return load(path)
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from error


class Shelf:
    """The profiles of `folders`. `problems`: what is wrong, by the file's name. Threads may share it."""

    def __init__(self, *folders: Path) -> None:
        self._folders = folders
        self._lock = threading.Lock()
        self._seen: dict[Path, tuple[int, int, int]] = {}
        self._good: dict[Path, Profile] = {}
        self._current: Mapping[str, Profile] = {}
        self.problems: dict[str, str] = {}

    def current(self) -> Mapping[str, Profile]:
        """Every usable profile by name; re-reads the files that were changed. The same object if none was."""
        with self._lock:
            return self._refreshed()

    def known(self) -> Mapping[str, Profile]:
        """What `current` gave last, without a look at the files: a large one takes a moment that a loop does not have.
        They are read where they never were.
        """
        return self._current or self.current()

    def _refreshed(self) -> Mapping[str, Profile]:
        files = [path for folder in self._folders for path in sorted(folder.glob("*.yaml"))]
        changed = [path for path in files if self._has_changed(path)]
        gone = set(self._seen) - set(files)
        for path in changed:
            self._read(path)
        if changed or gone:
            present = {self._good[path].name: self._good[path] for path in files if path in self._good}
            self._miss(gone, present)
            kept = {profile.name: profile for path, profile in self._good.items() if path not in files}
            self._current = kept | present
        return self._current

    def _miss(self, gone: Collection[Path], present: Container[str]) -> None:
        """What was read of files that are gone is kept, but where another file gives the same model."""
        for path in gone:
            self._seen.pop(path)
            self.problems.pop(path.name, None)
        for path in self._good.keys() - self._seen.keys():
            self.problems[path.name] = GONE
            if path.stem in present:
                del self._good[path], self.problems[path.name]

    def _has_changed(self, path: Path) -> bool:
        try:
            stat = path.stat()
        except OSError:
            return False
        signature = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        if self._seen.get(path) == signature:
            return False
        self._seen[path] = signature
        return True

    def _read(self, path: Path) -> None:
        try:
            self._good[path] = _load_once(path, self._seen[path])
        except BadInput as error:
            kept = " The last good one is kept." if path in self._good else ""
            self.problems[path.name] = f"{error}{kept}"
        else:
            self.problems.pop(path.name, None)


@lru_cache(maxsize=PROFILES_READ_MAX)
def _load_once(path: Path, _version: tuple[int, int, int]) -> Profile:
    """What `load` gives, read once however many shelves a process has."""
    return load(path)


def _check_version(table: Any) -> None:
    """BadInput where the file is of a version that is not read here; one that says none is of the first."""
    version = table.get("schema", 1) if isinstance(table, dict) else 1
    if type(version) is not int or version != SCHEMA:
        raise BadInput(
            f"schema: it is of version {str(version)[:20]!r}, and this Flameblue reads version {SCHEMA}: "
            "take a newer Flameblue, or write the model anew."
        )


def _told(error: ValidationError) -> str:
    """One mistake with its place; of alternatives, the one that fits best."""
    best = best_match([error])
    assert best is not None
    where = "/".join(str(part) for part in best.absolute_path)
    return f"{where + ': ' if where else ''}{best.message[:300]}"


@cache
def _validator() -> Any:
    """JSON's schema counts 3.0 as an integer, and YAML has .inf and .nan: here neither is what it looks like."""
    schema = json.loads((Path(__file__).parent / "schema.json").read_text(encoding="utf-8"))
    types = Draft202012Validator.TYPE_CHECKER.redefine_many({"integer": _is_integer, "number": _is_number})
    extend: Any = validators.extend  # it has no types
    return extend(Draft202012Validator, type_checker=types)(schema)


def _is_integer(_checker: Any, value: Any) -> bool:
    return type(value) is int


def _is_number(_checker: Any, value: Any) -> bool:
    return type(value) is int or (type(value) is float and math.isfinite(value))


def _profile(table: Mapping[str, Any]) -> Profile:
    silence_s = table.get("silence_s")
    usual = table.get("modbus", {})
    return Profile(
        name=table["name"],
        maker=table.get("maker", ""),
        protocol=table["protocol"],
        payload=table.get("payload", ""),
        interval_s=float(table["interval_s"]),
        on_change=table.get("on_change", False),
        silence_s=None if silence_s is None else float(silence_s),
        points={key: _point(key, point, usual) for key, point in table.get("points", {}).items()},
        open_points=table.get("open_points", False),
        limits={
            quantity: {field: float(value) for field, value in limits.items()}
            for quantity, limits in table.get("limits", {}).items()
        },
        frozen_s={quantity: float(value) for quantity, value in table.get("frozen_s", {}).items()},
        caveats=tuple(table.get("caveats", ())),
        source=table.get("source", ""),
        utc_offset_min=table.get("utc_offset_min"),
        kinds={kind: _point(kind, point, {}) for kind, point in table.get("kinds", {}).items()},
        test_bit=table.get("test_bit", False),
        supervision=table.get("supervision", ""),
        modbus=registers.asking(usual) if "modbus" in table else None,
        dlt645=items.metering(table["dlt645"]) if "dlt645" in table else None,
        push=pushing.push(table["push"]) if "push" in table else None,
    )


def _point(key: str, point: Mapping[str, Any], usual: Mapping[str, Any]) -> ProfilePoint:
    states = point.get("states", ())
    return ProfilePoint(
        key=key,
        quantity=QUANTITIES[point["quantity"]],
        scale=float(point.get("scale", 1.0)),
        phase=point.get("phase", ""),
        open_at=tuple(float(value) for value in point.get("open_at", ())),
        short_at=tuple(float(value) for value in point.get("short_at", ())),
        offset=float(point.get("offset", 0.0)),
        register=registers.register(point["register"], usual) if "register" in point else None,
        states=() if "item" in point else tuple(registers.state(one, usual) for one in states),
        item=items.item(point["item"]) if "item" in point else None,
        item_states=tuple(items.state(one) for one in states) if "item" in point else (),
    )
