"""MQTT 3.1.1 and 5, the server's side of one connection (README.md)."""

from flameblue.domain.limits import PACKET_BYTES_MAX
from flameblue.intake.protocols.mqtt.codec import Session


class Mqtt:
    """The plug-in."""

    frame_bytes_max = PACKET_BYTES_MAX

    def session(self) -> Session:
        """For a connection that has just come in."""
        return Session()


PLUGIN = Mqtt()
