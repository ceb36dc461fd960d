"""Times that devices write as text. One without a zone is local time, and never taken for UTC."""

from datetime import UTC, datetime, timedelta
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read(text: Any) -> int | datetime | None:
    """Milliseconds since 1970 where `text` says its zone, else the local time that it says; None: neither."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text.replace(".", "-", 2) if text[4:5] == "." else text)
    except ValueError:
        return None
    return moment if moment.tzinfo is None else (moment - _EPOCH) // timedelta(milliseconds=1)


def from_local(moment: datetime, utc_offset_min: float | None) -> int | None:
    """`moment` in milliseconds since 1970; None where nobody has said how far from UTC the device's clock is."""
    if utc_offset_min is None:
        return None
    return (moment.replace(tzinfo=UTC) - _EPOCH - timedelta(minutes=utc_offset_min)) // timedelta(
        milliseconds=1
    )
