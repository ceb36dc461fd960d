"""Models and directories for the tests of asking."""

from pathlib import Path

from flameblue.intake.directory import DeviceEntry
from flameblue.profiles.loader import Profile, load

HEAD = "name: relay\nprotocol: modbus\ninterval_s: {every}\nmodbus: {modbus}\npoints:\n"


def model(folder: Path, points: str, *, modbus: str = "{}", every: float = 5) -> Profile:
    """The model that a file with these points gives."""
    path = folder / "relay.yaml"
    path.write_text(HEAD.format(every=every, modbus=modbus) + points, encoding="utf-8")
    return load(path)


def point(key: str, register: str, more: str = "", quantity: str = "residual_current_ma") -> str:
    """A line of `points`."""
    return f"  {key}: {{quantity: {quantity}, register: {{{register}}}{more}}}\n"


def entry(name: str, profile: Profile, first: int = 1) -> DeviceEntry:
    """A device with all the model's points, numbered from `first` on."""
    points = {key: (first + place, one.quantity) for place, (key, one) in enumerate(profile.points.items())}
    return DeviceEntry(name, profile.name, "", points)
