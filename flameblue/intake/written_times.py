"""Times that devices write as text. One without a zone is local time, and never taken for UTC."""

from datetime import UTC, datetime, timedelta
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ANYWHERE = _EPOCH.replace(tzinfo=None)
_MS = timedelta(milliseconds=1)
_MS_PER_MIN = 60_000


def read(text: Any) -> int | datetime | None:
    """Milliseconds since 1970 where `text` says its zone, else the local time that it says; None: neither."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text.replace(".", "-", 2) if text[4:5] == "." else text)
    except ValueError:
        return None
    return moment if moment.tzinfo is None else (moment - _EPOCH) // _MS


def from_local(moment: datetime, utc_offset_min: float | None) -> int | None:
    """`moment` in milliseconds since 1970; None where nobody has said how far from UTC the device's clock is."""
    if utc_offset_min is None:
        return None
    return (moment - _EPOCH_ANYWHERE) // _MS - round(utc_offset_min * _MS_PER_MIN)
