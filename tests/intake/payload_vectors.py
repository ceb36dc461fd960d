"""Real messages of other people's devices and what they mean: tests/vectors/<payload>/*.json."""

import json
from pathlib import Path
from typing import Any

from flameblue import plugins
from flameblue.intake import payloads
from flameblue.intake.samples import Payload, Sample

FOUND: dict[str, Payload] = plugins.find(payloads)
FOLDER = Path(__file__).parents[1] / "vectors"
PATHS = sorted(path for name in FOUND for path in (FOLDER / name).glob("*.json"))
USUAL = {"unknown": [], "device": "", "online": None, "kinds": {}}  # what a vector need not say


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def content(vector: dict[str, Any]) -> bytes:
    return bytes.fromhex(vector["hex"]) if "hex" in vector else vector["payload"].encode()


def fresh(name: str, vector: dict[str, Any] | None = None) -> Payload:
    """The plug-in `name` as after a start, with what the vector says came before."""
    payload: Payload = type(FOUND[name])()
    for earlier in vector.get("before", []) if vector else []:
        payload.parse(earlier["topic"], content(earlier))
    return payload


def listed(samples: list[Sample]) -> Any:
    """Samples as JSON has them."""
    return json.loads(json.dumps([sample._asdict() for sample in samples], default=str))
