"""Samples of wrong messages are shown to people, so what looks like a secret is taken out first."""

import re

from flameblue.domain.limits import QUARANTINE_SAMPLE_BYTES_MAX

# The search starts at the telling word itself and every repeat before the value is bounded, so that no sample
# takes long.
_WORD = r"(?:passw(?:or)?d|passkey|pwd|passphrase|token|secret|credential|api[_-]?key|private[_-]?key)[\w.-]{0,32}"
_SECRET = re.compile(
    rf"""(?ix)
    (?P<name> {_WORD} ["']? \s{{0,8}} [:=] \s{{0,8}} )
    (?: "(?:[^"\\]|\\.)*"? | '(?:[^'\\]|\\.)*'? | [^\s,;&}}\]"']+ )
    """
)
_WRITTEN = re.compile(r"\\x([0-9a-f]{2})|\\0")
REDACTED = '"(redacted)"'


def shown(text: str, length_max: int = QUARANTINE_SAMPLE_BYTES_MAX) -> str:
    """`text` as it may be stored and shown: cut, without secrets, without what no database takes."""
    clean = text[:length_max].encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\0")
    return _SECRET.sub(rf"\g<name>{REDACTED}", clean)


def sample(payload: bytes) -> str:
    """The beginning of `payload` as text; bytes that are no text are written as \\xNN."""
    return shown(payload[:QUARANTINE_SAMPLE_BYTES_MAX].decode("utf-8", "backslashreplace"))


def restored(text: str) -> bytes:
    """The bytes that `sample` has written as `text`, as far as it tells: what was cut or redacted is gone.

    A payload that itself holds \\xNN as letters is read as that byte: a format of bytes has none, JSON takes none.
    """
    found, done = bytearray(), 0
    for written in _WRITTEN.finditer(text):
        found += text[done : written.start()].encode() + bytes([int(written[1], 16) if written[1] else 0])
        done = written.end()
    return bytes(found + text[done:].encode())
