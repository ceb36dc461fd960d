"""HTTP/1.1, the server's side of one connection of a platform that pushes to us (README.md)."""

from flameblue.domain.limits import HTTP_BODY_BYTES_MAX, HTTP_HEAD_BYTES_MAX
from flameblue.intake.protocols.http_push.codec import Session


class HttpPush:
    """The plug-in."""

    frame_bytes_max = HTTP_HEAD_BYTES_MAX + HTTP_BODY_BYTES_MAX

    def session(self) -> Session:
        """For a connection that has just come in."""
        return Session()


PLUGIN = HttpPush()
