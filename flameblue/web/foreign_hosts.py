"""What the log says of requests for a host that is not ours: whoever finds the port can send as many as they like.

Invariant: one line a request, no more than REFUSED_HOSTS_TOLD_MAX a minute; what was left out is counted in the next.
"""

import logging
import threading

from flameblue.domain.limits import REFUSED_HOST_CHARACTERS_MAX, REFUSED_HOSTS_TOLD_MAX
from flameblue.domain.visible import all_seen
from flameblue.web import now

LOGGER = "django.security.DisallowedHost"  # Django answers 400 and logs here, each with its traceback
MINUTE_S = 60.0


class Refused(logging.Filter):
    """Says a refusal in one line that names the host, or leaves it out."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._began_s: float | None = None
        self._told = 0
        self._left_out = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether there is room for `record` in this minute; it is written anew."""
        left_out = self._take_place(now.monotonic_s())
        if left_out is None:
            return False
        sent = getattr(getattr(record, "request", None), "META", {})
        host = str(sent.get("HTTP_HOST") or sent.get("SERVER_NAME") or "")
        record.msg = "Refused: the host “%s” is not in web.allowed_hosts."
        record.args = (all_seen(host, REFUSED_HOST_CHARACTERS_MAX),)
        if left_out:
            record.msg += " Before it %d more were refused."
            record.args += (left_out,)
        record.levelno, record.levelname = logging.WARNING, logging.getLevelName(logging.WARNING)
        record.exc_info = record.exc_text = None
        return True

    def _take_place(self, now_s: float) -> int | None:
        """How many were left out since the line before; None: this one is too."""
        with self._lock:
            if self._began_s is None or now_s - self._began_s >= MINUTE_S:
                self._began_s, self._told = now_s, 0
            if self._told >= REFUSED_HOSTS_TOLD_MAX:
                self._left_out += 1
                return None
            self._told += 1
            left_out, self._left_out = self._left_out, 0
            return left_out
