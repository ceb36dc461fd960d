"""How people write where a line is, whatever is spoken on it: tcp://host:port, serial:/dev/ttyUSB0, dtu:IMEI. Pure."""

import re
import unicodedata
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

PARITIES = {"none": "N", "even": "E", "odd": "O"}  # as people write them, and as drivers do
BAUD_MAX = 1_000_000
_HOST = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?|[0-9a-f:.]*:[0-9a-f:.]*")
_PORT_OF_THE_MACHINE = re.compile(r"/[^\s?&#]+")
_IMEI = re.compile(r"[0-9]{15}")
_BAUD = re.compile(r"[0-9]{1,7}")


class Written(NamedTuple):
    """The parts of a text. `settings`: what stands behind the ?; whoever knows one takes it out."""

    scheme: str
    authority: str
    host: str
    port: int | None
    path: str
    settings: dict[str, str]

    def has_host(self) -> bool:
        """Whether it names a host, and nothing on it."""
        return bool(_HOST.fullmatch(self.host)) and "@" not in self.authority and not self.path.strip("/")

    def names_a_serial_port(self) -> bool:
        """Whether its path is one of this machine's."""
        return not self.authority and bool(_PORT_OF_THE_MACHINE.fullmatch(self.path))

    def imei(self) -> str:
        """That of a 4G unit; "": there is none."""
        said = self.path.strip("/")
        return said if _IMEI.fullmatch(said) else ""

    def take_serial_settings(self, usual: tuple[int, str]) -> tuple[int, str, int] | None:
        """Speed, parity and stop bits, taken out of `settings`; None: they can't be. `usual`: speed and parity."""
        baud, parity = self.settings.pop("baud", str(usual[0])), self.settings.pop("parity", usual[1])
        stop_bits = self.settings.pop("stop_bits", "1")
        is_baud = _BAUD.fullmatch(baud) and 0 < int(baud) <= BAUD_MAX
        if not is_baud or parity not in PARITIES or stop_bits not in ("1", "2"):
            return None
        return int(baud), parity, int(stop_bits)


def read(said: str) -> Written | None:
    """The parts of `said`; without a scheme it is tcp. None: it looks like no address."""
    plain = unicodedata.normalize("NFKC", said).strip()
    is_named = ":/" in plain or plain[:4].lower() == "dtu:"
    try:
        parts = urlsplit(plain if is_named else f"tcp://{plain}")
        port = parts.port
    except ValueError:
        return None
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    settings = {name.lower(): value.strip().lower() for name, value in pairs}
    if len(settings) < len(pairs) or parts.fragment:
        return None
    return Written(parts.scheme, parts.netloc, parts.hostname or "", port, parts.path, settings)
