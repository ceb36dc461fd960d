"""Registry files for the tests: rows that name only the columns they fill."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flameblue.fleet.keeping import Hand
from flameblue.people.registry import Report, import_bytes
from flameblue.people.registry_cells import COLUMNS

Cells = dict[str, str]
CABIN: Cells = {"site": "禾木", "premises": "白桦客栈", "owner": "Aigul", "phone": "13800000011"}
HEATER: Cells = CABIN | {
    "panel": "1号箱",
    "isolator": "2号开关",
    "circuit": "101房暖气",
    "rated_current_a": "32",
    "device": "D0300",
    "device_serial": "SN-300",
    "profile": "flameblue-generic",
    "credential": "icicle-on-the-eaves",
    "point": "tb",
    "quantity": "temperature_c",
    "phase": "B",
    "place": "101房",
}


def file(*rows: Cells, columns: Sequence[str] = COLUMNS, encoding: str = "utf-8") -> bytes:
    """The bytes of a file with `rows`."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode(encoding)


@dataclass(frozen=True)
class Bring:
    """Imports rows at one time."""

    now: datetime

    def __call__(self, *rows: Cells, dry_run: bool = False) -> Report:
        columns = (*COLUMNS, "station") if any("station" in row for row in rows) else COLUMNS
        return self.data(file(*rows, columns=columns), dry_run=dry_run)

    def data(self, data: bytes, *, dry_run: bool = False) -> Report:
        return import_bytes(data, Hand("tests", self.now, "import of test.csv"), dry_run=dry_run)
