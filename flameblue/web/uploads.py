"""Registry files that were uploaded and wait to be confirmed: kept by their hash, for an hour.

Invariants: a name is a hash that was made here, so it leads to no other file; only the installation's user can
read them, since they hold phone numbers; what is confirmed, too old or too many is deleted.
"""

import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path

from django.utils.translation import gettext as _

from flameblue.domain.errors import BadInput
from flameblue.domain.limits import IMPORT_BYTES_MAX, UPLOAD_AGE_S_MAX, UPLOADS_MAX

HASH = re.compile(r"[0-9a-f]{64}")


class Uploads:
    """The folder `folder`, as of `now_s` (seconds since 1970)."""

    def __init__(self, folder: Path, now_s: float) -> None:
        self.folder, self.now_s = folder, now_s
        folder.mkdir(mode=0o700, exist_ok=True)
        self._forget_old()

    def keep(self, chunks: Iterable[bytes]) -> str:
        """The hash by which the file is known from now on; BadInput for one that is too large."""
        data = b"".join(_bounded(chunks))
        name = hashlib.sha256(data).hexdigest()
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_bytes(data)
        os.utime(path, (self.now_s, self.now_s))
        self._forget_old()
        return name

    def read(self, name: str) -> bytes | None:
        """The file of this hash; None where it is not kept (any more), or is not what it was."""
        if not HASH.fullmatch(name):
            return None
        try:
            data = (self.folder / name).read_bytes()
        except FileNotFoundError:
            return None
        return data if hashlib.sha256(data).hexdigest() == name else None

    def forget(self, name: str) -> None:
        """It is not needed any more."""
        if HASH.fullmatch(name):
            (self.folder / name).unlink(missing_ok=True)

    def _forget_old(self) -> None:
        kept = sorted(
            (path.stat().st_mtime, path) for path in self.folder.iterdir() if HASH.fullmatch(path.name)
        )
        for number, (made_s, path) in enumerate(reversed(kept)):
            if number >= UPLOADS_MAX or self.now_s - made_s > UPLOAD_AGE_S_MAX:
                path.unlink(missing_ok=True)


def _bounded(chunks: Iterable[bytes]) -> Iterable[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > IMPORT_BYTES_MAX:
            raise BadInput(_("The file is too large."))
        yield chunk
