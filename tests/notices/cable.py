"""A line to an SMS gateway without a network."""

from smpplib import consts

from flameblue.notices.channels.smpp.client import Client


class Cable:
    """A socket on which `data` lies, and nothing more will."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.sent = b""

    def recv(self, size: int) -> bytes:
        taken, self._data = self._data[:size], self._data[size:]
        return taken

    def sendall(self, data: bytes) -> None:
        self.sent += data


def bound(cable: Cable) -> Client:
    """A client that is bound over `cable`."""
    line = Client("gateway", 1, allow_unknown_opt_params=True)
    line.state = consts.SMPP_CLIENT_STATE_BOUND_TRX
    line._socket = cable
    return line
