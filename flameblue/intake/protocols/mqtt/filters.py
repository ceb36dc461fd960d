"""Topic filters: what a subscription matches, and whether all of it lies within another filter.

Source: OASIS MQTT Version 3.1.1 and 5.0 [4.7].
"""

from flameblue.domain.limits import TOPIC_BYTES_MAX


def valid(name: str) -> bool:
    """Whether `name` is a filter: + stands for one whole level, # for the rest and only at the end."""
    if not name or len(name.encode()) > TOPIC_BYTES_MAX:
        return False
    *firsts, last = name.split("/")
    if "#" in last and last != "#":
        return False
    return all("#" not in level for level in firsts) and all(
        "+" not in level or level == "+" for level in (*firsts, last)
    )


def covers(allowed: str, wanted: str) -> bool:
    """Whether every topic that the filter or topic `wanted` matches is matched by `allowed` too."""
    if wanted.startswith("$") and not allowed.startswith("$"):
        return False  # [4.7.2-1]
    outer, inner = allowed.split("/"), wanted.split("/")
    for place, level in enumerate(outer):
        if level == "#":
            return True
        if place == len(inner):
            return False
        if inner[place] == "#" or (level != "+" and level != inner[place]):
            return False
    return len(inner) == len(outer)
