"""Proxies as people write them."""

from __future__ import annotations

import pytest

from core.address import Address
from core.errors import AddressError
from core.proxy import Proxy, check_target, parse_proxy


@pytest.mark.parametrize(
    ("text", "proxy"),
    [
        ("socks5://localhost", Proxy("socks5", Address("localhost", 1080))),
        ("socks5h://10.0.0.1:9050/", Proxy("socks5", Address("10.0.0.1", 9050))),
        ("SOCKS5://[::1]:9050", Proxy("socks5", Address("::1", 9050))),
        ("socks5://[fe80::1%25eth0]", Proxy("socks5", Address("fe80::1%eth0", 1080))),
        (" http://proxy.example:3128 ", Proxy("http", Address("proxy.example", 3128))),
        ("http://anna:secret@proxy:8080", Proxy("http", Address("proxy", 8080), "anna", "secret")),
        ("socks5://anna@proxy", Proxy("socks5", Address("proxy", 1080), "anna")),
        ("socks5://a%40b:c%3Ad%2F@proxy", Proxy("socks5", Address("proxy", 1080), "a@b", "c:d/")),
        ("socks5://anna:p@ss:word@proxy", Proxy("socks5", Address("proxy", 1080), "anna", "p@ss:word")),
    ],
)
def test_a_proxy_is_read(text: str, proxy: Proxy) -> None:
    assert parse_proxy(text) == proxy


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "a proxy is written socks5://HOST:PORT or http://HOST:PORT"),
        ("proxy:1080", "a proxy is written"),
        ("socks4://proxy:1080", "a proxy is written"),
        ("https://proxy:443", "a proxy is written"),
        ("http://proxy", "the port is missing: write http://proxy:3128, for example"),
        ("http://[::1]", "the port is missing: write http://\\[::1\\]:3128, for example"),
        ("http://proxy:3128/path", "a host and a port alone: leave out what follows them"),
        ("http://anna:secret@proxy:3128//", "a host and a port alone"),
        ("socks5://proxy?x=secret", "a host and a port alone"),
        ("socks5://proxy#secret", "a host and a port alone"),
        ("socks5://anna:secret%ff@proxy", "is no text: %XX stands for bytes of UTF-8"),
        ("socks5://proxy:0", "port 0"),
        ("socks5://anna:secret", "no number up to 65535; a user stands before an @"),
        ("http://anna:99999", "no number up to 65535"),
        ("socks5://:secret@proxy", "the user of the proxy is missing"),
        ("http://a%3Ab:secret@proxy:80", "no colon in its name"),
        (f"socks5://anna:{'secret' * 43}@proxy", "more than 255 bytes"),
        ("socks5://unix:/tmp/secret", "is no local socket"),
        ("socks5://anna:secret@pro xy:1080", "is not a host"),
        ("ftp://anna:secret@proxy:21", "a proxy is written"),
        ("socks5://\ud800@proxy", "is no text"),
        ("socks5://anna:secret@", "a proxy is written"),
    ],
)
def test_what_is_no_proxy_is_refused_without_repeating_its_password(text: str, why: str) -> None:
    with pytest.raises(AddressError, match=why) as caught:
        parse_proxy(text)
    assert "secret" not in str(caught.value).replace("unix:/tmp/secret", "")


def test_user_and_password_are_written_nowhere_by_themselves() -> None:
    proxy = Proxy("http", Address("::1", 3128), "an na", "secret")
    assert str(proxy) == "http://[::1]:3128"
    assert "secret" not in repr(proxy)
    assert "an na" not in repr(proxy)
    assert proxy.with_user == "http://an%20na@[::1]:3128"
    assert Proxy("socks5", Address("h", 1)).with_user == "socks5://h:1"


@pytest.mark.parametrize(
    ("host", "why"), [("unix:/tmp/x", "where no proxy leads"), ("fe80::1%eth0", "an interface of this machine")]
)
def test_what_no_proxy_can_reach_is_refused(host: str, why: str) -> None:
    with pytest.raises(AddressError, match=why):
        check_target(Address(host, 0))
