"""The application units of GB/T 26875.3 as a payload (README.md)."""

from flameblue.intake.payloads.gb26875_unit.codec import Gb26875Unit

PLUGIN = Gb26875Unit()
