"""What is said before TLS begins, however the answers come in, and how a refusal reads."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import HandshakeError
from core.tls.settings import STARTTLS
from core.wire.starttls import make_starttls

LDAP_YES = bytes.fromhex("300c02010178070a010004000400")
GOOD: dict[str, tuple[bytes, bytes]] = {
    "smtp": (b"220-hi\r\n220 there\r\n250-x\r\n250-SIZE\r\n250 STARTTLS\r\n220 go\r\n", b"EHLO tincan\r\nSTARTTLS\r\n"),
    "imap": (b"* OK hi\r\n* CAPABILITY IMAP4rev1\r\nt1 OK go\r\n", b"t1 STARTTLS\r\n"),
    "postgres": (b"S", bytes.fromhex("0000000804d2162f")),
    "ldap": (LDAP_YES, bytes.fromhex("301d02010177188016") + b"1.3.6.1.4.1.1466.20037"),
}


@pytest.mark.parametrize("name", STARTTLS)
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_it_comes_to_tls_however_the_answers_are_cut(name: str, size: int) -> None:
    answers, said = GOOD[name]
    talk = make_starttls(name)
    ours = talk.begin()
    for place in range(0, len(answers), size):
        assert not talk.is_done
        ours += talk.feed(answers[place : place + size])
    assert talk.is_done
    assert ours == said
    assert talk.rest == b""


@pytest.mark.parametrize("name", STARTTLS)
def test_what_comes_behind_the_last_answer_is_kept_apart(name: str) -> None:
    talk = make_starttls(name)
    talk.begin()
    talk.feed(GOOD[name][0] + b"250 injected\r\n")
    assert talk.is_done
    assert talk.rest == b"250 injected\r\n"


@pytest.mark.parametrize(
    ("name", "answers", "words"),
    [
        ("smtp", b"554 no\r\n", "the SMTP server refuses: “554 no”"),
        ("smtp", b"220 x\r\n250 SIZE\r\n", "the SMTP server does not offer STARTTLS"),
        ("smtp", b"220 x\r\n250 STARTTLS\r\n454 later\r\n", "the SMTP server refuses: “454 later”"),
        ("smtp", b"SSH-2.0\r\n", "does not speak SMTP: “SSH-2.0”"),
        ("imap", b"* BYE\r\n", "does not greet us"),
        ("imap", b"* OK\r\nt1 BAD no\r\n", "the IMAP server refuses: “t1 BAD no”"),
        ("postgres", b"N", "the PostgreSQL server does not offer it"),
        ("postgres", b"HTTP", "does not speak PostgreSQL: “HTTP”"),
        ("ldap", b"HTTP", "does not speak LDAP"),
        ("ldap", bytes.fromhex("300c02010178070a010204000400"), "the LDAP server refuses (result 02)"),
    ],
)
def test_a_refusal_says_who_and_what(name: str, answers: bytes, words: str) -> None:
    talk = make_starttls(name)
    talk.begin()
    with pytest.raises(HandshakeError) as caught:
        talk.feed(answers)
    assert words in caught.value.explanation.what


@pytest.mark.parametrize("name", ["smtp", "imap"])
def test_a_flood_without_an_answer_is_refused(name: str) -> None:
    talk = make_starttls(name)
    with pytest.raises(HandshakeError, match="says much and answers nothing"):
        talk.feed(b"x" * 70_000)


@given(name=st.sampled_from(STARTTLS), pieces=st.lists(st.binary(max_size=40), max_size=6))
def test_whatever_is_answered_it_comes_to_an_end_or_waits(name: str, pieces: list[bytes]) -> None:
    talk = make_starttls(name)
    talk.begin()
    with contextlib.suppress(HandshakeError):
        for piece in pieces:
            talk.feed(piece)
