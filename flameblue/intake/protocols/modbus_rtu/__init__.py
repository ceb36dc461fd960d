"""Modbus RTU frames, both directions (README.md)."""

from flameblue.intake.protocols.modbus_rtu.codec import FRAME_BYTES_MAX, Session


class ModbusRtu:
    """The plug-in."""

    frame_bytes_max = FRAME_BYTES_MAX

    def session(self) -> Session:
        """For a line that has just come in."""
        return Session()


PLUGIN = ModbusRtu()
