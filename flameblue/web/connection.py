"""How a device reaches us: host, port, topic and user, or an address of HTTP; and the line that one can try it with."""

import shlex
from dataclasses import dataclass, replace
from typing import NamedTuple
from urllib.parse import quote

from django.http import HttpRequest

from flameblue.config import Config, Gb26875, ModbusDialIn
from flameblue.domain.limits import PAGE_ROWS_MAX
from flameblue.fleet.models import Device, Point
from flameblue.fleet.shelf import profiles
from flameblue.intake import examples
from flameblue.intake.asking.addresses import Address, DialIn, Place, SerialPort
from flameblue.intake.directory import BEHIND
from flameblue.intake.examples import Example
from flameblue.intake.gb26875_conversation import PROTOCOL
from flameblue.intake.protocols.dlt645 import addresses as dlt645
from flameblue.intake.push.admitting import PATH
from flameblue.intake.tls import REQUIRED
from flameblue.profiles.loader import Profile

EVERYWHERE = frozenset({"", "0.0.0.0", "::"})
LOOPBACK = ("127.", "localhost", "::1")
HOST_OF_EXAMPLE, PORT_OF_EXAMPLE, IMEI_OF_EXAMPLE = "192.0.2.7", "/dev/ttyUSB0", "860123456789014"
METER_OF_EXAMPLE, CONVERTER_PORT_OF_EXAMPLE = "000000123456", 8899
NAME_OF_EXAMPLE = "k1"
UNKNOWN = "PASSWORD"  # stands in a line where the credential is not shown any more


@dataclass(frozen=True, slots=True)
class Way:
    """One port of ours. `line`: what a shell takes. `address`: what a platform's console takes."""

    port: int
    is_tls: bool
    line: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class AskedModel:
    """How a device is asked: what its maker has set, and an address of each form with these settings.

    `is_meter`: by DL/T 645, else over Modbus. `unit`, `baud`: None where the maker sets none. `tcp`: of Modbus TCP; ""
    for a meter.
    """

    interval_s: float
    baud: int | None
    line: str
    converter: str
    serial: str
    dtu: str
    caveats: tuple[str, ...]
    unit: int | None = None
    tcp: str = ""
    is_meter: bool = False


class Behind(NamedTuple):
    """A gateway's name, and its number where the registry has it."""

    name: str
    number: int | None


@dataclass(frozen=True, slots=True)
class Connection:
    """What a person types into a device. `example` None: its messages can't be typed.

    `has_address`: it has an address in the place of user and password (`device_address`, which may be missing yet).
    `is_pushed`: a platform calls us over HTTP; `may_sign`: it can sign instead of showing the credential. `behind`: it
    speaks through another one. `through`: the device behind it that the example is of; "": it is its own.
    """

    host: str
    user: str
    example: Example | None
    ways: tuple[Way, ...]
    is_local: bool  # only programs of this machine reach the host
    needs_certificate: bool
    broker: str  # the host of an existing broker, where devices may publish too
    has_address: bool = False
    behind: Behind | None = None
    is_pushed: bool = False
    may_sign: bool = False
    through: str = ""
    asked: AskedModel | None = (
        None  # we ask; `ways` are then the ports where a 4G unit in front of it dials in
    )


def of(device: Device, request: HttpRequest, config: Config, credential: str) -> Connection:
    """How `device` connects; `credential` empty: it is not known any more."""
    gateway, separator, _ = device.name.rpartition(BEHIND)
    if separator and not device.credential_hash:
        return _behind(gateway, device.name)
    profile, mqtt = profiles().get(device.profile), config.mqtt
    if profile is not None and profile.is_asked:
        model = _registers(profile) if profile.dlt645 is None else _meter(profile)
        return replace(_without_password(device, request, config.modbus_dial_in), asked=model)
    if profile is not None and profile.protocol == PROTOCOL:
        return _by_address(device, request, config)
    if profile is not None and profile.push is not None:
        return _by_push(device, profile, (request, config, credential))
    points = Point.objects.filter(device=device, retired=False).order_by("id").values_list("key", "quantity")
    example = None if profile is None else examples.of(profile, device.name, points)
    host = _host(mqtt.host, request)
    ports = [(mqtt.port, False), (mqtt.tls_port, True)]
    ways = [
        Way(port, is_tls, _line((host, port, is_tls), device.name, credential or UNKNOWN, example))
        for port, is_tls in ports
        if port
    ]
    return Connection(
        host=host,
        user=device.name,
        example=example,
        ways=tuple(ways),
        is_local=mqtt.host.startswith(LOOPBACK),
        needs_certificate=mqtt.client_certificates == REQUIRED,
        broker=config.broker.url.rpartition("@")[2].rpartition("//")[2],
    )


def _behind(gateway: str, name: str) -> Connection:
    """It speaks through its gateway, or its platform, and has nothing of its own to be set."""
    return Connection(
        host="",
        user=name,
        example=None,
        ways=(),
        is_local=False,
        needs_certificate=False,
        broker="",
        behind=Behind(gateway, Device.objects.filter(name=gateway).values_list("pk", flat=True).first()),
    )


def _by_address(device: Device, request: HttpRequest, config: Config) -> Connection:
    """How a transmitter of GB/T 26875.3 connects."""
    return _without_password(device, request, config.gb26875)


