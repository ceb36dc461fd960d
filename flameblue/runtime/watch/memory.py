"""What the watch knows over its own restart: who is believed to be down, and who has not been told yet."""

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from flameblue.domain.limits import WATCH_FAILURES
from flameblue.runtime.watch.rule import Standing, Word

log = logging.getLogger("flameblue.watch")
FILE = "watch.json"


@dataclass(slots=True)
class Known:
    """One watched Flameblue. `left`: the phones that `word` has not reached yet."""

    standing: Standing = field(default_factory=Standing)
    word: Word = Word.BACK
    lasted_s: float = 0.0
    left: tuple[str, ...] = ()


def read(path: Path) -> dict[str, Known]:
    """What was known by URL; nothing where there is no file, or none that can be read."""
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        return {url: _known(entry) for url, entry in table.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        log.warning("%s can't be read (%s): whoever is down is told of anew.", path, error)
        return {}


def write(path: Path, known: Mapping[str, Known]) -> None:
    """Replaces the file; a disk that fails is logged and stops nothing."""
    table = {url: _entry(one) for url, one in known.items() if one.standing.told_at or one.left}
    draft = path.with_suffix(".draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("w", encoding="utf-8") as file:
            json.dump(table, file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        log.warning("%s can't be written (%s): after a restart people may be told twice.", path, error)


def _entry(one: Known) -> dict[str, object]:
    since, told_at = one.standing.since, one.standing.told_at
    return {
        "since": since.isoformat() if since else None,
        "told_at": told_at.isoformat() if told_at else None,
        "word": one.word,
        "lasted_s": one.lasted_s,
        "left": list(one.left),
    }


def _known(entry: Mapping[str, object]) -> Known:
    since, told_at = _time(entry["since"]), _time(entry["told_at"])
    left = entry["left"]
    assert isinstance(left, list)
    standing = Standing(failures=WATCH_FAILURES if told_at else 0, since=since, told_at=told_at)
    return Known(standing, Word(str(entry["word"])), float(str(entry["lasted_s"])), tuple(map(str, left)))


def _time(written: object) -> datetime | None:
    return datetime.fromisoformat(str(written)) if written else None
