"""How a sentence about a registry file is put together, in the language of whoever asks.

A reason is a clause without a full stop, said where it is found: whoever has a file read activates a language first.
"""

from collections.abc import Iterable

from django.utils.translation import get_language
from django.utils.translation import gettext as _

ENGLISH, CHINESE = "en", "zh-hans"


def asked() -> str:
    """The language of whoever asks, as files know it."""
    return CHINESE if (get_language() or "").startswith("zh") else ENGLISH


def listed(words: Iterable[str]) -> str:
    """a, b, c."""
    return ("、" if asked() == CHINESE else ", ").join(words)


def either(words: Iterable[str]) -> str:
    """One of these: a or b; in Chinese, where no blank parts them, each in quotes."""
    return "或".join(f"“{word}”" for word in words) if asked() == CHINESE else " or ".join(words)


def shown(text: str) -> str:
    """What a cell says, with nothing in it that a terminal would obey."""
    return repr(text)[1:-1]


def sentence(clause: str) -> str:
    """The clause with its full stop; a question has its mark already."""
    return clause if clause.endswith(("?", "？")) else _("%(clause)s.") % {"clause": clause}


def spans(numbers: Iterable[int]) -> str:
    """5, 7 to 9."""
    found: list[list[int]] = []
    for number in numbers:
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return listed(
        str(first) if first == last else _("%(first)d to %(last)d") % {"first": first, "last": last}
        for first, last in found
    )


def nth(number: int) -> str:
    """13th; in Chinese the bare number, whose word stands around it."""
    if asked() == CHINESE:
        return str(number)
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10 if number % 100 not in (11, 12, 13) else 0, "th")
    return f"{number}{ending}"
