"""The wiring: one straight line from a device's bytes to a message that leaves."""
