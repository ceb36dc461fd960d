"""Devices as data: a YAML file a device model, a strict schema, and the default limits by quantity."""
