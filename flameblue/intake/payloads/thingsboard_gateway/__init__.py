"""The ThingsBoard gateway API (README.md)."""

from flameblue.intake.payloads.thingsboard_gateway.codec import ThingsBoardGateway

PLUGIN = ThingsBoardGateway()
