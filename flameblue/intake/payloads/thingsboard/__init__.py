"""The ThingsBoard device API's telemetry (README.md)."""

from flameblue.intake.payloads.thingsboard.codec import ThingsBoardJson

PLUGIN = ThingsBoardJson()
