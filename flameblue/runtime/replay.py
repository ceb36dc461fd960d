"""The journal from its start, once more: detection is a pure function of it, so the cases come out the same."""

import logging
from collections.abc import Iterator

from django.db import connection, transaction

from flameblue.cases import actions as cases
from flameblue.cases.models import (
    Alarm,
    AppliedTransition,
    Case,
    CaseEvent,
    Counter,
    Cursor,
    SkippedRecord,
)
from flameblue.config import Config
from flameblue.detection.detector import Detector
from flameblue.domain.clock import to_datetime
from flameblue.domain.errors import JournalCorrupt
from flameblue.journal.log import Journal
from flameblue.journal.record import Kind, Record, skipped_of
from flameblue.notices.models import EarlyReceipt, InboundMessage, Notice
from flameblue.runtime.backends import open_journal
from flameblue.runtime.stepping import step
from flameblue.uplink.models import Standing

log = logging.getLogger("flameblue.runtime")
RECORDS_A_READ = 512
FORGOTTEN = (
    Standing,  # so that nothing of what is applied anew is told to a city's centre
    EarlyReceipt,
    InboundMessage,
    Notice,
    CaseEvent,
    AppliedTransition,
    Alarm,
    Case,
    SkippedRecord,
    Counter,
    Cursor,
)


def records(journal: Journal) -> Iterator[Record]:
    """Every record that the journal keeps, from the oldest on; a damaged one is passed over, as it was live."""
    after = journal.first() - 1
    while after < journal.end():
        try:
            found = journal.read(after, RECORDS_A_READ)
        except JournalCorrupt as damage:
            log.warning("%s It is passed over.", damage)
            after = damage.offset
            continue
        yield from found
        after = found[-1].offset if found else journal.end()


def skipped(journal: Journal) -> set[int]:
    """The offsets that a stage has passed over: a replay passes them over too."""
    return {skipped_of(record).offset for record in records(journal) if record.kind is Kind.SKIPPED}


def rebuild(config: Config) -> int:
    """Forgets all cases and notices and applies the whole journal anew; how many transitions that made.

    For a copy of an installation: what people did to the cases is not in the journal and is lost.
    """
    journal = open_journal(config, reader_only=True)
    passed_over = skipped(journal)
    with transaction.atomic():
        for model in FORGOTTEN:
            model.objects.all().delete()
    detector, applied, made = Detector(), 0, 0
    for record in records(journal):
        transitions = [] if record.offset in passed_over else step(detector, record)
        if not transitions:
            continue
        change = cases.Change(tuple(transitions), before=applied, after=record.offset)
        cases.apply(change, detector.latest, to_datetime(record.arrival_ns))
        applied = record.offset
        made += len(transitions)
    connection.close()
    journal.close()
    return made
