"""A false valley: weather, loads, heat, leakage and faults from a seed. It speaks real MQTT to any endpoint.

Invariants: the same seed and the same times give the same world; time is an argument everywhere but in `run`
and `devices`. Nothing here knows Flameblue's database: the registry is a CSV file like any other.
Physics and sources: docs/simulation.md.
"""
