"""The secrets of sources whose platforms sign: a TOML file, read anew when it is changed.

A keyed hash can't check a signature (docs/decisions/0023): whoever can read this file can sign as these platforms.
"""

import logging
import tomllib
from collections.abc import Mapping
from pathlib import Path

from flameblue.domain.errors import BadInput
from flameblue.domain.limits import HTTP_SECRETS_BYTES_MAX

log = logging.getLogger("flameblue.intake")


def read(path: Path) -> Mapping[str, str]:
    """Source → secret; BadInput when the file can't be read, or is something else."""
    try:
        if path.stat().st_size > HTTP_SECRETS_BYTES_MAX:
            raise BadInput(f"http_push.secrets {path} has more than {HTTP_SECRETS_BYTES_MAX} bytes.")
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(f"http_push.secrets {path} can't be read: {error}.") from error
    for source, secret in table.items():
        if not isinstance(secret, str) or not secret:
            raise BadInput(
                f'http_push.secrets {path}: {source} is no text; a line is like CLOUD1 = "its secret".'
            )
    return table


class Secrets:
    """What the file at `path` says ("": there is none). A file that breaks keeps its last good content."""

    def __init__(self, path: str) -> None:
        self._path = Path(path) if path else None
        self._seen: tuple[int, int, int] | None = None
        self._known: Mapping[str, str] = {}
        self.look()

    def look(self) -> None:
        """Reads the file where it was changed; called every second."""
        if self._path is None:
            return
        try:
            stat = self._path.stat()
            signature = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            if signature == self._seen:
                return
            self._seen = signature
            self._known = read(self._path)
        except OSError as error:
            if self._seen is not None:
                log.warning("http_push.secrets %s can't be read: %s.", self._path, error.strerror)
            self._seen = None
        except BadInput as error:
            log.warning("%s The last good secrets are kept.", error)

    def of(self, source: str) -> str:
        """The secret of `source`; empty where it has none."""
        return self._known.get(source, "")
