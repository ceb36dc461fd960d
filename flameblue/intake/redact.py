"""Samples of wrong messages are shown to people, so what looks like a secret is taken out first."""

import re

from flameblue.domain.limits import QUARANTINE_SAMPLE_BYTES_MAX

_NAME = r"[\w.-]*(?:passw(?:or)?d|pwd|passphrase|token|secret|credential|api[_-]?key|private[_-]?key)[\w.-]*"
_SECRET = re.compile(
    rf"""(?ix)
    (?P<name> ["']?{_NAME}["']? \s* [:=] \s* )
    (?: "(?:[^"\\]|\\.)*"? | '(?:[^'\\]|\\.)*'? | [^\s,;&}}\]"']+ )
    """
)
REDACTED = '"(redacted)"'


def shown(text: str, length_max: int = QUARANTINE_SAMPLE_BYTES_MAX) -> str:
    """`text` as it may be stored and shown: cut, without secrets, without what no database takes."""
    clean = text[:length_max].encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\0")
    return _SECRET.sub(rf"\g<name>{REDACTED}", clean)


def sample(payload: bytes) -> str:
    """The beginning of `payload` as text; bytes that are no text are written as \\xNN."""
    return shown(payload[:QUARANTINE_SAMPLE_BYTES_MAX].decode("utf-8", "backslashreplace"))
