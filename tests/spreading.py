"""In which order the files go to several workers (pytest loads this with `-p`).

Files of tests/live mostly wait, for processes and for time; the others mostly reckon. Side by side they fill the
cores; one kind after the other leaves them idle for half of the run. Needs `--no-loadscope-reorder`.
"""

from collections.abc import Mapping
from itertools import chain

import pytest

LIVE = "tests/live/"
TAIL = 10  # the last tenth has no live file beside it: one that lasts two minutes would end the run alone


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Spreads the live files over the run. Within a file, and in a run of one process, the order stays."""
    if hasattr(config, "workerinput"):
        files: dict[str, list[pytest.Item]] = {}
        for item in items:
            files.setdefault(item.nodeid.split("::", 1)[0], []).append(item)
        order = spread({name: len(tests) for name, tests in files.items()})
        items[:] = chain.from_iterable(files[name] for name in order)


def spread(sizes: Mapping[str, int]) -> list[str]:
    """The files of `sizes` (how many tests each has), the live ones evenly among the tests of the others.

    Of the live files those with the fewest tests go first: theirs are the longest. Of the others those with the
    most: what is left for the end is small.
    """
    live = sorted((name for name in sizes if LIVE in name), key=lambda name: (sizes[name], name))
    others = sorted(sizes.keys() - set(live), key=lambda name: (-sizes[name], name))
    step = sum(sizes[name] for name in others) * (TAIL - 1) / TAIL / max(len(live), 1)
    found: list[str] = []
    begun, passed = 0, 0
    for name in others:
        due = int(passed / step) + 1  # how many live files have begun by now
        found += [*live[begun:due], name]
        begun, passed = max(begun, due), passed + sizes[name]
    return [*found, *live[begun:]]
