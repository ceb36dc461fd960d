"""The device models, the ports and the certificate: what devices and browsers will meet."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flameblue import plugins
from flameblue.config import Config
from flameblue.domain.errors import BadInput
from flameblue.intake import payloads, protocols
from flameblue.intake.plain_listener import places
from flameblue.intake.tls import common_name
from flameblue.notices import channels
from flameblue.profiles.loader import Shelf, package_folder
from flameblue.runtime.checking import PORT_MAX
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


def look_at_plug_ins() -> Iterator[Finding]:
    """What other installed packages bring: what is used of it, and why something is not."""
    for word, package in (("protocol", protocols), ("payload", payloads), ("channel", channels)):
        for problem in plugins.problems(package):
            yield wrong("plug-ins", f"The {word} {problem.name} of {problem.package}: {problem.why}")
        if brought := plugins.foreign(package):
            yield fine("plug-ins", f"Other packages bring the {word} {', '.join(brought)}.")


def look_at_ports(config: Config, *, running: bool) -> Iterator[Finding]:
    """Whether each port can be listened on; where Flameblue runs already, it holds them itself."""
    for name, host, port in _ports(config):
        subject = f"port {port}"
        if not 0 <= port <= PORT_MAX:
            continue  # told with the settings
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
    yield from _of_the_open(config)
    yield from _of_platforms(config)


def _of_the_open(config: Config) -> Iterator[Finding]:
    """The ports of protocols that know neither passwords nor encryption."""
    transmitters, units = config.gb26875, config.modbus_dial_in
    for name, host, port, who in (
        ("gb26875", transmitters.host, transmitters.port, "a device's address: GB/T 26875.3 has"),
        ("modbus_dial_in", units.host, units.port, "a 4G unit's IMEI: Modbus has"),
    ):
        if port and host.startswith(LOOPBACK):
            yield unsure("devices", f"{name}.host is {host}: only programs of this machine can connect.")
        elif port:
            yield unsure(
                "devices",
                f"{name}.port {port} on {host} takes whoever knows {who} neither password "
                "nor encryption. Keep it to a private network or a VPN.",
            )


def _of_platforms(config: Config) -> Iterator[Finding]:
    host, port, tls_port = config.http_push.host, config.http_push.port, config.http_push.tls_port
    if (port or tls_port) and host.startswith(LOOPBACK):
        if config.http_push.trusted_proxies:
            yield fine(
                "devices", f"http_push.host is {host}: platforms come through the proxy of this machine."
            )
        else:
            yield unsure(
                "devices",
                f"http_push.host is {host}: only programs of this machine can connect. Where a proxy stands before it, "
                "name it in http_push.trusted_proxies; else set an address that the platforms reach.",
            )
    elif port:
        yield unsure(
            "devices",
            f"http_push.port {port} on {host} is open without TLS: credentials and readings can be read on the way. "
            "Set http_push.tls_port, or put a proxy with TLS before it and http_push.host on this machine.",
        )


def _ports(config: Config) -> Iterator[tuple[str, str, int]]:
    yield "web.port (the pages)", config.web.host, config.web.port
    if config.mqtt.port:
        yield "mqtt.port (devices)", config.mqtt.host, config.mqtt.port
    if config.mqtt.tls_port:
        yield "mqtt.tls_port (devices, TLS)", config.mqtt.host, config.mqtt.tls_port
    if config.gb26875.port:
        yield "gb26875.port (devices)", config.gb26875.host, config.gb26875.port
    if config.http_push.port:
        yield "http_push.port (platforms)", config.http_push.host, config.http_push.port
    if config.http_push.tls_port:
        yield "http_push.tls_port (platforms, TLS)", config.http_push.host, config.http_push.tls_port
    if config.modbus_dial_in.port:
        yield "modbus_dial_in.port (4G units)", config.modbus_dial_in.host, config.modbus_dial_in.port
    with suppress(BadInput):  # told with the settings
        for place in places(config.protocols):
            yield f"protocols.ports, {place.protocol} (devices)", config.protocols.host, place.port


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
    """Whether devices and platforms can trust the TLS ports, and for how long."""
    shown = {
        (one.certificate, one.key)
        for one in (config.mqtt, config.http_push)
        if one.tls_port and one.certificate and one.key  # a name that is missing is told with the settings
    }
    for certificate, key in sorted(shown):
        try:
            ends = valid_until(Path(certificate), key)
        except BadInput as error:
            yield wrong("certificate", str(error))
            continue
        if ends - now < RENEW_WITHIN:
            yield unsure("certificate", f"{certificate} ends on {ends:%Y-%m-%d}: renew it now.")
        else:
            yield fine("certificate", f"{certificate} is good until {ends:%Y-%m-%d}.")


def look_at_client_ca(config: Config, now: datetime) -> Iterator[Finding]:
    """Whether devices' certificates can be verified, and for how long."""
    if not (config.mqtt.tls_port and config.mqtt.client_ca):
        return
    path, subject = config.mqtt.client_ca, "client CA"
    try:
        authorities = _authorities(path)
    except BadInput as error:
        yield wrong(subject, str(error))
        return
    for name, begins, ends in authorities:
        who = f"{name} of {path}"
        if ends <= now:
            yield wrong(subject, f"{who} has ended on {ends:%Y-%m-%d}: no device that it signed is let in.")
        elif begins > now:
            yield wrong(subject, f"{who} begins on {begins:%Y-%m-%d} only: set the clock, or wait.")
        elif ends - now < RENEW_WITHIN:
            yield unsure(subject, f"{who} ends on {ends:%Y-%m-%d}: renew it now, devices need new ones too.")
        else:
            yield fine(subject, f"{who} may sign for devices until {ends:%Y-%m-%d}.")


def _authorities(path: str) -> list[tuple[str, datetime, datetime]]:
    """The authorities in a file: name, begin, end. BadInput where there is none, or something else too."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_verify_locations(path)
    except (ssl.SSLError, OSError) as error:
        raise BadInput(f"mqtt.client_ca {path} holds no certificate in PEM: {error}.") from error
    stats = context.cert_store_stats()
    if stats["x509_ca"] < stats["x509"]:
        raise BadInput(
            f"mqtt.client_ca {path} holds a certificate that is no authority (no basicConstraints CA:TRUE): "
            "name the authority's own, not a device's."
        )
    return [_described(found) for found in context.get_ca_certs()]


def _described(found: dict[str, Any]) -> tuple[str, datetime, datetime]:
    name = common_name(found) or "an authority without a name"
    begins, ends = (
        datetime.fromtimestamp(ssl.cert_time_to_seconds(found[key]), UTC) for key in ("notBefore", "notAfter")
    )
    return name, begins, ends


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
