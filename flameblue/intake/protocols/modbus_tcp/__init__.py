"""Modbus TCP frames, both directions (README.md)."""

from flameblue.intake.protocols.modbus_tcp.codec import FRAME_BYTES_MAX, Session


class ModbusTcp:
    """The plug-in."""

    frame_bytes_max = FRAME_BYTES_MAX

    def session(self) -> Session:
        """For a connection that has just come in."""
        return Session()


PLUGIN = ModbusTcp()
