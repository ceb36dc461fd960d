"""Where a device may speak from: how people write it, what counts as one address, who is foreign."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flameblue.domain.errors import BadInput
from flameblue.intake.sources import NOT_SAID, Origin, one_address, origin, spelled


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("", ""),
        (" Any ", "any"),
        ("10.1.0.0/16", "10.1.0.0/16"),
        ("10.1.0.7 192.168.8.0/24", "10.1.0.7/32, 192.168.8.0/24"),
        ("10.1.0.0/16;10.1.0.0/16、2001:db8::/32", "10.1.0.0/16, 2001:db8::/32"),
        ("１０.1.0.0／16，fd00::/8", "10.1.0.0/16, fd00::/8"),
    ],
)
def test_networks_are_written_in_one_form(text: str, normal: str) -> None:
    assert str(spelled(text)) == normal
    assert spelled(normal) == spelled(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("10.1.0.5/16", "host bits set"),
        ("10.1.0", "does not appear to be"),
        ("any, 10.1.0.0/16", "'any'"),
        (" ".join(f"10.{n}.0.0/16" for n in range(9)), "9 networks; a device has 8 at most"),
    ],
)
def test_what_is_no_network_is_told(text: str, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        spelled(text)


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("10.1.0.7", "10.1.0.7"),
        ("::ffff:10.1.0.7", "10.1.0.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("a-name", ""),
    ],
)
def test_one_address_is_an_ipv4_one_or_the_64_bits_of_an_ipv6_one(peer: str, address: str) -> None:
    assert one_address(peer) == address


@pytest.mark.parametrize(
    ("networks", "peer", "what"),
    [
        ("any", "203.0.113.9", Origin.EXPECTED),
        ("any", "", Origin.EXPECTED),
        ("10.1.0.0/16, fd00::/8", "10.1.200.9", Origin.EXPECTED),
        ("10.1.0.0/16, fd00::/8", "::ffff:10.1.200.9", Origin.EXPECTED),
        ("10.1.0.0/16, fd00::/8", "fd00:1::5", Origin.EXPECTED),
        ("10.1.0.0/16, fd00::/8", "10.2.0.1", Origin.FOREIGN),
        ("10.1.0.0/16", "2001:db8::1", Origin.FOREIGN),
        ("10.1.0.0/16", "", Origin.FOREIGN),
        ("", "10.2.0.1", Origin.NEW),
        ("", "10.1.0.7", Origin.EXPECTED),
    ],
)
def test_who_is_foreign_and_who_is_new(networks: str, peer: str, what: Origin) -> None:
    assert origin(spelled(networks), peer, ("10.1.0.7",)) is what
    assert origin(NOT_SAID, peer, ()) is Origin.FIRST


@given(st.ip_addresses(), st.ip_addresses())
def test_an_address_is_always_its_own_and_never_foreign_to_itself(one: object, other: object) -> None:
    assert origin(spelled(str(one)), str(one), ()) is Origin.EXPECTED
    known = (one_address(str(one)),)
    assert origin(NOT_SAID, str(one), known) is Origin.EXPECTED
    same = one_address(str(one)) == one_address(str(other))
    assert (origin(NOT_SAID, str(other), known) is Origin.NEW) is not same
