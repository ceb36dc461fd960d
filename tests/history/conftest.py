"""Long memories in folders of their own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.history.house import House


@pytest.fixture
def houses(tmp_path: Path) -> Iterator[Callable[[], House]]:
    opened: list[House] = []

    def open_one() -> House:
        folder = tmp_path / str(len(opened))
        folder.mkdir()
        opened.append(House(folder))
        return opened[-1]

    yield open_one
    for house in opened:
        house.journal.close()
