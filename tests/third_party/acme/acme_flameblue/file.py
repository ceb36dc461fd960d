"""The channel: each message is a line of the file that ACME_FILE names. A package has settings of its own."""

import os
from pathlib import Path

from flameblue.config import Config
from flameblue.domain.errors import BadInput, DeliveryError
from flameblue.notices.channel import Ears, Nature, Outgoing, Sent

VARIABLE = "ACME_FILE"


class FileChannel:
    """An open channel."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, outgoing: Outgoing) -> Sent:
        """Appends the message; DeliveryError when the file can't be written."""
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"{outgoing.to} {outgoing.text}\n")
        except OSError as error:
            raise DeliveryError(f"{self._path} can't be written: {error.strerror}.") from error
        return Sent()

    def deaf_s(self) -> float:
        """It has no line."""
        return 0.0

    def trouble(self) -> str:
        """Likewise."""
        return ""

    def close(self) -> None:
        """Nothing is open between two messages."""


class AcmeFile:
    """The plug-in."""

    def open(self, _config: Config, _ears: Ears) -> FileChannel:
        """BadInput where ACME_FILE is not set."""
        if said := self.lacks(_config):
            raise BadInput(said[0])
        return FileChannel(Path(os.environ[VARIABLE]))

    def nature(self, _config: Config) -> Nature:
        """No answers come back, so no message asks for one."""
        return Nature(hears=False)

    def lacks(self, _config: Config) -> list[str]:
        """What can be seen to be missing."""
        return [] if os.environ.get(VARIABLE) else [f"{VARIABLE} should name the file for messages."]


PLUGIN = AcmeFile()
