"""GB/T 26875.3-2011, between user information transmission devices and a centre (README.md)."""

from flameblue.intake.protocols.gb26875.codec import FRAME_BYTES_MAX, Session


class Gb26875:
    """The plug-in."""

    frame_bytes_max = FRAME_BYTES_MAX

    def session(self) -> Session:
        """For a connection that has just come in."""
        return Session()


PLUGIN = Gb26875()
