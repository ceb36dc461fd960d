"""DL/T 645 frames, both directions (README.md)."""

from flameblue.intake.protocols.dlt645.codec import FRAME_BYTES_MAX, Session


class Dlt645:
    """The plug-in."""

    frame_bytes_max = FRAME_BYTES_MAX

    def session(self) -> Session:
        """For a line that has just come in."""
        return Session()


PLUGIN = Dlt645()
