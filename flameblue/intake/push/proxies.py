"""Who is really at the other end, where a proxy of ours stands between: X-Forwarded-For, of trusted proxies alone.

Anybody can write that header. It counts from its end, up to the first address that is none of the trusted ones.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from flameblue.domain.errors import BadInput
from flameblue.intake.lines import Line


class Proxies:
    """`trusted`: addresses or networks. BadInput names one that is neither."""

    def __init__(self, trusted: Iterable[str]) -> None:
        try:
            self._trusted = [ip_network(one.strip()) for one in trusted]
        except ValueError as error:
            raise BadInput(
                f"http_push.trusted_proxies: {error}; it is like 127.0.0.1 or 10.0.0.0/8."
            ) from error
        self._sockets: dict[Line, str] = {}  # whose address is told anew with each request

    def peer(self, line: Line, forwarded: str) -> str:
        """The address that a request on `line` came from; `forwarded` is its header."""
        socket = self._sockets.get(line, line.peer)
        if not self._is_trusted(socket):
            return socket
        self._sockets[line] = socket
        for hop in reversed(forwarded.split(",")):
            if not self._is_trusted(hop.strip()):
                return hop.strip() if _address(hop.strip()) is not None else socket
        return socket

    def forget(self, line: Line) -> None:
        """The line is gone."""
        self._sockets.pop(line, None)

    def _is_trusted(self, said: str) -> bool:
        address = _address(said)
        return address is not None and any(address in network for network in self._trusted)


def _address(said: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(said)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found