def _registers(profile: Profile) -> AskedModel:
    """How a device is asked over Modbus."""
    assert profile.modbus is not None, "only what is asked over Modbus comes here"
    bounds = profile.modbus
    unit = 1 if bounds.unit is None else bounds.unit
    port = SerialPort(PORT_OF_EXAMPLE, bounds.baud or 9600, bounds.parity or "none", bounds.stop_bits or 1)
    return AskedModel(
        interval_s=profile.interval_s,
        unit=bounds.unit,
        baud=bounds.baud,
        line=f"{port.baud} {port.parity} {port.stop_bits}",
        tcp=str(Place(Address(HOST_OF_EXAMPLE, 502, "tcp"), unit)),
        converter=str(Place(Address(HOST_OF_EXAMPLE, CONVERTER_PORT_OF_EXAMPLE, "rtu"), unit)),
        serial=str(Place(port, unit)),
        dtu=str(Place(DialIn(IMEI_OF_EXAMPLE), unit)),
        caveats=profile.caveats,
    )


def _meter(profile: Profile) -> AskedModel:
    """How a device is asked by DL/T 645."""
    assert profile.dlt645 is not None, "only what is asked by DL/T 645 comes here"
    bounds, usual = profile.dlt645, dlt645.SerialPort(PORT_OF_EXAMPLE)
    port = dlt645.SerialPort(
        usual.path,
        bounds.baud or usual.baud,
        bounds.parity or usual.parity,
        bounds.stop_bits or usual.stop_bits,
    )
    lines = (
        dlt645.Converter(HOST_OF_EXAMPLE, CONVERTER_PORT_OF_EXAMPLE),
        port,
        dlt645.DialIn(IMEI_OF_EXAMPLE),
    )
    converter, serial, dtu = (str(dlt645.Place(line, METER_OF_EXAMPLE)) for line in lines)
    return AskedModel(
        interval_s=profile.interval_s,
        baud=bounds.baud,
        line=f"{port.baud} {port.parity} {port.stop_bits}",
        converter=converter,
        serial=serial,
        dtu=dtu,
        caveats=profile.caveats,
        is_meter=True,
    )


def _without_password(device: Device, request: HttpRequest, where: Gb26875 | ModbusDialIn) -> Connection:
    """A port that knows devices by their address alone."""
    return Connection(
        host=_host(where.host, request),
        user=device.name,
        example=None,
        ways=(Way(where.port, is_tls=False, line=""),) if where.port else (),
        is_local=where.host.startswith(LOOPBACK),
        needs_certificate=False,
        broker="",
        has_address=True,
    )


def _by_push(device: Device, profile: Profile, asked: tuple[HttpRequest, Config, str]) -> Connection:
    """How a platform calls us for `device`."""
    request, config, credential = asked
    where, token = config.http_push, credential or UNKNOWN
    points = Point.objects.filter(device=device, retired=False).order_by("id").values_list("key", "quantity")
    example = examples.of(profile, device.name, points)
    through = None if example is not None else _first_behind(device)
    if through is not None:
        example = examples.through(profile, device.name, through)
    host = _host(where.host, request)
    named = f"[{host}]" if ":" in host else host
    ways = []
    for port, is_tls in ((where.port, False), (where.tls_port, True)):
        if port:
            scheme = "https" if is_tls else "http"
            address = f"{scheme}://{named}:{port}{push_path(device)}"
            ways.append(Way(port, is_tls, _call(address, token, example, is_tls=is_tls), address))
    assert profile.push is not None, "only who is pushed comes here"
    return Connection(
        host=host,
        user=device.name,
        example=example,
        ways=tuple(ways),
        is_local=where.host.startswith(LOOPBACK),
        needs_certificate=False,
        broker="",
        is_pushed=True,
        through=through.name if through is not None and example is not None else "",
        may_sign=profile.push.signature is not None,
    )


def push_path(device: Device) -> str:
    """Where a platform calls us for `device`; "" where it is none that is pushed."""
    profile = profiles().get(device.profile)
    if profile is None or profile.push is None:
        return ""
    return f"{PATH}{quote(device.name, safe='')}"


def _first_behind(device: Device) -> examples.Behind:
    """A device that speaks through `device`, with its points; one that is nowhere where there is none."""
    begin = f"{device.name}{BEHIND}"
    points = Point.objects.filter(device__name__startswith=begin, device__enabled=True, retired=False)
    rows = list(
        points.order_by("device", "id").values_list("device__name", "key", "quantity")[:PAGE_ROWS_MAX]
    )
    if not rows:
        return examples.Behind(NAME_OF_EXAMPLE)
    return examples.Behind(rows[0][0].removeprefix(begin), [row[1:] for row in rows if row[0] == rows[0][0]])


def _call(address: str, token: str, example: Example | None, *, is_tls: bool) -> str:
    words = ["curl", *(["--cacert", "ca.crt"] if is_tls else [])]
    words += ["-H", f"Authorization: Bearer {token}"]
    words += ["--data-raw", example.text] if example is not None else []
    return " ".join(shlex.quote(word) for word in [*words, address])


def _host(listens: str, request: HttpRequest) -> str:
    """Where we listen; where that is everywhere, under the name that the reader has found us by."""
    if listens not in EVERYWHERE:
        return listens
    named = request.get_host()
    return (named if named.endswith("]") else named.rsplit(":", 1)[0]).strip("[]")


def _line(where: tuple[str, int, bool], user: str, credential: str, example: Example | None) -> str:
    if example is None:
        return ""
    host, port, is_tls = where
    words = ["mosquitto_pub", "-h", host, "-p", str(port)]
    words += ["--cafile", "ca.crt"] if is_tls else []
    words += ["-u", user, "-P", credential, "-q", "1", "-t", example.topic, "-m", example.text]
    return " ".join(shlex.quote(word) for word in words)
