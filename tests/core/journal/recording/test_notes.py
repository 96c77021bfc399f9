"""The journal's sentences: what each kind of event says to a person, and which of them are bad news."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest

from core.address import Address
from core.errors import Explanation
from core.events import (
    Closed,
    ConnectionId,
    Ending,
    Event,
    FramingChanged,
    HttpRequest,
    Injected,
    Listening,
    MessageTooLong,
    Misframed,
    NotSent,
    Onward,
    Opened,
    Paused,
    PeerFinished,
    Received,
    Remark,
    ReplyChanged,
    Resolved,
    Resolving,
    Retrying,
    Sent,
    SessionClosed,
    SessionId,
    SessionOpened,
    SessionRemark,
    SocketTuned,
    TlsBegun,
    TlsHandshake,
    TlsRefused,
    Tried,
    TurnedAway,
    WeFinished,
    WentOn,
)
from core.journal.recording.notes import GOOD_ENDINGS, is_failure, sentence
from core.roles import ROLES, Role
from core.tls.facts import Handshake, Trust

S, C, AT = SessionId(1), ConnectionId(3), 0
HERE, THERE = Address("127.0.0.1", 5555), Address("192.0.2.7", 40000)
WHY = Explanation("it broke", ("rain",))

SHAKEN = Handshake(
    is_server=False,
    took=0.0031,
    version="TLS 1.3",
    suite="TLS_AES_256_GCM_SHA384",
    name="localhost",
    trust=Trust.AUTHORITY,
    proved_by="Tincan's own authority",
)

SAME = ""  # a client says it as a server does

TABLE: list[tuple[Event, str, str]] = [
    (SessionOpened(S, AT, Role.SERVER, HERE, "raw", "letter"), "starting a server on 127.0.0.1:5555", SAME),
    (SessionOpened(S, AT, Role.CLIENT, HERE, "raw"), "connecting to 127.0.0.1:5555", SAME),
    (
        SessionOpened(S, AT, Role.SERVER, HERE, "raw", "letter", tls=True),
        "starting a server on 127.0.0.1:5555 with TLS",
        SAME,
    ),
    (Listening(S, AT, (HERE,)), "server is listening on 127.0.0.1:5555", "client is listening on 127.0.0.1:5555"),
    (
        Listening(S, AT, (HERE, Address("::1", 5555))),
        "server is listening on 127.0.0.1:5555 and [::1]:5555",
        "client is listening on 127.0.0.1:5555 and [::1]:5555",
    ),
    (Resolving(S, AT, "example.org"), "looking up example.org", SAME),
    (Resolved(S, AT, (HERE, THERE), 0.0123), "found 127.0.0.1:5555 and 192.0.2.7:40000 in 12.3 ms", SAME),
    (Tried(S, AT, THERE, 1.25, WHY), "tried 192.0.2.7:40000 for 1.2 s: it broke", SAME),
    (
        Opened(S, C, AT, 3, HERE, THERE),
        "#3 connected from 192.0.2.7:40000",
        "the server connected from 192.0.2.7:40000",
    ),
    (
        Opened(S, C, AT, 1, THERE, HERE, 0.0004),
        "connected to 127.0.0.1:5555 from 192.0.2.7:40000: the handshake took 0.4 ms",
        SAME,
    ),
    (
        Retrying(S, AT, 1, 0.5, "nobody listens"),
        "nobody listens; tries again by itself until it stands or is disconnected, first in 0.5 s",
        SAME,
    ),
    (TurnedAway(S, AT, THERE, "full"), "turned 192.0.2.7:40000 away: full", SAME),
    (TurnedAway(S, AT, None, "full"), "turned a peer away: full", SAME),
    (TlsBegun(S, C, AT, is_server=True), "TLS begins here, and we are its server", SAME),
    (TlsBegun(S, C, AT, is_server=False), "TLS begins here, and we are its client", SAME),
    (
        TlsHandshake(S, C, AT, SHAKEN),
        '#3: TLS 1.3, TLS_AES_256_GCM_SHA384, "localhost" proved by Tincan\'s own authority, 3.1 ms',
        'TLS 1.3, TLS_AES_256_GCM_SHA384, "localhost" proved by Tincan\'s own authority, 3.1 ms',
    ),
    (
        TlsHandshake(S, C, AT, replace(SHAKEN, trust=Trust.UNVERIFIED, alpn="h2", is_resumed=True, key_log="keys")),
        '#3: TLS 1.3, TLS_AES_256_GCM_SHA384, ALPN h2, not verified that this is "localhost", resumed, 3.1 ms, '
        "its secrets are written to keys",
        'TLS 1.3, TLS_AES_256_GCM_SHA384, ALPN h2, not verified that this is "localhost", resumed, 3.1 ms, '
        "its secrets are written to keys",
    ),
    (
        TlsHandshake(S, C, AT, replace(SHAKEN, trust=Trust.PIN)),
        '#3: TLS 1.3, TLS_AES_256_GCM_SHA384, "localhost" known by the fingerprint of its certificate, 3.1 ms',
        'TLS 1.3, TLS_AES_256_GCM_SHA384, "localhost" known by the fingerprint of its certificate, 3.1 ms',
    ),
    (
        TlsHandshake(S, C, AT, replace(SHAKEN, is_server=True, name="", trust=Trust.ANONYMOUS, proved_by="")),
        "#3: TLS 1.3, TLS_AES_256_GCM_SHA384, 3.1 ms",
        "TLS 1.3, TLS_AES_256_GCM_SHA384, 3.1 ms",
    ),
    (
        TlsHandshake(S, C, AT, replace(SHAKEN, failure="the server said nothing")),
        "#3: the TLS handshake failed after 3.1 ms: the server said nothing",
        "the TLS handshake failed after 3.1 ms: the server said nothing",
    ),
    (TlsRefused(S, C, AT, "3 bytes still wait"), "TLS does not begin: 3 bytes still wait", SAME),
    (
        Paused(S, C, AT, 20_000, 4.21),
        "#3 is paused: 20,000 answers in a row within 4.2 s and no person between, so that two programs may be "
        "answering each other; nothing more is read until you go on",
        "the server is paused: 20,000 answers in a row within 4.2 s and no person between, so that two programs may be "
        "answering each other; nothing more is read until you go on",
    ),
    (WentOn(S, C, AT), "#3 goes on", "the server goes on"),
    (
        Injected(S, C, AT, 6, "EHLO x"),
        "6 bytes from #3 came too early, in the clear, and count for nothing: “EHLO x”",
        "6 bytes from the server came too early, in the clear, and count for nothing: “EHLO x”",
    ),
    (
        PeerFinished(S, C, AT, "close_notify"),
        "#3 has finished sending (close_notify)",
        "the server has finished sending (close_notify)",
    ),
    (
        SocketTuned(S, C, AT, 5, nagle=True),
        "#3: each recv asks for 5 bytes from now on, small sends wait for what is on its way (Nagle)",
        "each recv asks for 5 bytes from now on, small sends wait for what is on its way (Nagle)",
    ),
    (
        SocketTuned(S, C, AT, 1, nagle=False),
        "#3: each recv asks for 1 byte from now on, small sends go at once",
        "each recv asks for 1 byte from now on, small sends go at once",
    ),
    (PeerFinished(S, C, AT), "#3 has finished sending (FIN)", "the server has finished sending (FIN)"),
    (
        WeFinished(S, C, AT),
        "the server has finished sending to #3 (FIN)",
        "you have finished sending to the server (FIN)",
    ),
    (
        MessageTooLong(S, C, AT, 2_000_000),
        "a message of 2,000,000 bytes from #3 is too long for the framing, so it gets no reply",
        "a message of 2,000,000 bytes from the server is too long for the framing, so it gets no reply",
    ),
    (
        Misframed(S, C, AT, "what came ended too early: 3 of 10 bytes"),
        "#3 sent what is no message under the framing: what came ended too early: 3 of 10 bytes",
        "the server sent what is no message under the framing: what came ended too early: 3 of 10 bytes",
    ),
    (
        HttpRequest(S, C, AT, "GET /\x1b[31m HTTP/1.1"),
        "#3 speaks HTTP: “GET /\\u001b[31m HTTP/1.1”",
        "the server speaks HTTP: “GET /\\u001b[31m HTTP/1.1”",
    ),
    (
        Remark(S, C, AT, "no rule answers this message"),
        "#3: no rule answers this message",
        "no rule answers this message",
    ),
    (
        NotSent(S, C, AT, 1234, "it does not read"),
        "1,234 bytes for #3 were not sent: it does not read",
        "1,234 bytes for the server were not sent: it does not read",
    ),
    (
        NotSent(S, C, AT, 1, "it does not read"),
        "1 byte for #3 was not sent: it does not read",
        "1 byte for the server was not sent: it does not read",
    ),
    (
        Closed(S, C, AT, Ending.PEER_FINISHED),
        "#3 closed: the peer said goodbye (FIN)",
        "connection closed: the server said goodbye (FIN)",
    ),
    (
        Closed(S, C, AT, Ending.PEER_FINISHED, how="close_notify"),
        "#3 closed: the peer said goodbye (close_notify)",
        "connection closed: the server said goodbye (close_notify)",
    ),
    (
        Closed(S, C, AT, Ending.FAILED, WHY),
        "#3 closed: it broke. Likely cause: rain.",
        "connection closed: it broke. Likely cause: rain.",
    ),
    (SessionClosed(S, AT), "server stopped", "disconnected"),
    (ReplyChanged(S, AT, "echo"), "replies with the same from now on", SAME),
    (
        FramingChanged(S, AT, "length:2be"),
        "tells messages apart in another way from now on: 2-byte big-endian length",
        SAME,
    ),
    (SessionClosed(S, AT, cancelled=True), "cancelled", SAME),
    (SessionClosed(S, AT, WHY), "It broke. Likely cause: rain.", SAME),
    (Received(S, C, AT, b"hello"), "", SAME),
    (Sent(S, C, AT, b"hello"), "", SAME),
    (Onward(S, AT, HERE), f"passes on what callers say to {HERE}", SAME),
    (SessionRemark(S, AT, "the system dropped 3 datagrams"), "the system dropped 3 datagrams", SAME),
]


@pytest.mark.parametrize(("event", "to_a_server", "to_a_client"), TABLE, ids=lambda v: type(v).__name__)
def test_an_event_reads_as_a_sentence(event: Event, to_a_server: str, to_a_client: str) -> None:
    assert sentence(event, 3, Role.SERVER) == to_a_server
    assert sentence(event, 3, Role.CLIENT) == (to_a_client or to_a_server)


def test_every_kind_of_event_has_its_sentence_in_the_table() -> None:
    assert {type(event) for event, *_ in TABLE} == set(get_args(Event))


@pytest.mark.parametrize("ending", Ending)
@pytest.mark.parametrize("role", ROLES.values(), ids=ROLES)
def test_every_ending_is_put_into_words_that_fit_the_role(ending: Ending, role: Role) -> None:
    text = sentence(Closed(S, C, AT, ending), 3, role)

    assert len(text.split(": ", 1)[1]) > 5
    assert role.peer == "peer" or "peer" not in text


def test_the_legs_of_a_tap_are_told_apart() -> None:
    refused = Explanation("nothing answers at 10.0.0.1:9")
    story: list[tuple[Event, int | None, str]] = [
        (SessionOpened(S, AT, Role.TAP, HERE, "raw"), None, f"starting a tap on {HERE}"),
        (Opened(S, C, AT, 7, HERE, HERE), 7, f"#7 connected from {HERE}"),
        (
            Opened(S, C, AT, -7, HERE, HERE, 0.002),
            -7,
            f"#7→ connected to {HERE} from {HERE}: the handshake took 2.0 ms",
        ),
        (PeerFinished(S, C, AT), -7, "#7→ has finished sending (FIN)"),
        (WeFinished(S, C, AT), 7, "the tap has finished sending to #7 (FIN)"),
        (Closed(S, C, AT, Ending.PASSED_ON), -7, "#7→ closed: as the other leg was"),
        (Closed(S, C, AT, Ending.PASSED_RESET), -7, "#7→ closed: reset (RST), as the other leg was"),
        (Closed(S, C, AT, Ending.NO_TARGET, refused), 7, "#7 closed: nothing answers at 10.0.0.1:9."),
        (Closed(S, C, AT, Ending.SERVER_STOPPED), 7, "#7 closed: the tap was stopped"),
    ]

    assert [sentence(event, number, Role.TAP) for event, number, _words in story] == [words for *_, words in story]


def test_datagrams_have_no_handshake_and_no_goodbye() -> None:
    assert sentence(Opened(S, C, AT, 2, HERE, HERE), 2, Role.UDP_SERVER) == f"#2 speaks from {HERE}"
    assert sentence(Opened(S, C, AT, 2, HERE, HERE), 2, Role.UDP_TAP) == f"#2 speaks from {HERE}"
    assert sentence(Opened(S, C, AT, -2, HERE, HERE), -2, Role.UDP_TAP) == f"#2 is passed on to {HERE} from {HERE}"
    assert sentence(Opened(S, C, AT, 1, HERE, HERE), 1, Role.UDP_CLIENT) == f"sends to {HERE} from {HERE}"
    assert sentence(Closed(S, C, AT, Ending.OURS, how=""), 1, Role.UDP_CLIENT) == "connection closed: you closed it"


def test_a_local_socket_that_was_reset_has_sent_no_rst() -> None:
    closed = Closed(S, C, AT, Ending.OURS_RESET, how="end of file")
    assert sentence(closed, 1, Role.SERVER) == "#1 closed: you reset it"
    finished = Closed(S, C, AT, Ending.PEER_FINISHED, how="end of file")
    assert sentence(finished, 1, Role.SERVER) == "#1 closed: the peer said goodbye (end of file)"


def test_a_connection_without_a_number_is_still_a_connection() -> None:
    assert sentence(PeerFinished(S, C, AT), None, Role.SERVER) == "a connection has finished sending (FIN)"


@pytest.mark.parametrize("ending", Ending)
def test_an_ending_is_bad_news_unless_somebody_wanted_it(ending: Ending) -> None:
    answered = {Ending.REPLY, Ending.RULE, Ending.RULE_RESET, Ending.PROGRAM, Ending.HANDLER}
    wanted = answered | {Ending.PEER_FINISHED, Ending.OURS, Ending.OURS_RESET, Ending.SERVER_STOPPED}
    wanted |= {Ending.PASSED_ON, Ending.PASSED_RESET, Ending.FAULT_CUT, Ending.FAULT_RESET, Ending.FORGOTTEN}

    assert is_failure(Closed(S, C, AT, ending)) is (ending not in wanted)
    assert wanted == GOOD_ENDINGS


@pytest.mark.parametrize(
    ("event", "bad"),
    [
        (SessionClosed(S, AT), False),
        (SessionClosed(S, AT, cancelled=True), False),
        (SessionClosed(S, AT, WHY), True),
        (Tried(S, AT, HERE, 0.1, WHY), True),
        (TurnedAway(S, AT, None, "full"), True),
        (MessageTooLong(S, C, AT, 1), True),
        (Misframed(S, C, AT, "it ended too early"), True),
        (NotSent(S, C, AT, 1, "why"), True),
        (Listening(S, AT, (HERE,)), False),
        (PeerFinished(S, C, AT), False),
    ],
    ids=lambda v: type(v).__name__,
)
def test_what_went_wrong_is_marked_as_such(event: Event, bad: bool) -> None:
    assert is_failure(event) is bad
