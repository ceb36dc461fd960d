"""How far a round is, and which of its premises a page lists."""

from enum import StrEnum


class Stand(StrEnum):
    """By the calendar of the site."""

    TO_COME = "to_come"
    OPEN = "open"
    OVER = "over"


class Show(StrEnum):
    """Which premises are listed."""

    ALL = "all"
    TO_DO = "to_do"
    NOT_OK = "not_ok"
    MISSED = "missed"
