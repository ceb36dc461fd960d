"""The TLS port: what it shows, whose certificates it takes, and the handshake before a line begins.

Invariants: a connection counts as a line from its first byte, so that the limits of lines hold for handshakes;
a certificate that is not of our authority, or not of this day, ends its line in quarantine with the reason.
"""

import asyncio
import ssl
from typing import Any

from flameblue.config import Mqtt
from flameblue.intake.lines import Line
from flameblue.intake.protocol import Broken

WANTED, REQUIRED = CLIENT_CERTIFICATES = (
    "wanted",
    "required",
)  # without one: a password does, or no connection


def own_context(certificate: str, key: str) -> ssl.SSLContext:
    """The context of a TLS port that asks for no certificate. OSError where a file is missing or is another thing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key or None)
    return context


def server_context(settings: Mqtt) -> ssl.SSLContext:
    """The context of MQTT's TLS port. OSError likewise."""
    context = own_context(settings.certificate, settings.key)
    if settings.client_ca:
        context.load_verify_locations(settings.client_ca)
        required = settings.client_certificates == REQUIRED
        context.verify_mode = ssl.CERT_REQUIRED if required else ssl.CERT_OPTIONAL
    return context


def common_name(certificate: Any) -> str | None:
    """Whom a verified certificate names ("": nobody); None without a certificate."""
    if not certificate:
        return None
    names = [value for part in certificate.get("subject", ()) for key, value in part if key == "commonName"]
    return str(names[0]) if len(names) == 1 else ""


class Doorstep(asyncio.Protocol):
    """Stands in for `line` until the handshake is done; what comes with its last bytes is handed on."""

    def __init__(self, line: Line, context: ssl.SSLContext) -> None:
        self._line = line
        self._context = context
        self._early = bytearray()
        self._lost = False
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.pause_reading()  # the first bytes belong to the handshake
        self._line.connection_made(transport)
        if not self._line.closed:
            self._task = asyncio.get_running_loop().create_task(self._shake_hands(transport))

    def data_received(self, data: bytes) -> None:
        self._early += data

    def connection_lost(self, _error: Exception | None, /) -> None:
        self._lost = True

    async def _shake_hands(self, transport: asyncio.Transport) -> None:
        loop = asyncio.get_running_loop()
        secure: asyncio.Transport | None = None
        try:
            secure = await loop.start_tls(transport, self, self._context, server_side=True)
        except ssl.SSLError as error:
            said = getattr(error, "verify_message", "") or error.reason or str(error)
            self._line.said(Broken(f"no TLS connection: {said}"))
        except OSError:
            pass  # the peer went away, or was cut off by the sweep
        if secure is None or self._lost:
            self._line.connection_lost(None)
            return
        secure.set_protocol(self._line)
        self._line.secured(secure, common_name(secure.get_extra_info("peercert")))
        if self._early:
            self._line.data_received(bytes(self._early))
