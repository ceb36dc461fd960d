"""Devices that say nothing unasked: which registers to read, of whom and when, and what the answers mean (README.md).

`blocks`, `answers`, `turns` and `round_trips` are pure; `poller` and `wire` are the thin edge.
"""
