"""Sparkplug B, the payload of industrial gateways (README.md)."""

from flameblue.intake.payloads.sparkplug_b.codec import SparkplugB

PLUGIN = SparkplugB()
