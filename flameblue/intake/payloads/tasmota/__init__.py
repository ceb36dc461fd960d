"""Sensors of the Tasmota firmware (README.md)."""

from flameblue.intake.payloads.tasmota.codec import Tasmota

PLUGIN = Tasmota()
