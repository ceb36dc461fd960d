"""What one who carries messages answers over HTTP, whatever it is: an object of JSON, and texts that can be kept.

Invariants: nothing here raises; a text has neither half a character nor a null character, and is bounded.
"""

import json
from collections.abc import Mapping
from typing import Any

from flameblue.domain.limits import CARRIER_WORDS_LENGTH_MAX, MESSAGE_ID_LENGTH_MAX


def object_in(body: bytes) -> dict[str, Any]:
    """The answer's JSON object; empty where it is none."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def words(answer: Mapping[str, Any], name: str) -> str:
    """What `answer` says under `name`, for the attempt's row; empty where it says nothing, or no plain value."""
    value = answer.get(name)
    return "" if not value or isinstance(value, dict | list) else kept(str(value), CARRIER_WORDS_LENGTH_MAX)


def message_id(answer: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """The message's id that stands under `name`, where one does."""
    found = words(answer, name)
    return (kept(found, MESSAGE_ID_LENGTH_MAX),) if found else ()


def kept(text: str, length_max: int) -> str:
    """`text` as a row of the database may hold it."""
    return text[:length_max].encode("utf-8", "replace").decode().replace("\0", "?")
