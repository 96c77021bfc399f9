"""Addresses as people type them: read, refused with a sentence that helps, and written back."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.address import (
    Address,
    check_host,
    parse_address,
    parse_destination,
    parse_host,
    parse_port,
    parse_target,
    split_target,
    without_udp,
)
from core.errors import AddressError, Fault

LONG_LABEL = "a" * 64


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("127.0.0.1:5555", Address("127.0.0.1", 5555)),
        ("localhost:80", Address("localhost", 80)),
        ("5555", Address("127.0.0.1", 5555)),
        (":5555", Address("127.0.0.1", 5555)),
        ("  example.org:1 \r\n", Address("example.org", 1)),
        ("example.org.:65535", Address("example.org.", 65535)),
        ("my_host-2:7", Address("my_host-2", 7)),
        ("[::1]:8000", Address("::1", 8000)),
        ("[fe80::1%eth0]:22", Address("fe80::1%eth0", 22)),
        ("[127.0.0.1]:80", Address("127.0.0.1", 80)),
        ("bücher.example:80", Address("bücher.example", 80)),
        ("127.1:80", Address("127.1", 80)),
        ("0x7f000001:80", Address("0x7f000001", 80)),
        ("2130706433:80", Address("2130706433", 80)),
    ],
)
@pytest.mark.case("C-29", "C-30")
def test_what_people_type_is_read(typed: str, address: Address) -> None:
    assert parse_address(typed, for_server=False) == address


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("example.org", Address("example.org", 5555)),
        ("::1", Address("::1", 5555)),
        ("[::1]", Address("::1", 5555)),
        ("fe80::1%lo", Address("fe80::1%lo", 5555)),
        ("7000", Address("127.0.0.1", 7000)),
        ("example.org:6000", Address("example.org", 6000)),
    ],
)
def test_a_default_port_fills_in_for_a_missing_one(typed: str, address: Address) -> None:
    assert parse_address(typed, for_server=False, default_port=5555) == address


def test_a_default_host_fills_in_for_a_missing_one() -> None:
    assert parse_address("80", for_server=True, default_host="0.0.0.0") == Address("0.0.0.0", 80)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "type an address"),
        (" \t ", "type an address"),
        (":", "type an address"),
        ("example.org", "the port is missing: write example.org:5555"),
        ("example.org:", "the port is missing"),
        ("[::1]", r"the port is missing: write \[::1\]:5555"),
        ("[::1", "the closing ] of the IPv6 address is missing"),
        ("[::1]8000", "after the ] comes a colon and the port"),
        ("::1:8000x", "write an IPv6 address in brackets"),
        ("a:b:c", "write an IPv6 address in brackets"),
        ("[]:80", "type a host"),
        ("[fe80::zz]:80", "“fe80::zz” is not an IPv6 address"),
        ("[fe80::1%]:80", "after the % comes the name of a network interface"),
        ("[fe80::1%a b]:80", "after the % comes the name of a network interface"),
        ("a b:80", "“a b” is not a host"),
        ("-a:80", "is not a host"),
        ("a..b:80", "is not a host"),
        (".:80", "is not a host"),
        ("http//x:80", "is not a host"),
        (f"{LONG_LABEL}:80", "between two dots stand at most 63 characters"),
        (f"{'a.' * 130}:80", "names have at most 253 characters"),
        (f"{'a' * 2000}:80", "names have at most 253 characters"),
        ("a\0b:80", r"“a\\u0000b” is not a host"),
        ("ex\u202eample:80", r"“ex\\u202eample” is not a host"),
        ("a\nb:80", r"“a\\u000ab” is not a host"),
        ("\ud800:80", r"“\\ud800” is not a host"),
        ("\uff1a80:80", "write an IPv6 address in brackets"),
        ("https://example.org/x", "https:// needs TLS: switch it on, and type the host and a port"),
        ("wss://u@h:443", "wss:// needs TLS"),
        ("tcp:https://h:443", "https:// needs TLS"),
        ("rediss://", "rediss:// needs TLS"),
        ("udp://h:1", "udp:// is for datagrams, and here streams of bytes are meant"),
        ("udp:h:1", "udp:// is for datagrams"),
        ("udp4://h:1", "udp:// is for datagrams"),
        ("dtls://h:1", "Tincan speaks TCP and UDP, and dtls:// is DTLS: type a host and a port"),
        ("coap://h", "coap:// goes over UDP: write udp://HOST:5683"),
        ("http://tcp://h:1", "tcp:// stands behind another scheme: leave one of the two out"),
        ("10.0.0.0/24", "“10.0.0.0/24” is a network: type one address of it"),
        ("5555 6666", "has two ports and no host: write 127.0.0.1:5555"),
        ("host:80:90", "has more than one port: write “host:80”"),
        ("host::80", "has more than one port: write “host:80”"),
        ("host:::", "has more than one port: write “host:5555”"),
        ("fe80::1%eth0:80", "write an IPv6 address in brackets"),
        ("host:80\nother:81", "is more than one address: type one"),
        ("foo://h", "the port is missing: write h:5555"),
    ],
)
@pytest.mark.case("C-28", "C-29", "C-30")
def test_what_is_no_address_is_refused_in_words(typed: str, says: str) -> None:
    with pytest.raises(AddressError, match=says) as refusal:
        parse_address(typed, for_server=True)

    assert refusal.value.fault is Fault.PERSON
    assert str(refusal.value).isprintable()


@pytest.mark.parametrize(
    "typed", ["-1", "+1", "80x", "1.5", "True", "0x50", "1e3", "٨٠", "8 0", "1_000", "9" * 21, "\0"]
)
@pytest.mark.case("C-28")
def test_what_is_no_number_is_no_port(typed: str) -> None:
    with pytest.raises(AddressError, match=r"is not a port: use a number from 1 to 65535"):
        parse_port(typed, for_server=True)


@pytest.mark.parametrize("typed", ["65536", "99999", "9" * 20])
@pytest.mark.case("C-28")
def test_a_port_beyond_the_highest_is_too_high(typed: str) -> None:
    with pytest.raises(AddressError, match="too high: ports go up to 65535"):
        parse_port(typed, for_server=True)


@pytest.mark.parametrize("typed", ["", "   "])
def test_no_port_at_all_is_asked_for(typed: str) -> None:
    with pytest.raises(AddressError, match="type a port"):
        parse_port(typed, for_server=True)


@pytest.mark.parametrize(
    ("typed", "port"), [("80", 80), (" 80 ", 80), ("0080", 80), ("65535", 65535), ("0", 0), ("８０", 80)]
)
@pytest.mark.case("C-28")
def test_a_server_s_port_is_read(typed: str, port: int) -> None:
    assert parse_port(typed, for_server=True) == port


@pytest.mark.case("C-28")
def test_port_0_is_for_servers_only() -> None:
    assert parse_address("127.0.0.1:0", for_server=True).port == 0

    with pytest.raises(AddressError, match="only a server can use"):
        parse_address("127.0.0.1:0", for_server=False)


@pytest.mark.parametrize("port", [-1, 65536, True, "80", 1.0, None])
@pytest.mark.case("C-28")
def test_an_address_cannot_be_made_with_a_port_that_is_none(port: object) -> None:
    with pytest.raises(AddressError, match="the port must be a whole number"):
        Address("127.0.0.1", port)  # type: ignore[arg-type]


@pytest.mark.parametrize("host", ["", "a b", "[::1]", "a:b", LONG_LABEL])
@pytest.mark.case("C-29")
def test_an_address_cannot_be_made_with_a_host_that_is_none(host: str) -> None:
    with pytest.raises(AddressError):
        Address(host, 80)


@pytest.mark.parametrize(
    ("typed", "host"),
    [("[::1]", "::1"), (" ::1 ", "::1"), ("localhost", "localhost"), ("ｅｘａｍｐｌｅ。org", "ｅｘａｍｐｌｅ。org")],
)
@pytest.mark.case("C-29")
def test_a_host_alone_is_read(typed: str, host: str) -> None:
    assert parse_host(typed) == host


@pytest.mark.parametrize("typed", ["", "[localhost]", "[", "a/b"])
@pytest.mark.case("C-29")
def test_a_host_alone_is_refused(typed: str) -> None:
    with pytest.raises(AddressError):
        parse_host(typed)


def test_the_resolver_is_asked_in_the_form_that_dns_uses() -> None:
    assert Address("bücher.example", 80).ascii_host == "xn--bcher-kva.example"
    assert Address("plain.example", 80).ascii_host == "plain.example"


@pytest.mark.parametrize(
    ("host", "literal", "localhost", "loopback", "everywhere"),
    [
        ("127.0.0.1", True, False, True, False),
        ("127.9.9.9", True, False, True, False),
        ("::1", True, False, True, False),
        ("::ffff:127.0.0.1", True, False, True, False),
        ("::ffff:192.0.2.1", True, False, False, False),
        ("localhost", False, True, True, False),
        ("LocalHost", False, True, True, False),
        ("localhost.", False, True, True, False),
        ("tincan.localhost", False, True, True, False),
        ("localhost.example", False, False, False, False),
        ("mylocalhost", False, False, False, False),
        ("example.org", False, False, False, False),
        ("127.1", False, False, False, False),
        ("192.0.2.1", True, False, False, False),
        ("0.0.0.0", True, False, False, True),
        ("::", True, False, False, True),
        ("fe80::1%lo", True, False, False, False),
    ],
)
@pytest.mark.case("C-29", "C-30")
def test_an_address_knows_how_far_it_reaches(
    host: str, literal: bool, localhost: bool, loopback: bool, everywhere: bool
) -> None:
    address = Address(host, 80)

    assert address.is_literal is literal
    assert address.is_localhost is localhost
    assert address.is_loopback is loopback
    assert address.is_every_interface is everywhere


@pytest.mark.parametrize("port", range(0, 65536, 4369))
def test_every_port_comes_back_from_writing(port: int) -> None:
    assert parse_address(str(Address("::1", port)), for_server=True) == Address("::1", port)


@pytest.mark.parametrize(
    ("text", "host", "port", "tls"),
    [
        ("tls://example.org:8443/x", "example.org", 8443, True),
        ("https://example.org/x", "example.org", 443, True),
        ("wss://u@h:443", "h", 443, True),
        ("imaps://[::1]", "::1", 993, True),
        ("rediss://", "127.0.0.1", 6379, True),
        ("http://example.org", "example.org", 80, False),
        ("example.org:80", "example.org", 80, False),
    ],
)
def test_a_target_carries_whether_its_scheme_asks_for_tls(text: str, host: str, port: int, tls: bool) -> None:
    assert parse_target(text, for_server=False) == (Address(host, port), tls)
    assert split_target(text).tls is tls


def refused(error: AddressError) -> None:
    """Hold a refusal to what every one of them owes."""
    assert error.fault is Fault.PERSON
    assert str(error).isprintable()


near_misses = st.text(alphabet="[]:%.-_ 0123456789abfx\t\0\u202eüß。１\ud800", max_size=40)


@given(text=st.text(st.characters(), max_size=80) | near_misses, for_server=st.booleans())
@example(text="[", for_server=True)
@example(text="[::1%]]:0", for_server=True)
@example(text="²:80", for_server=True)
@example(text="²", for_server=True)
@pytest.mark.case("C-28", "C-29")
def test_any_text_is_an_address_that_reads_back_or_is_refused(text: str, for_server: bool) -> None:
    try:
        address = parse_address(text, for_server=for_server, default_port=5555)
    except AddressError as error:
        refused(error)
        return

    assert parse_address(str(address), for_server=for_server) == address
    assert check_host(address.host) == address.host
    assert address.ascii_host.isascii()


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("127.0.0.1:16379", ("127.0.0.1", "16379")),
        (" example.org:80 ", ("example.org", "80")),
        ("[::1]:5555", ("::1", "5555")),
        ("[::1] 80", ("::1", "80")),
        ("::1 80", ("::1", "80")),
        ("fe80::1%eth0 22", ("fe80::1%eth0", "22")),
        ("127.0.0.1", ("127.0.0.1", None)),
        ("::1", ("::1", None)),
        ("host:port", ("host", "port")),
        (":80", (None, "80")),
        ("", (None, None)),
        ("host 80", ("host", "80")),
        ("host\t80\r\n", ("host", "80")),
        ("host\n80", ("host", "80")),
        ("host : 80", ("host", "80")),
        ("host, port: 80", ("host", "80")),
        ("telnet host 23", ("host", "23")),
        ("tcp://host:80", ("host", "80")),
        ("tcp:host:80", ("host", "80")),
        ("TCP4:[::1]:80", ("::1", "80")),
        ("http://host/", ("host", "80")),
        ("HTTP://user:secret@host:8080/a/b?c#d", ("host", "8080")),
        ("http://[::1]/", ("::1", "80")),
        ("ws://host/socket", ("host", "80")),
        ("redis://:secret@host/0", ("host", "6379")),
        ("telnet://host", ("host", "23")),
        ("unheard-of://host:12/", ("host", "12")),
        ("unheard-of://host/", ("host", None)),
        ("user@host:22", ("host", "22")),
        ("host:22/path", ("host", "22")),
        ("host/path", ("host", None)),
        ("example.org.:80", ("example.org.", "80")),
        ("127.0.0.1.", ("127.0.0.1", None)),
        ("127.0.0.1:80.", ("127.0.0.1", "80")),
        ("127.0.0.1.80", ("127.0.0.1", "80")),
        ("*:80", ("0.0.0.0", "80")),
        (":::80", ("::", "80")),
        ("<http://host:81>", ("host", "81")),
        ("“host:81”,", ("host", "81")),
        ("\u200bhost:80\ufeff", ("host", "80")),
        ("１２７．０．０．１：８０", ("127.0.0.1", "80")),
        ("80/tcp", (None, "80")),
        ("('127.0.0.1', 80)", ("127.0.0.1", "80")),
        ("('fe80::1%eth0', 80, 0, 2)", ("fe80::1%eth0", "80")),
        ("(host:80)", ("host", "80")),
        ("*.80", ("0.0.0.0", "80")),
        ("::1.80", ("::1", "80")),
        ("fe80::1%lo0.80", ("fe80::1%lo0", "80")),
        ("a:80.", ("a", "80")),
        ("http://[fe80::1%25eth0]:80/", ("fe80::1%eth0", "80")),
        ("unheard-of://[fe80::1%25eth0]:80", ("fe80::1%eth0", "80")),
        ("http://[fe80::1%eth0]:80", ("fe80::1%eth0", "80")),
        ("http://[fe80::1%25]:80", ("fe80::1%25", "80")),
        ("http://[fe80::1%2525]:80", ("fe80::1%25", "80")),
        ("[fe80::1%25]:80", ("fe80::1%25", "80")),
    ],
)
def test_addresses_are_parted_as_they_are_found(text: str, parts: tuple[str | None, str | None]) -> None:
    assert split_target(text) == (*parts, False)


@given(text=st.text(st.characters(), max_size=80) | near_misses | st.from_regex(r"[a-z]{1,6}:/{0,3}[^ ]{0,20}"))
def test_any_text_is_parted_or_refused(text: str) -> None:
    try:
        split_target(text)
    except AddressError as error:
        refused(error)


def test_a_port_that_is_none_is_told_to_be_a_number_of_its_own() -> None:
    with pytest.raises(AddressError, match="the port is a number of its own"):
        parse_host("localhost:http")


@pytest.mark.parametrize(
    ("listens", "dialled"), [("0.0.0.0", "127.0.0.1"), ("::", "::1"), ("127.0.0.1", "127.0.0.1"), ("::1", "::1")]
)
def test_a_server_on_every_interface_is_dialled_on_loopback(listens: str, dialled: str) -> None:
    assert Address(listens, 5555).dialled == Address(dialled, 5555)


@pytest.mark.parametrize("typed", ["300.1.1.1", "10.0.0.256", "10.0.0.01", "1.2.3.4.5", "127.0.0.999"])
def test_four_numbers_that_are_no_ip_address_are_no_name_either(typed: str) -> None:
    with pytest.raises(AddressError, match=r"not an IP address: four numbers from 0 to 255"):
        parse_host(typed)


@pytest.mark.parametrize("typed", ["curl http://host:80/", "jdbc:postgresql://host:5432/db"])
def test_a_url_in_the_middle_of_something_is_asked_for_alone(typed: str) -> None:
    with pytest.raises(AddressError, match="type the URL alone"):
        split_target(typed)


@pytest.mark.parametrize(
    ("host", "is_group"),
    [("239.1.2.3", True), ("224.0.0.251", True), ("ff02::fb", True), ("10.0.0.1", False), ("::1", False), ("h", False)],
)
def test_a_multicast_group_is_known(host: str, is_group: bool) -> None:
    assert Address(host, 1).is_group is is_group


@pytest.mark.parametrize(
    ("text", "rest", "is_udp"),
    [
        ("udp://h:1", "h:1", True),
        (" <UDP://[::1]:53> ", "[::1]:53", True),
        ("udp6://[::1]:53", "[::1]:53", True),
        ("udp://[fe80::1%25eth0]:53", "[fe80::1%eth0]:53", True),
        ("UDP4:h:1", "h:1", True),
        ("udp:1", "udp:1", False),
        ("h:1", "h:1", False),
        ("tls://h:1", "tls://h:1", False),
        ("udp", "udp", False),
    ],
)
def test_the_scheme_of_udp_is_taken_off(text: str, rest: str, is_udp: bool) -> None:
    assert without_udp(text) == (rest, is_udp)


@pytest.mark.parametrize("text", ["udp://tls://h:1", "tls://udp://h:1"])
def test_of_two_schemes_none_is_dropped(text: str) -> None:
    with pytest.raises(AddressError, match="stands behind another scheme"):
        parse_destination(text, for_server=False)
