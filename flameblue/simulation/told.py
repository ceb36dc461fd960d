"""What the devices were acknowledged, as a file of JSON lines: proof for whoever looks into the journal afterwards."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any


class Record:
    """`path` with a line for each sample, written through at once.

    {"device": name, "t": ms, "v": {key: value}, "times": how often it was sent}
    """

    def __init__(self, path: Path) -> None:
        self._lines = path.open("a", encoding="utf-8", buffering=1)

    def __call__(self, device: str, at_ms: int, values: Mapping[str, Any], times: int) -> None:
        told = {"device": device, "t": at_ms, "v": values, "times": times}
        self._lines.write(json.dumps(told, ensure_ascii=False) + "\n")

    def __enter__(self) -> "Record":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lines.close()
