"""All that other rooms may do with cases, by name."""

from flameblue.cases.applying import Change, apply
from flameblue.cases.boards import Tab, desks, desks_sounded, report_board, silent_desks
from flameblue.cases.counting import Counts, counts
from flameblue.cases.cursors import CursorMoved, cursor, move_cursor, skip, skipped_offsets
from flameblue.cases.escalating import Delivered, NextCall, escalate_each, next_call
from flameblue.cases.finishing import Repair, Safe, close, made_safe, repaired, say_repaired, say_safe
from flameblue.cases.handling import ask_help, assign, comment, give_back, owner_acknowledge, take
from flameblue.cases.loads import Latest
from flameblue.cases.outcome import Outcome
from flameblue.cases.proving import Proof, proofs, prove_each
from flameblue.cases.shelving import shelve, unshelve_due
from flameblue.cases.system import open_system_case, system_cleared, system_troubles
from flameblue.cases.traces import Heard, Past

__all__ = [
    "Change",
    "Counts",
    "CursorMoved",
    "Delivered",
    "Heard",
    "Latest",
    "NextCall",
    "Outcome",
    "Past",
    "Proof",
    "Repair",
    "Safe",
    "Tab",
    "apply",
    "ask_help",
    "assign",
    "close",
    "comment",
    "counts",
    "cursor",
    "desks",
    "desks_sounded",
    "escalate_each",
    "give_back",
    "made_safe",
    "move_cursor",
    "next_call",
    "open_system_case",
    "owner_acknowledge",
    "proofs",
    "prove_each",
    "repaired",
    "report_board",
    "say_repaired",
    "say_safe",
    "shelve",
    "silent_desks",
    "skip",
    "skipped_offsets",
    "system_cleared",
    "system_troubles",
    "take",
    "unshelve_due",
]
