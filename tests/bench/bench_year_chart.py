"""A year of one point at ten seconds: from the readings, from the roll-ups of closed days, and the page of it."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from flameblue.domain.clock import ManualClock
from flameblue.domain.limits import DAY_NS, SECOND_NS
from flameblue.history import archive, hours
from flameblue.history.queries import Memory
from flameblue.journal.embedded import EmbeddedJournal
from tests.cast import Cast
from tests.web.conftest import bolat, data, page_clock
from tests.web.readers import Reader

__all__ = ["bolat", "data", "page_clock"]
DAYS, A_DAY, OTHERS = 365, 8_640, 19
RATIO_MIN = 1.5
PAGE_S_MAX = 0.6  # on a busy machine; docs/performance.md has what a quiet one needs


def year(folder: Path, point: int, until_ns: int) -> None:
    """Files of `point` and OTHERS more, as the archive leaves them when their days are closed."""
    noise = np.random.default_rng(1)
    points = np.repeat(np.arange(point, point + 1 + OTHERS, dtype=np.uint32), A_DAY)
    for day in range(DAYS):
        begin_ns = until_ns - (DAYS - day) * DAY_NS
        at_ns = np.tile(begin_ns + np.arange(A_DAY, dtype=np.int64) * 10 * SECOND_NS, 1 + OTHERS)
        value = (400 + 30 * np.sin(np.arange(len(at_ns)) / 500) + noise.normal(0, 3, len(at_ns))).astype(
            np.int32
        )
        columns = {"point": points, "at_ns": at_ns, "value": value, "marks": np.zeros(len(at_ns), np.uint16)}
        name = archive.name_of(day * 10_000 + 1, (day + 1) * 10_000)
        table = pa.table(columns | {"arrival_ns": at_ns})
        archive.write(table, folder / archive.day_of(begin_ns) / name)


def best_s(ask: Callable[[], object]) -> float:
    """The least processor time of five: other work on the machine does not count."""
    times = []
    for _ in range(5):
        begin = time.process_time()
        ask()
        times.append(time.process_time() - begin)
    return min(times)


@pytest.mark.django_db
def test_a_year_is_drawn_at_once(cast: Cast, data: Path, bolat: Reader, clock: ManualClock) -> None:
    until_ns = clock.now_ns() // DAY_NS * DAY_NS
    folder = data / "history"
    folder.mkdir()
    year(folder, cast.tb.pk, until_ns)
    journal = EmbeddedJournal(data / "journal.sqlite3")
    memory = Memory(folder, journal)
    window = (until_ns - DAYS * DAY_NS, until_ns - 1)
    raw_s = best_s(lambda: memory.series([cast.tb.pk], *window, buckets_max=584))
    begin = time.process_time()
    archive.Archive(folder).merge_days(before="2100-01-01")
    rolled_up_s = time.process_time() - begin
    rolled_s = best_s(lambda: memory.long_series([cast.tb.pk], *window, buckets_max=584))
    path = f"/premises/{cast.premises.pk}/charts/?span=1y&point={cast.tb.pk}"
    page_s = best_s(lambda: bolat.html(path))
    size = sum(path.stat().st_size for path in hours.roll_ups(folder)) / (1 + OTHERS)
    print(
        f"\na year of one point of {1 + OTHERS}: from readings {raw_s * 1000:.0f} ms, from roll-ups "
        f"{rolled_s * 1000:.0f} ms, ratio {raw_s / rolled_s:.1f}; its page {page_s * 1000:.0f} ms, "
        f"{len(bolat.html(path)) / 1000:.0f} kB; rolled up in {rolled_up_s / DAYS * 1000:.0f} ms a day, "
        f"{size / 1000:.0f} kB a point and year"
    )
    journal.close()
    assert raw_s > RATIO_MIN * rolled_s
    assert page_s < PAGE_S_MAX
