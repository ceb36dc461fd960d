"""Detection's state on disk, so that a restart need not read the whole journal.

Invariants: a snapshot's name is the offset it was taken after; one is used only when that offset is not past
the committed cursor; the newest `SNAPSHOTS_KEPT` are kept; a file that can't be used is passed over.
"""

import logging
import os
import zlib
from pathlib import Path

from flameblue.detection.detector import Detector
from flameblue.domain.errors import BadInput
from flameblue.domain.limits import SNAPSHOTS_KEPT

log = logging.getLogger("flameblue.runtime")
CRC_BYTES = 4


class Snapshots:
    """The snapshots in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def save(self, detector: Detector, offset: int) -> None:
        """Writes the state after the record `offset`, durably, and drops the oldest ones."""
        body = detector.snapshot()
        draft = self._folder / f"{os.getpid()}.draft"
        with draft.open("wb") as file:
            file.write(zlib.crc32(body).to_bytes(CRC_BYTES, "little"))
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._folder / f"{offset:020d}.snapshot")
        for old in self._files()[:-SNAPSHOTS_KEPT]:
            old.unlink()

    def oldest(self) -> int:
        """The offset of the oldest snapshot; 0 where there is none. The journal is kept from there on."""
        files = self._files()
        return int(files[0].stem) if files else 0

    def newest(self) -> int:
        """The offset of the newest snapshot; 0 where there is none."""
        files = self._files()
        return int(files[-1].stem) if files else 0

    def load(self, cursor: int) -> tuple[Detector, int] | None:
        """The newest usable state at an offset ≤ `cursor`, with that offset; None where there is none."""
        for path in reversed(self._files()):
            if int(path.stem) > cursor:
                continue
            data = path.read_bytes()
            if zlib.crc32(data[CRC_BYTES:]).to_bytes(CRC_BYTES, "little") != data[:CRC_BYTES]:
                log.warning("The snapshot %s is damaged; an older one or the journal is used.", path.name)
                continue
            try:
                return Detector.restore(data[CRC_BYTES:]), int(path.stem)
            except BadInput as reason:
                log.warning("The snapshot %s can't be used: %s", path.name, reason)
        return None

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("*.snapshot"))
