"""Flameblue's own message format (README.md)."""

from flameblue.intake.payloads.flameblue.codec import FlameblueJson

PLUGIN = FlameblueJson()
