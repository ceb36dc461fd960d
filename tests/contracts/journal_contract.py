"""What every journal must do. A backend passes by a subclass with its own `opened` fixture.

class TestEmbedded(JournalContract):
    @pytest.fixture
    def opened(self, tmp_path): …
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flameblue.domain.errors import JournalCorrupt
from flameblue.domain.limits import JOURNAL_AGE_NS_MAX, SECOND_NS
from flameblue.journal.log import Journal
from flameblue.journal.record import Draft, Kind, Record, tick_draft

ARRIVED_NS = 1_768_000_000 * SECOND_NS


@dataclass
class Backend:
    """How a test opens a journal, and what only its backend can do to it."""

    write: Callable[[], Journal]  # opens it for writing; what was in it is still there
    read: Callable[[], Journal]  # opens it as another process does, for reading
    damage: Callable[[int], None]  # changes a bit of the record's body, behind the journal's back
    shrink: Callable[[int], Journal]  # opens it for writing with so many bytes as its size limit


def draft(number: int, size: int = 8) -> Draft:
    """A draft that is told from every other by its body."""
    return Draft(Kind.READINGS, ARRIVED_NS + number * SECOND_NS, number.to_bytes(8, "little") * (size // 8))


def everything(journal: Journal, after: int = 0, records_max: int = 7) -> list[Record]:
    found: list[Record] = []
    while records := journal.read(after, records_max):
        assert len(records) <= records_max
        found.extend(records)
        after = records[-1].offset
    return found


drafts = st.builds(
    Draft,
    st.sampled_from(Kind),
    st.integers(-(2**63), 2**63 - 1),
    st.binary(max_size=300),
)


class JournalContract:
    """Append → offset, read from an offset, nothing else."""

    @pytest.fixture
    def opened(self) -> Backend:
        raise NotImplementedError

    @pytest.fixture
    def journal(self, opened: Backend) -> Iterator[Journal]:
        journal = opened.write()
        yield journal
        journal.close()

    def test_a_new_journal_is_empty(self, journal: Journal) -> None:
        assert (journal.first(), journal.end(), journal.read(0, 10)) == (1, 0, [])

    def test_offsets_are_one_two_three(self, journal: Journal) -> None:
        assert journal.append([draft(1), draft(2)]) == [1, 2]
        assert journal.append([]) == []
        assert journal.append([draft(3)]) == [3]
        assert (journal.first(), journal.end()) == (1, 3)

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(batches=st.lists(st.lists(drafts, max_size=5), max_size=5))
    def test_what_goes_in_comes_out_in_order(self, journal: Journal, batches: list[list[Draft]]) -> None:
        start = journal.end()
        offsets = [offset for batch in batches for offset in journal.append(batch)]
        flat = [one for batch in batches for one in batch]
        assert offsets == list(range(start + 1, start + 1 + len(flat)))
        assert everything(journal, start) == [
            Record(offset, one.kind, one.arrival_ns, one.body)
            for offset, one in zip(offsets, flat, strict=True)
        ]

    def test_a_read_begins_after_its_offset_and_is_bounded(self, journal: Journal) -> None:
        journal.append([draft(n) for n in range(1, 11)])
        assert [record.offset for record in journal.read(3, 4)] == [4, 5, 6, 7]
        assert [record.offset for record in journal.read(8, 4)] == [9, 10]
        assert journal.read(10, 4) == []
        assert journal.read(99, 4) == []

    def test_large_records_come_a_few_at_a_time_but_all(self, journal: Journal) -> None:
        for n in range(1, 41):
            journal.append([draft(n, 1_200_000)])
        few = journal.read(0, 40)
        assert 1 <= len(few) < 40
        assert [record.offset for record in everything(journal, 0, 40)] == list(range(1, 41))

    def test_a_journal_that_is_opened_again_goes_on(self, opened: Backend) -> None:
        first = opened.write()
        first.append([draft(1), draft(2)])
        first.close()
        second = opened.write()
        assert second.append([draft(3)]) == [3]
        assert [record.body for record in everything(second)] == [draft(n).body for n in (1, 2, 3)]
        second.close()

    def test_a_reader_sees_what_is_appended_after_it_was_opened(
        self, journal: Journal, opened: Backend
    ) -> None:
        journal.append([draft(1)])
        reader = opened.read()
        assert (reader.first(), reader.end()) == (1, 1)
        journal.append([draft(2), draft(3)])
        assert reader.end() == 3
        assert everything(reader) == everything(journal)
        reader.close()

    def test_a_damaged_record_is_named_and_those_around_it_are_read(self, opened: Backend) -> None:
        journal = opened.write()
        journal.append([draft(n) for n in range(1, 8)])
        journal.close()
        opened.damage(4)
        journal = opened.write()
        assert [record.offset for record in journal.read(0, 10)] == [1, 2, 3]
        with pytest.raises(JournalCorrupt) as caught:
            journal.read(3, 10)
        assert caught.value.offset == 4
        assert [record.offset for record in journal.read(4, 10)] == [5, 6, 7]
        assert journal.append([draft(8)]) == [8]
        journal.close()

    def test_what_is_old_goes(self, journal: Journal) -> None:
        journal.append([draft(n) for n in range(1, 101)])
        now_ns = draft(61).arrival_ns + JOURNAL_AGE_NS_MAX
        assert journal.retain(100, now_ns) == 60
        assert (journal.first(), journal.end()) == (61, 100)
        assert [record.offset for record in everything(journal)] == list(range(61, 101))
        assert journal.retain(100, now_ns) == 0

    def test_what_is_over_the_size_goes_the_oldest_first(self, opened: Backend) -> None:
        journal = opened.shrink(2_000_000)
        for n in range(1, 301):
            journal.append([draft(n, 40_000)])
        before = journal.size_bytes()
        gone = journal.retain(300, ARRIVED_NS)
        assert before > 10_000_000
        assert 200 < gone < 300
        assert journal.size_bytes() <= 2_000_000
        assert (journal.first(), journal.end()) == (gone + 1, 300)
        journal.close()

    def test_nothing_goes_that_a_consumer_has_not_read(self, opened: Backend) -> None:
        journal = opened.shrink(1)
        journal.append([draft(n) for n in range(1, 101)])
        far_ns = ARRIVED_NS + 2 * JOURNAL_AGE_NS_MAX
        assert journal.retain(0, far_ns) == 0
        assert journal.retain(41, far_ns) == 41
        assert journal.first() == 42
        journal.close()

    def test_an_old_record_between_newer_ones_leaves_no_hole(self, journal: Journal) -> None:
        old = Draft(Kind.TICK, 0, b"")
        journal.append([draft(1), old, draft(2), old, draft(3)])
        journal.retain(5, draft(1).arrival_ns + JOURNAL_AGE_NS_MAX)
        assert [record.offset for record in everything(journal)] == [1, 2, 3, 4, 5]

    def test_offsets_go_on_when_all_that_may_go_has_gone(self, opened: Backend) -> None:
        journal = opened.shrink(1)
        journal.append([draft(n) for n in range(1, 6)])
        journal.retain(99, ARRIVED_NS + 2 * JOURNAL_AGE_NS_MAX)
        end = journal.end()
        journal.close()
        journal = opened.write()
        assert (end, journal.end()) == (5, 5)
        assert journal.append([tick_draft(ARRIVED_NS)]) == [6]
        assert everything(journal)[-1] == Record(6, Kind.TICK, ARRIVED_NS, b"")
        journal.close()
