"""A million broken packets, payloads, SMS units and profiles: nothing but the typed outcome, all of it counted."""

import resource
import time
import tracemalloc
from collections import Counter
from pathlib import Path

import pytest

from flameblue.domain.limits import MIB
from tests.hostile.targets import Aim, aims, every

SEED = 20_260_115
PEAK_BYTES_MAX = 256 * MIB  # above where it began: one packet of 256 KiB becomes 131,072 objects at most
GROWTH_BYTES_MAX = 64 * MIB  # of the process, from after the first thousand to the end
NEEDED = {
    "protocol mqtt": {"frames", "broken", "incomplete", "oversized"},
    "protocol": {"frames", "incomplete"},  # the others find the next frame, whatever came before it
    "payload": {"readings", "in part", "malformed"},
    "discovery": {"refused", "taken back", "a row", "no_class", "no_quantity", "no_format", "template"},
    "HTTP": {"sent", "sent with its ids", "refused for now", "refused for ever"},
    "SMPP": {"deliver_sm", "submit_sm_resp", "enquire_link", "refused", "ends the line"},
    "profile": {"refused"},
}


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096


def thrown(all_aims: list[Aim], total: int) -> dict[str, Counter[str]]:
    """What became of `total` mutations, by target."""
    return {aim.name: Counter(every(aim, round(total * aim.share))) for aim in all_aims}


def is_whole(seen: dict[str, Counter[str]], total: int) -> None:
    """Every mutation has its word, and a target that says one word only was not really met."""
    assert sum(counter.total() for counter in seen.values()) == pytest.approx(total, abs=len(seen))
    for name, counter in seen.items():
        assert NEEDED.get(name, NEEDED[name.split()[0]]) <= set(counter), (name, counter)


def test_twenty_thousand_mutations_give_what_was_promised_and_nothing_else(tmp_path: Path) -> None:
    all_aims = aims(SEED, tmp_path)
    seen = thrown(all_aims, 20_000)
    is_whole(seen, 20_000)


def test_the_same_seed_breaks_the_same_way(tmp_path: Path) -> None:
    assert thrown(aims(3, tmp_path), 500) == thrown(aims(3, tmp_path), 500)
    assert thrown(aims(3, tmp_path), 500) != thrown(aims(4, tmp_path), 500)


def test_no_single_mutation_takes_much_memory(tmp_path: Path) -> None:
    all_aims = aims(SEED + 1, tmp_path)
    thrown(all_aims, 200)
    tracemalloc.start()
    try:
        thrown(all_aims, 2_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 16 * MIB


@pytest.mark.proof
def test_a_million_mutations(tmp_path: Path) -> None:
    all_aims = aims(SEED, tmp_path)
    thrown(all_aims, 1_000)
    before = resident_bytes()
    seen = dict[str, Counter[str]]()
    for aim in all_aims:
        began_s = time.process_time()
        seen |= thrown([aim], 1_000_000)
        words = ", ".join(f"{word} {count:,}" for word, count in seen[aim.name].most_common())
        print(f"\n{aim.name} {seen[aim.name].total():,}, {time.process_time() - began_s:.0f} s: {words}")
    grown = resident_bytes() - before
    peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(f"\nThe process has grown by {grown / MIB:.1f} MiB; at most it had {peak_bytes / MIB:.0f} MiB.")
    is_whole(seen, 1_000_000)
    assert grown < GROWTH_BYTES_MAX
    assert peak_bytes - before < PEAK_BYTES_MAX
