"""Why a handshake failed, in sentences: each says of whom it is, and nothing that is not so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.tls.facts import Certificate, ClientHello
from core.tls.failures import Failure, explain_failure

DAY = 24 * 60 * 60
OWN = Certificate("", "", "localhost", "Between", ("localhost",), 0, 30 * DAY, "EC P-256", "ab" * 32, "")
BETWEEN = replace(OWN, name="Between", issuer_name="Root", names=())
OLD, EARLY = replace(BETWEEN, remark="expired on 1970-01-31"), replace(BETWEEN, remark="not valid before 1970-01-01")


@pytest.mark.case("C-73")
@pytest.mark.parametrize(
    ("code", "chain", "words"),
    [
        (10, (replace(OWN, remark=OLD.remark), BETWEEN), "the server's certificate has expired on 1970-01-31: "),
        (10, (OWN, OLD), "a certificate that the server's certificate depends on, “Between”, has expired on 1970"),
        (10, (OWN, BETWEEN), "a certificate that the server's certificate depends on has expired: "),
        (9, (OWN, EARLY), "a certificate that the server's certificate depends on, “Between”, is not valid yet, not"),
        (9, (OWN,), "a certificate that the server's certificate depends on is not valid yet: "),
        (79, (OWN, BETWEEN), "a certificate that the server's certificate depends on may not vouch for others ("),
        (66, (OWN, BETWEEN), "the server's certificate is too weak ("),
        (68, (OWN, BETWEEN), "a certificate that the server's certificate depends on is too weak ("),
    ],
)
def test_the_certificate_that_does_not_hold_is_the_one_that_is_named(
    code: int, chain: tuple[Certificate, ...], words: str
) -> None:
    failure = Failure(is_server=False, verify_code=code, verify_message="as it is", host="localhost", chain=chain)
    why = explain_failure(failure).what
    assert why.startswith(words)
    assert OWN.shown_fingerprint in why


@pytest.mark.parametrize(
    ("code", "words", "options"),
    [
        (10, "the client's certificate, or one that it depends on, has expired", ()),
        (18, "the client's certificate is signed by itself", ("--ca",)),
        (20, "the client's certificate is from an authority that nothing here trusts", ("--ca",)),
        (26, "the client's certificate may not be used for this", ()),
    ],
)
def test_of_a_client_s_hidden_certificate_nothing_is_said_that_is_not_known(
    code: int, words: str, options: tuple[str, ...]
) -> None:
    why = explain_failure(Failure(is_server=True, verify_code=code))
    assert why.what.startswith(words)
    assert why.options == options
    assert not any("server" in cause for cause in why.causes)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("NO_SHARED_CIPHER", "there is no cipher suite that both sides have"),
        ("NO_SUITABLE_KEY_SHARE", "there is no group for the exchange of keys that both sides have"),
        ("NO_SUITABLE_SIGNATURE_ALGORITHM", "the client takes no signature that the key of our certificate can make"),
        ("EXCESSIVE_MESSAGE_SIZE", "the client sends more than OpenSSL takes"),
        ("BAD_DIGEST_LENGTH", "the client broke the rules of TLS (bad digest length)"),
    ],
)
def test_who_agrees_on_nothing_has_broken_no_rules(reason: str, words: str) -> None:
    assert explain_failure(Failure(is_server=True, reason=reason)).what.startswith(words)


@pytest.mark.parametrize(("versions", "is_safe"), [(("TLS 1.2",), True), (("TLS 1.1", "TLS 1.0"), False)])
def test_what_is_too_old_is_called_unsafe_only_where_it_is(versions: tuple[str, ...], is_safe: bool) -> None:
    hello = ClientHello(versions, (), "", ())
    failure = Failure(is_server=True, reason="UNSUPPORTED_PROTOCOL", lowest="1.3", client_hello=hello)
    why = explain_failure(failure)
    assert why.what == f"the client offers {', '.join(versions)}, and this server takes TLS 1.3 or newer"
    assert ("not safe" in why.advice) is not is_safe
