"""An agreement with a centre, as its file says it, and what tests ask of it."""

from pathlib import Path
from typing import Any

import yaml

from flameblue.uplink.following import Centre
from flameblue.uplink.mapping import Mapping, load
from tests.uplink.centre import ADDRESS, OURS

TABLE: dict[str, Any] = {
    "source_address": OURS.hex(),
    "centre_address": ADDRESS.hex(),
    "alarm_bit": 1,
    "system": {"type": 1, "address": 1},
}


def agreed(folder: Path, **changes: Any) -> Mapping:
    """TABLE with `changes`, read from a file."""
    return load(written(folder, TABLE | changes))


def written(folder: Path, table: dict[str, Any]) -> Path:
    """The file of `table`."""
    path = folder / "centre.yaml"
    path.write_text(yaml.safe_dump(table, allow_unicode=True), encoding="utf-8")
    return path


def centre(folder: Path, **changes: Any) -> Centre:
    """Whom we tell; other changes are another agreement."""
    return Centre(agreed(folder, **changes), f"{sorted(changes.items())}")
