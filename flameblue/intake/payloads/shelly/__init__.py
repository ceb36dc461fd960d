"""Energy meters by Shelly, first and later generations (README.md)."""

from flameblue.intake.payloads.shelly.codec import Shelly

PLUGIN = Shelly()
