"""What stands inside a message: a folder each, found, not listed; other packages bring theirs by entry point."""

from flameblue.intake.samples import Payload

ENTRY_POINTS = "flameblue.payloads"
SHAPE = Payload
