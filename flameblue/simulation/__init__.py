"""A false valley: weather, loads, heat, leakage and faults from a seed. It speaks real bytes of every protocol.

Invariants: the same seed and the same times give the same world; time is an argument everywhere but in `run`
and on the devices' lines. Nothing here knows Flameblue's database: the registry is a CSV file like any other.
Physics and sources: docs/simulation.md.
"""
