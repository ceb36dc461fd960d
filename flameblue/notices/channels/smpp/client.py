"""smpplib's client with what it lacks against a gateway that errs: a bound on a unit, and no end for one bad one.

A request that came whole and can't be read is answered with generic_nack, and the line goes on: the gateway would
send it again on every new line, and no message would ever go out.
"""

import logging
import struct
from typing import Any

from smpplib import client, exceptions, smpp

from flameblue.domain.limits import SMPP_UNIT_BYTES_MAX

log = logging.getLogger("flameblue.smpp")
LENGTH_BYTES, HEAD_BYTES = 4, 16  # SMPP 3.4 §3.2
IS_ANSWER = 0x80000000  # the bit of command_id
INVALID_LENGTH = 0x02  # ESME_RINVCMDLEN
UNREADABLE = (exceptions.UnknownCommandError, struct.error, ValueError, IndexError, KeyError, TypeError)


class Client(client.Client):
    """One connection to the gateway."""

    _last = b""

    def read_pdu(self) -> Any:
        """The next unit; None for a request that could not be read and was refused."""
        self._last = b""
        try:
            return super().read_pdu()
        except UNREADABLE as error:
            command, _, sequence = struct.unpack(">LLL", self._last[: HEAD_BYTES - LENGTH_BYTES])
            if command & IS_ANSWER:
                raise exceptions.PDUError(f"an answer that can't be read: {error}") from error
            log.warning("The SMS gateway sent a unit (command %#x) that can't be read: %s.", command, error)
            refusal = smpp.make_pdu("generic_nack", client=self, status=INVALID_LENGTH)
            refusal.sequence = sequence
            self.send_pdu(refusal)
            return None

    def _recv_exact(self, exact_size: int) -> bytes:
        is_length = not self._last  # what comes first; a unit of 8 bytes would ask for as many again
        if not is_length and not HEAD_BYTES - LENGTH_BYTES <= exact_size <= SMPP_UNIT_BYTES_MAX:
            raise exceptions.PDUError(f"a unit of {exact_size + LENGTH_BYTES} bytes")
        self._last = super()._recv_exact(exact_size)
        return self._last
