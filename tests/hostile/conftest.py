"""The intake's own fixtures."""

from tests.intake.conftest import desk, sink

__all__ = ["desk", "sink"]
