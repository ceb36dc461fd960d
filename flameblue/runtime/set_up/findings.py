"""What a look at a set-up found, and how it is told."""

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import NamedTuple


class Verdict(IntEnum):
    """How good it is. UNSURE: it may be right, a person has to look."""

    FINE = 0
    UNSURE = 1
    WRONG = 2


SUBJECT_WIDTH = 12
WORDS = {Verdict.FINE: "fine", Verdict.UNSURE: "look", Verdict.WRONG: "WRONG"}


class Finding(NamedTuple):
    """One thing that was looked at, and what was seen, in whole sentences: what, where, what to do next."""

    subject: str
    verdict: Verdict
    seen: str


def fine(subject: str, seen: str) -> Finding:
    return Finding(subject, Verdict.FINE, seen)


def unsure(subject: str, seen: str) -> Finding:
    return Finding(subject, Verdict.UNSURE, seen)


def wrong(subject: str, seen: str) -> Finding:
    return Finding(subject, Verdict.WRONG, seen)


def line(finding: Finding) -> str:
    """A finding as a line of text."""
    return f"{WORDS[finding.verdict]:5}  {finding.subject:{SUBJECT_WIDTH}}  {finding.seen}"


def exit_status(findings: Iterable[Finding], *, strict: bool) -> int:
    """0: it will do its work. 1: something is wrong, or, where `strict`, unsure."""
    worst = max((found.verdict for found in findings), default=Verdict.FINE)
    return int(worst >= (Verdict.UNSURE if strict else Verdict.WRONG))


def total(findings: Sequence[Finding]) -> str:
    """The sum of all, in a sentence."""
    bad = sum(found.verdict is Verdict.WRONG for found in findings)
    open_questions = sum(found.verdict is Verdict.UNSURE for found in findings)
    if not bad and not open_questions:
        return "All is fine."
    return f"{bad} wrong, {open_questions} to look at, of {len(findings)}."
