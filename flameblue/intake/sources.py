"""Where a device may speak from: pure, for every protocol that can't prove who speaks (docs/decisions/0024).

Promises: with networks named, whoever is outside them is foreign; with none, the first address is remembered and
another one is new until somebody accepts it; `any` asks nothing. An IPv4 address, and the 64 bits of an IPv6 one that
a network gives out, are one address: what follows them changes by itself (RFC 8981).
"""

import re
import unicodedata
from collections.abc import Collection
from enum import Enum, auto
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import NamedTuple

from flameblue.domain.errors import BadInput
from flameblue.domain.limits import NETWORKS_PER_DEVICE_MAX

ANYWHERE = "any"
PREFIX_BITS = 64  # of an IPv6 address that is one device's


class Allowed(NamedTuple):
    """From where a device may speak. Neither networks nor `anywhere`: from addresses that are known of it."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    anywhere: bool = False

    def __str__(self) -> str:
        return ANYWHERE if self.anywhere else ", ".join(str(network) for network in self.networks)


NOT_SAID = Allowed()


class Origin(Enum):
    """What an address is to a device."""

    EXPECTED = auto()
    FIRST = auto()  # nothing is known of the device yet
    NEW = auto()
    FOREIGN = auto()


@lru_cache(maxsize=4096)
def spelled(text: str) -> Allowed:
    """What people write: nothing, `any`, or networks (10.1.0.0/16) and addresses with commas or blanks between them.

    BadInput says what is wrong.
    """
    plain = unicodedata.normalize("NFKC", text).strip().lower()
    if plain == ANYWHERE:
        return Allowed(anywhere=True)
    words = [word for word in re.split(r"[\s,;、]+", plain) if word]
    if len(words) > NETWORKS_PER_DEVICE_MAX:
        raise BadInput(f"{len(words)} networks; a device has {NETWORKS_PER_DEVICE_MAX} at most.")
    try:
        return Allowed(tuple(dict.fromkeys(ip_network(word) for word in words)))
    except ValueError as error:
        raise BadInput(f"{error}: write {ANYWHERE}, or networks such as 10.1.0.0/16.") from error


@lru_cache(maxsize=8192)
def one_address(peer: str) -> str:
    """What of `peer`, a socket's host, counts as one address; "" where it is none."""
    found = _address(peer)
    if isinstance(found, IPv6Address):
        return str(ip_network((int(found) >> PREFIX_BITS << PREFIX_BITS, PREFIX_BITS)))
    return "" if found is None else str(found)


def origin(allowed: Allowed, peer: str, known: Collection[str]) -> Origin:
    """What `peer` is to a device that may speak from `allowed`; `known`: its addresses, as `one_address` has them."""
    if allowed.anywhere:
        return Origin.EXPECTED
    if allowed.networks:
        return Origin.EXPECTED if _is_within(allowed, peer) else Origin.FOREIGN
    if not known:
        return Origin.FIRST
    return Origin.EXPECTED if one_address(peer) in known else Origin.NEW


def is_shut_out(allowed: Allowed, peer: str) -> bool:
    """Whether `peer` is foreign where networks are named: of who proves himself, no address is remembered."""
    return bool(allowed.networks) and not _is_within(allowed, peer)


@lru_cache(maxsize=8192)
def _is_within(allowed: Allowed, peer: str) -> bool:
    found = _address(peer)
    return found is not None and any(found in network for network in allowed.networks)


def _address(peer: str) -> IPv4Address | IPv6Address | None:
    """An IPv4 address stays one where a socket for both writes it as IPv6; a link's name after % is left out."""
    try:
        found = ip_address(peer.partition("%")[0])
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found
