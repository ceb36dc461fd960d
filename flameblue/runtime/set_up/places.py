"""The device models, the ports and the certificate: what devices and browsers will meet."""

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flameblue.config import Config
from flameblue.domain.errors import BadInput
from flameblue.profiles.loader import Shelf, package_folder
from flameblue.runtime.set_up.findings import Finding, fine, unsure, wrong

RENEW_WITHIN = timedelta(days=30)
LOOPBACK = ("127.", "localhost", "::1")


def look_at_profiles(config: Config) -> Iterator[Finding]:
    """Whether every device model of this installation can be used."""
    shelf = Shelf(package_folder(), config.data / "profiles")
    known = shelf.current()
    for file, why in sorted(shelf.problems.items()):
        yield wrong("profiles", f"{config.data / 'profiles' / file}: {why}")
    if not shelf.problems:
        yield fine("profiles", f"{len(known)} device models can be used.")


def look_at_ports(config: Config, *, running: bool) -> Iterator[Finding]:
    """Whether each port can be listened on; where Flameblue runs already, it holds them itself."""
    for name, host, port in _ports(config):
        subject = f"port {port}"
        if running:
            yield fine(subject, f"{name} on {host}: held by the Flameblue that runs now.")
            continue
        reason = refusal(host, port)
        if reason:
            yield wrong(
                subject, f"{name} on {host} can't be opened: {reason}. Set another, or end what has it."
            )
        else:
            yield fine(subject, f"{name} on {host} is free.")
    if config.mqtt.host.startswith(LOOPBACK):
        yield unsure(
            "devices", f"mqtt.host is {config.mqtt.host}: only programs of this machine can connect."
        )
    elif config.mqtt.port:
        yield unsure(
            "devices",
            f"mqtt.port {config.mqtt.port} on {config.mqtt.host} is open without TLS: credentials can be read on "
            "the way. Set mqtt.tls_port, and mqtt.port = 0 once all devices use it.",
        )


def _ports(config: Config) -> Iterator[tuple[str, str, int]]:
    yield "web.port (the pages)", config.web.host, config.web.port
    if config.mqtt.port:
        yield "mqtt.port (devices)", config.mqtt.host, config.mqtt.port
    if config.mqtt.tls_port:
        yield "mqtt.tls_port (devices, TLS)", config.mqtt.host, config.mqtt.tls_port


def refusal(host: str, port: int) -> str:
    """Why `port` can't be listened on; empty where it can."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (OSError, OverflowError) as error:
        return str(getattr(error, "strerror", None) or error)
    return ""


def look_at_certificate(config: Config, now: datetime) -> Iterator[Finding]:
    """Whether devices can trust the TLS port, and for how long."""
    if not config.mqtt.tls_port:
        return
    try:
        ends = valid_until(Path(config.mqtt.certificate), config.mqtt.key)
    except BadInput as error:
        yield wrong("certificate", str(error))
        return
    if ends - now < RENEW_WITHIN:
        yield unsure("certificate", f"{config.mqtt.certificate} ends on {ends:%Y-%m-%d}: renew it now.")
    else:
        yield fine("certificate", f"{config.mqtt.certificate} is good until {ends:%Y-%m-%d}.")


def valid_until(certificate: Path, key: str) -> datetime:
    """When the certificate ends that a device will meet; BadInput when it has ended, or the key is another's."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # the certificate itself is all that we know
    try:
        server.load_cert_chain(certificate, key or None)
        client.load_verify_locations(certificate)
        presented = _presented(server, client)
    except FileNotFoundError as error:
        raise BadInput(f"There is no file {certificate}, or no file {key}.") from error
    except ssl.SSLCertVerificationError as error:
        raise BadInput(f"No device will trust {certificate}: {error.verify_message}.") from error
    except (ssl.SSLError, OSError) as error:
        raise BadInput(
            f"{certificate} and {key or 'itself'} are no certificate and its key: {error}."
        ) from error
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(presented["notAfter"]), UTC)


def _presented(server: ssl.SSLContext, client: ssl.SSLContext) -> dict[str, Any]:
    """What a client knows of the server after a handshake; here it is made in memory."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server)
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    for side in (ours, theirs) * 3:
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    return dict(ours.getpeercert() or {})
