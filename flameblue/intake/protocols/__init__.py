"""The protocols that devices speak to us: a folder each, found, not listed; others come by entry point."""

from flameblue.intake.protocol import ProtocolPlugin

ENTRY_POINTS = "flameblue.protocols"
SHAPE = ProtocolPlugin
RESERVED = ("modbus",)  # what a profile calls the devices that are asked
