"""What is read of a handshake as it goes by; nothing that a peer can say raises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.wire.tls_records import (
    ALERTS,
    HandshakeReader,
    plain_alert,
    suite_name,
)


def vector(size: int, *parts: bytes) -> bytes:
    whole = b"".join(parts)
    return len(whole).to_bytes(size, "big") + whole


def client_hello(*extensions: bytes) -> bytes:
    suites = vector(2, bytes.fromhex("1a1a 1301 c02f 00ff f00d"))
    body = b"\3\3" + bytes(32) + vector(1) + suites + vector(1, b"\0") + vector(2, *extensions)
    return b"\x16\3\1" + vector(2, b"\1" + vector(3, body))


HELLO = client_hello(
    b"\0\0" + vector(2, vector(2, b"\0" + vector(2, b"example.org"))),
    b"\0\x10" + vector(2, vector(2, vector(1, b"\x2a\x2a"), vector(1, b"h2"), vector(1, b"http/1.1"))),
    b"\0\x2b" + vector(2, vector(1, bytes.fromhex("2a2a 0304 0303 0399"))),
)


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_hello_is_read_however_it_is_cut(size: int) -> None:
    reader, found = HandshakeReader(), []
    for place in range(0, len(HELLO), size):
        found += reader.feed(HELLO[place : place + size])
    assert found == ["client hello"]
    assert reader.client_hello is not None
    assert reader.client_hello.versions == ("TLS 1.3", "TLS 1.2", "0x0399")
    assert reader.client_hello.suites == (
        "GREASE",
        "TLS_AES_128_GCM_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_EMPTY_RENEGOTIATION_INFO_SCSV",
        "0xf00d",
    )
    assert reader.client_hello.server_name == "example.org"
    assert reader.client_hello.alpn == ("h2", "http/1.1")


def test_a_hello_without_extensions_is_one_of_its_version() -> None:
    reader = HandshakeReader()
    reader.feed(client_hello())
    assert reader.client_hello is not None
    assert reader.client_hello.versions == ("TLS 1.2",)
    assert (reader.client_hello.server_name, reader.client_hello.alpn) == ("", ())


def test_a_hello_across_two_records_is_one() -> None:
    body = HELLO[5:]
    split = b"\x16\3\1" + vector(2, body[:20]) + b"\x16\3\1" + vector(2, body[20:])
    reader = HandshakeReader()
    assert reader.feed(split) == ["client hello"]
    assert reader.client_hello is not None


def test_an_alert_in_the_clear_is_named() -> None:
    reader = HandshakeReader()
    assert reader.feed(plain_alert(48)) == ["alert unknown_ca"]
    assert [ALERTS[number] for number in reader.plain_alerts] == ["unknown_ca"]


@pytest.mark.parametrize(
    ("first", "is_plain"),
    [
        (b"h", True),
        (b"GET /", True),
        (b"220 mail", True),
        (b"\x16", False),
        (b"\x16\x03\x01", False),
        (b"\x16\x07", True),
        (b"\x15\x03", False),
        (b"\x80\x2e\x01", False),
        (b"\x80", False),
        (b"\x80\x2e\x07", True),
        (b"", False),
    ],
)
def test_plain_text_is_told_from_tls_by_its_first_bytes(first: bytes, is_plain: bool) -> None:
    reader = HandshakeReader()
    reader.feed(first)
    assert reader.is_plain_text is is_plain


@given(data=st.binary(max_size=300), place=st.integers(0, 200), tail=st.binary(max_size=200))
def test_nothing_raises(data: bytes, place: int, tail: bytes) -> None:
    for said in (data, HELLO[:place] + data, HELLO[:place] + data + HELLO[place:], b"\x16\3\1" + vector(2, tail)):
        reader = HandshakeReader()
        reader.feed(said)
        reader.feed(tail)


def test_an_endless_handshake_is_not_kept() -> None:
    reader = HandshakeReader()
    for _ in range(200):
        reader.feed(b"\x16\3\1\x40\0" + b"\x0b\xff\xff\xff" + bytes(16_380))
    assert len(reader._handshake) + len(reader._records) < 512 * 1024


def test_suites_have_their_names_or_their_numbers() -> None:
    assert suite_name(0x1302) == "TLS_AES_256_GCM_SHA384"
    assert suite_name(0xC02B) == "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
    assert suite_name(0xDADA) == "GREASE"
    assert suite_name(0x1234) == "0x1234"
