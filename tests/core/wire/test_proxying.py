"""What is said to a proxy: the exact bytes, however they are cut, and every way in which nothing comes of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.address import Address
from core.errors import AddressError, ProxyError
from core.proxy import Proxy
from core.wire.proxying import ProxyHandshake, handshake_with

PLACE = Address("10.0.0.1", 1080)
PLAIN, WITH_USER = Proxy("socks5", PLACE), Proxy("socks5", PLACE, "anna", "secret")
HTTP, HTTP_USER = Proxy("http", PLACE), Proxy("http", PLACE, "anna", "secret")
NAME, V4, V6 = Address("example.org", 80), Address("192.0.2.7", 443), Address("2001:db8::7", 65535)
REPLY = bytes([5, 0, 0, 1, 10, 0, 0, 9, 0x12, 0x34])
LATER = b"\x05\r\n\r\nwhat the target says"


def play(handshake: ProxyHandshake, stream: bytes, sizes: list[int]) -> tuple[bytes, bytes]:
    """Have the stream come in pieces of at most these sizes; what was sent, and what was left of the stream."""
    sent, cuts = handshake.begin(), iter(sizes)
    while stream and not handshake.is_done:
        size = min(handshake.most, next(cuts, 1 << 16))
        assert size > 0
        sent += handshake.feed(stream[:size])
        stream = stream[size:]
    return sent, stream


def refusal(proxy: Proxy, stream: bytes, target: Address = NAME) -> str:
    with pytest.raises(ProxyError) as caught:
        play(handshake_with(proxy, target), stream, [])
    assert "secret" not in str(caught.value.explanation)
    return str(caught.value.explanation)


_REQUEST = bytes([5, 1, 0, 3, 11]) + b"example.org" + bytes([0, 80])
_LOGIN = b"\x01\x04anna\x06secret"
_CONNECT = b"CONNECT example.org:80 HTTP/1.1\r\nHost: example.org:80\r\n"
CONVERSATIONS = [
    (PLAIN, NAME, b"\x05\x00" + REPLY, b"\x05\x01\x00" + _REQUEST),
    (PLAIN, V4, b"\x05\x00" + REPLY, b"\x05\x01\x00" + b"\x05\x01\x00\x01\xc0\x00\x02\x07\x01\xbb"),
    (
        PLAIN,
        V6,
        b"\x05\x00" + REPLY,
        b"\x05\x01\x00" + bytes.fromhex("05010004 20010db8000000000000000000000007 ffff"),
    ),
    (
        PLAIN,
        Address("bücher.example", 80),
        b"\x05\x00" + REPLY,
        b"\x05\x01\x00\x05\x01\x00\x03\x15xn--bcher-kva.example\x00\x50",
    ),
    (WITH_USER, NAME, b"\x05\x00" + REPLY, b"\x05\x02\x00\x02" + _REQUEST),
    (WITH_USER, NAME, b"\x05\x02\x01\x00" + REPLY, b"\x05\x02\x00\x02" + _LOGIN + _REQUEST),
    (WITH_USER, NAME, b"\x05\x02\x05\x00" + REPLY, b"\x05\x02\x00\x02" + _LOGIN + _REQUEST),
    (PLAIN, NAME, b"\x05\x00\x05\x00\x00\x04" + bytes(18), b"\x05\x01\x00" + _REQUEST),
    (PLAIN, NAME, b"\x05\x00\x05\x00\x00\x03\x05proxy\x00\x00", b"\x05\x01\x00" + _REQUEST),
    (PLAIN, NAME, b"\x05\x00\x05\x00\x00\x03\x00\x00\x00", b"\x05\x01\x00" + _REQUEST),
    (HTTP, NAME, b"HTTP/1.1 200 OK\r\n\r\n", _CONNECT + b"\r\n"),
    (HTTP, NAME, b"HTTP/1.0 200\n\n", _CONNECT + b"\r\n"),
    (HTTP, NAME, b"HTTP/1.1 200 Connection established\r\nVia: 1.1 x\r\n\r\n", _CONNECT + b"\r\n"),
    (HTTP, NAME, b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 \r\nA: b\n\r\n", _CONNECT + b"\r\n"),
    (
        HTTP_USER,
        NAME,
        b"HTTP/1.1 200 OK\r\n\r\n",
        _CONNECT + b"Proxy-Authorization: Basic YW5uYTpzZWNyZXQ=\r\n\r\n",
    ),
    (
        HTTP,
        V6,
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"CONNECT [2001:db8::7]:65535 HTTP/1.1\r\nHost: [2001:db8::7]:65535\r\n\r\n",
    ),
]


@pytest.mark.parametrize(("proxy", "target", "said", "sent"), CONVERSATIONS)
@given(sizes=st.lists(st.integers(1, 9), max_size=60))
def test_however_the_stream_is_cut_it_is_the_same_and_what_comes_later_is_left(
    proxy: Proxy, target: Address, said: bytes, sent: bytes, sizes: list[int]
) -> None:
    for cuts in (sizes, [1] * 200, []):
        handshake = handshake_with(proxy, target)
        assert play(handshake, said + LATER, cuts) == (sent, LATER)
        assert handshake.is_done
        assert handshake.most == 0


@pytest.mark.parametrize(("proxy", "target", "said", "sent"), CONVERSATIONS)
def test_before_its_last_byte_it_is_not_done(proxy: Proxy, target: Address, said: bytes, sent: bytes) -> None:
    for size in range(len(said)):
        handshake = handshake_with(proxy, target)
        before, left = play(handshake, said[:size], [])
        assert not handshake.is_done
        assert (sent.startswith(before), left, handshake.most > 0) == (True, b"", True)


@given(st.sampled_from([PLAIN, WITH_USER, HTTP, HTTP_USER]), st.binary(max_size=200))
def test_whatever_comes_it_ends_or_is_explained(proxy: Proxy, stream: bytes) -> None:
    handshake = handshake_with(proxy, NAME)
    explained = "the proxy "
    try:
        play(handshake, stream, [])
    except ProxyError as error:
        explained = error.explanation.what
    assert explained.startswith("the proxy ")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (1, "could not reach example.org:80: it gives no reason (general failure)."),
        (2, "does not connect to example.org:80: it does not allow it by its rules."),
        (3, "could not reach example.org:80: its network cannot be reached."),
        (4, "could not reach example.org:80: the host cannot be reached, or its name is not known."),
        (5, "could not reach example.org:80: the connection was refused, so nothing listens there."),
        (6, "could not reach example.org:80: the way there is too long (TTL expired)."),
        (7, "does not connect to example.org:80: it does not know the command CONNECT."),
        (8, "does not connect to example.org:80: it does not know this kind of address."),
        (9, "does not connect to example.org:80: it gave code 9."),
        (255, "does not connect to example.org:80: it gave code 255."),
    ],
)
def test_each_reply_of_socks_has_its_sentence(code: int, said: str) -> None:
    reply = bytes([5, code, 0, 1, 0])  # some send no more of it
    assert refusal(PLAIN, b"\x05\x00" + reply).startswith(f"The proxy socks5://10.0.0.1:1080 {said}")


@pytest.mark.parametrize(
    ("proxy", "stream", "said"),
    [
        (PLAIN, b"\x05\xff", "wants a user and a password. Write socks5://USER:PASSWORD@HOST:PORT."),
        (WITH_USER, b"\x05\xff", "takes no user and password, and wants another proof of who you are."),
        (PLAIN, b"\x05\x02", "chose a way to log in that was not offered (2)."),
        (WITH_USER, b"\x05\x01", "chose a way to log in that was not offered (1)."),
        (WITH_USER, b"\x05\x02\x01\x01", "does not take this user and password."),
        (PLAIN, b"HTTP/1.1 400 Bad", "does not speak SOCKS5: it said “HT”. Check its port, and whether it is"),
        (PLAIN, b"\x04\x00", "does not speak SOCKS5: it said “\\u0004\\u0000”."),
        (WITH_USER, b"\x05\x02\x07\x00", "does not speak SOCKS5"),
        (PLAIN, b"\x05\x00\x04\x5a\x00\x00\x00", "does not speak SOCKS5"),
        (PLAIN, b"\x05\x00\x05\x00\x00\x09\x00", "does not speak SOCKS5"),
    ],
)
def test_a_proxy_that_does_not_do_its_part_is_told(proxy: Proxy, stream: bytes, said: str) -> None:
    assert f"The proxy socks5://10.0.0.1:1080 {said}" in refusal(proxy, stream)


@pytest.mark.parametrize(
    ("proxy", "status", "said"),
    [
        (
            HTTP,
            "407 Log in",
            "wants a user and a password: 407 “Log in”.",
        ),
        (HTTP_USER, "407 Again", "does not take this user and password: 407 “Again”."),
        (HTTP_USER, "401 Unauthorized", "does not take this user and password: 401 “Unauthorized”."),
        (HTTP, "403 Forbidden", "does not connect to example.org:80: 403 “Forbidden”. Many allow port 443 alone."),
        (HTTP, "404 ", "does not connect to example.org:80: 404."),
        (HTTP, "301 Moved", "does not connect to example.org:80: 301 “Moved”."),
        (HTTP, "501 Not Implemented", "does not connect to example.org:80: 501 “Not Implemented”."),
        (HTTP, "500 Unable to connect", "could not reach example.org:80: 500 “Unable to connect”."),
        (HTTP, "502 Bad Gateway", "could not reach example.org:80: 502 “Bad Gateway”. Check host and port."),
        (HTTP, "503 \x1b[31m\xff", "could not reach example.org:80: 503 “\\u001b[31m\\xff”."),
        (HTTP, "504", "could not reach example.org:80: 504."),
        (HTTP, "2000 OK", "does not speak HTTP: it said “HTTP/1.1 2000 OK”."),
        (HTTP, "", "does not speak HTTP: it said “HTTP/1.1”."),
    ],
)
def test_each_status_of_http_has_its_sentence(proxy: Proxy, status: str, said: str) -> None:
    stream = f"HTTP/1.1 {status}\r\nContent-Length: 4\r\n\r\nbody".encode("latin-1")
    assert refusal(proxy, stream).startswith(f"The proxy http://10.0.0.1:1080 {said}")


@pytest.mark.parametrize(
    ("status", "header", "said"),
    [
        (
            "503 Service Unavailable",
            "X-Squid-Error: ERR_CONNECT_FAIL 111",
            "could not reach example.org:80: 503 “Service Unavailable” “ERR_CONNECT_FAIL 111”.",
        ),
        (
            "502 ",
            "proxy-status: p; error=dns_error",
            "could not reach example.org:80: 502 “p; error=dns_error”.",
        ),
        (
            "403 Forbidden",
            "X-Squid-Error: \x1b[0m",
            "does not connect to example.org:80: 403 “Forbidden” “\\u001b[0m”.",
        ),
        ("503 Busy", "X-Squid-Error: ", "could not reach example.org:80: 503 “Busy”."),
    ],
)
def test_the_reason_that_a_proxy_gives_in_a_field_of_its_own_is_shown(status: str, header: str, said: str) -> None:
    stream = f"HTTP/1.1 {status}\r\nServer: x\r\n{header}\r\n\r\n".encode("latin-1")
    assert refusal(HTTP, stream).startswith(f"The proxy http://10.0.0.1:1080 {said}")


@pytest.mark.parametrize("proxy", [HTTP, HTTP_USER])
@pytest.mark.parametrize(
    ("offered", "named"),
    [
        (['Digest realm="x", nonce="y"'], "Digest"),
        (["Negotiate", "NTLM"], "Negotiate, NTLM"),
        (["\x1b]0;Basically\x07 x"], "\\u001b]0;Basically\\u0007"),
    ],
)
def test_a_proxy_that_wants_another_login_than_basic_is_not_said_to_refuse_the_password(
    proxy: Proxy, offered: list[str], named: str
) -> None:
    fields = "".join(f"Proxy-Authenticate: {each}\r\n" for each in offered)
    said = refusal(proxy, f"HTTP/1.1 407 No\r\n{fields}\r\n".encode("latin-1"))
    assert said == (
        f"The proxy http://10.0.0.1:1080 wants another login ({named}) than Basic, the only one that Tincan has."
    )


@pytest.mark.parametrize("offered", ["NTLM, basic realm=x", 'Digest realm="x"\r\nProxy-Authenticate: BASIC', ""])
def test_a_proxy_that_takes_basic_among_others_refuses_the_password(offered: str) -> None:
    stream = f"HTTP/1.1 407 No\r\nProxy-Authenticate: {offered}\r\n\r\n".encode()
    assert "does not take this user and password" in refusal(HTTP_USER, stream)
    assert "wants a user and a password" in refusal(HTTP, stream)


@pytest.mark.parametrize(
    ("kind", "stream"), [("socks5", b"\x05\x02\x01\x01"), ("http", b"HTTP/1.1 407 Log in\r\n\r\n")]
)
def test_a_password_that_was_not_given_is_asked_for(kind: str, stream: bytes) -> None:
    said = refusal(Proxy(kind, PLACE, "anna"), stream)
    assert "does not take this user without a password" in said
    assert said.endswith("Give its password, too.")


@pytest.mark.parametrize(
    ("proxy", "stream", "said"),
    [
        (WITH_USER, b"\x05\x02", "closed the connection instead of an answer to user and password. Likely cause: "),
        (WITH_USER, b"\x05", "closed the connection before it could be asked for example.org:80."),
        (WITH_USER, b"\x05\x02\x01\x00", "closed the connection without an answer about example.org:80."),
        (PLAIN, b"", "closed the connection before it could be asked for example.org:80."),
        (HTTP, b"", "closed the connection without an answer about example.org:80."),
    ],
)
def test_a_proxy_that_closes_says_what_it_closed_at(proxy: Proxy, stream: bytes, said: str) -> None:
    handshake = handshake_with(proxy, NAME)
    play(handshake, stream, [])
    assert str(handshake.closed().explanation).startswith(f"The proxy {proxy} {said}")


@pytest.mark.parametrize(
    ("proxy", "stream", "said"),
    [
        (
            PLAIN,
            b"",
            "and could not be asked for example.org:80. Likely causes: it is another kind of proxy, or none; it has ",
        ),
        (
            WITH_USER,
            b"\x05\x02",
            "and could not be asked for example.org:80. Likely causes: it is another kind of proxy, or none; it has ",
        ),
        (PLAIN, b"\x05\x00", "about example.org:80. Likely causes: the proxy waits for the target in vain; it is "),
    ],
)
def test_a_silent_proxy_waits_for_the_target_only_if_it_was_asked_for_it(
    proxy: Proxy, stream: bytes, said: str
) -> None:
    handshake = handshake_with(proxy, NAME)
    play(handshake, stream, [])
    comma = "," if said.startswith("and") else ""
    assert str(handshake.timed_out().explanation).startswith(f"The proxy {proxy} did not answer in time{comma} {said}")


@pytest.mark.parametrize("said", [b"\x05\xff", b"SSH-2.0-OpenSSH\r\n", b"HTTQ", b"\r\n\r\n"])
def test_what_is_no_http_is_known_by_its_first_bytes(said: bytes) -> None:
    assert "does not speak HTTP: it said " in refusal(HTTP, said)


_BASIC = "YW5uYTpzZWNyZXQ="  # anna:secret


@pytest.mark.parametrize(
    ("proxy", "stream", "said"),
    [
        (HTTP_USER, f"CONNECT h HTTP/1.1\r\nProxy-Authorization: Basic {_BASIC}\r\n", "Proxy-Authorization: Basic ***"),
        (HTTP_USER, f"CONNECT h HTTP/1.1\r\nProxy-Authorization: Basic {_BASIC[:9]}", "Basic ***”"),
        (HTTP_USER, "you said anna:secret?", "“you said anna:***?”"),
        (HTTP_USER, "see", "“see”"),
    ],
)
def test_an_echo_of_the_password_is_not_shown(proxy: Proxy, stream: str, said: str) -> None:
    shown = str(handshake_with(proxy, NAME).no_proxy(stream.encode()).explanation)
    assert said in shown
    assert _BASIC[:8] not in shown


@pytest.mark.parametrize(
    ("status", "said"),
    [(f"502 no way for {_BASIC}", "502 “no way for ***”"), ("403 secret\r\nX-Squid-Error: secret", "403 “***” “***”")],
)
def test_nor_is_it_in_a_refusal(status: str, said: str) -> None:
    assert said in refusal(HTTP_USER, f"HTTP/1.1 {status}\r\n\r\n".encode())


@pytest.mark.parametrize("password", ["p", "tp/", "1.1"])
def test_of_an_answer_nothing_is_shown_beside_a_short_password(password: str) -> None:
    """The marks in it would say what they stand for: “htt***/1.1”."""
    proxy = Proxy("http", PLACE, "anna", password)
    assert "example.org:80: 502 “***”. " in refusal(proxy, b"HTTP/1.1 502 no way, http/1.1\r\n\r\n")
    assert str(handshake_with(proxy, NAME).no_proxy(b"http/1.1").explanation).count("it said “***”") == 1


def test_a_head_without_an_end_is_given_up() -> None:
    said = refusal(HTTP, b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000)
    assert said.startswith("The proxy http://10.0.0.1:1080 gave an answer whose head is longer than 65,536 bytes.")


def test_answers_that_are_none_yet_are_given_up_as_one_that_has_no_end() -> None:
    said = refusal(HTTP, b"HTTP/1.1 100 Continue\r\n\r\n" * 3_000)
    assert said.startswith("The proxy http://10.0.0.1:1080 gave an answer whose head is longer than 65,536 bytes.")


@pytest.mark.parametrize("said", [b"\x05\x05", b"\x05\x05\x00", b"\x05\x05\x00\x01"])
def test_a_reply_that_says_why_needs_no_rest(said: bytes) -> None:
    assert "could not reach example.org:80: the connection was refused" in refusal(PLAIN, b"\x05\x00" + said)


def test_a_target_of_this_machine_alone_is_refused_before_anything_is_said() -> None:
    with pytest.raises(AddressError, match="where no proxy leads"):
        handshake_with(PLAIN, Address("unix:/tmp/x", 0))
