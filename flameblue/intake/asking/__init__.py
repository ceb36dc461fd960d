"""Devices that say nothing unasked: what to ask, of whom and when, and what the answers mean (README.md).

A protocol is asked in its `manner`: `modbus` (`blocks`, `answers`) or `metering` (DL/T 645). These, `turns` and
`round_trips` are pure; `poller`, and the lines `wire` (Modbus) and `meter_line` (DL/T 645), are the thin edge.
"""
