"""The hand on the demo's switches: orders to the simulation, one JSON line each, and what they leave switched off."""

import json
from pathlib import Path

from flameblue.domain.limits import SWITCH_ORDERS_BYTES_MAX

POSITIONS = {"isolate": True, "restore": False}  # whether it is off afterwards; a repair leaves it as it is
Place = tuple[str, str]  # the names of the premises and of the circuit


def order(path: Path, do: str, place: Place) -> None:
    """The simulation does `do` at `place` at its next look."""
    path.parent.mkdir(parents=True, exist_ok=True)
    line = {"do": do, "premises": place[0], "circuit": place[1]}
    with path.open("a", encoding="utf-8") as orders:
        orders.write(json.dumps(line, ensure_ascii=False) + "\n")


def switched_off(path: Path) -> set[Place]:
    """Where a switch was pulled and not switched on again, by the newest orders."""
    if not path.exists():
        return set()
    with path.open("rb") as orders:
        orders.seek(max(0, path.stat().st_size - SWITCH_ORDERS_BYTES_MAX))
        lines = orders.read(SWITCH_ORDERS_BYTES_MAX).splitlines()
    last: dict[Place, bool] = {}
    for line in lines:
        try:
            said = json.loads(line)
            place, do = (said["premises"], said["circuit"]), said["do"]
        except (ValueError, KeyError, TypeError):
            continue  # the first line may be the end of one; what is no order is the simulation's to tell
        if do in POSITIONS:
            last[place] = POSITIONS[do]
    return {place for place, is_off in last.items() if is_off}
