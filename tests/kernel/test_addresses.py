"""Where a request comes from, with proxies in between."""

from ipaddress import ip_network

import pytest

from portal.addresses import address_of

PROXIES = (ip_network("10.0.0.0/8"), ip_network("::1/128"))


@pytest.mark.parametrize(
    ("peer", "header", "address"),
    [
        ("203.0.113.7", None, "203.0.113.7"),
        ("203.0.113.7", "", "203.0.113.7"),
        (None, "203.0.113.7", None),
        # From a peer that is no proxy of ours the header is a claim.
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("::1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "2001:db8::7", "2001:db8::7"),
        # The rightmost one that is not ours: those before it, the client wrote itself.
        ("10.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.1 , 10.0.0.2,10.0.0.3", "198.51.100.1"),
        ("10.0.0.1", "10.0.0.2, 10.0.0.3", "10.0.0.1"),
        # What is no address hides what stands before it.
        ("10.0.0.1", "198.51.100.1, unknown", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, ", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.9, 198.51.100.1 198.51.100.2", "10.0.0.1"),
        ("10.0.0.1", "_hidden", "10.0.0.1"),
        ("10.0.0.1", "1.2.3.4" + " " * 9000 + "x", "10.0.0.1"),
        ("10.0.0.1", "0x7f.1", "10.0.0.1"),
        ("10.0.0.1", "010.0.0.1", "10.0.0.1"),
        # Some proxies write the port along.
        ("10.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1, [2001:db8::7]:4711, 10.0.0.2:80", "2001:db8::7"),
        ("10.0.0.1", "[2001:db8::7]", "2001:db8::7"),
        ("10.0.0.1", "198.51.100.1:port", "10.0.0.1"),
        # One and the same address however it is written.
        ("::ffff:10.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"),
        ("::ffff:203.0.113.7", None, "203.0.113.7"),
        ("10.0.0.1", "2001:DB8:0:0::7", "2001:db8::7"),
        ("10.0.0.1", "fe80::1%eth0", "fe80::1"),
        # A peer that is no address speaks through a socket that nobody from outside reaches, and is not trusted.
        ("unix:", "198.51.100.1", "unix:"),
        ("", None, ""),
    ],
)
def test_the_rightmost_address_that_is_not_ours(peer, header, address):
    assert address_of(peer, header, trusted=PROXIES) == address


def test_every_network_of_ours_counts_whatever_it_is_written_in():
    trusted = (ip_network("2001:db8:1::/48"), ip_network("10.0.0.1/32"))
    assert address_of("2001:db8:1::1", "198.51.100.1, 10.0.0.1", trusted=trusted) == "198.51.100.1"


def test_without_proxies_the_header_counts_for_nothing():
    assert address_of("10.0.0.1", "198.51.100.1", trusted=()) == "10.0.0.1"


def test_a_header_from_elsewhere_is_said_once(caplog):
    for _ in range(3):
        address_of("192.0.2.99", "198.51.100.1", trusted=PROXIES)

    assert len(caplog.records) == 1
    assert "PORTAL_TRUSTED_PROXIES" in caplog.text
