"""Readings become transitions: the whole fleet at once, and pure.

The exact meaning of time, holds and clocks stands where it is decided: `rules/` (a rule a file), `alarm_machine.py`
(runs, holds, levels), `kernel.py` (the order), `parameters.py` (point table, gaps). Why it is so where it could have
been otherwise: docs/decisions/0003-time-holds-and-clocks.md.
"""
