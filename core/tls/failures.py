"""Why TLS came to nothing, in sentences: what OpenSSL says, what the hello messages say, and whose alert it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

from core.errors import Explanation, Fault, quoted
from core.tls.facts import Certificate, ClientHello, day

# Numbers of X509_V_ERR_..., see openssl-verification-options(1) and x509_vfy.h.
_EXPIRED, _NOT_YET = (10, 12), (9, 11)
_SELF_SIGNED, _UNKNOWN = (18,), (2, 19, 20, 21, 27, 33)
_WRONG_HOST = (62, 63, 64)
_WRONG_PURPOSE, _NO_AUTHORITY, _REVOKED = (26,), (24, 79), (23,)
_WEAK, _WEAK_AUTHORITY = (66,), (67, 68)

# What to do, and the options of the terminal programs that do it.
_Advice: TypeAlias = tuple[str, tuple[str, ...]]
_TRUST_IT: _Advice = (
    "If you know it by its fingerprint, trust this certificate; else find out who answers there",
    ("--pin",),
)
_NEED_CA: _Advice = (
    "Name the certificate of its authority, or trust this certificate by its fingerprint",
    ("--ca", "--pin"),
)
_ANOTHER: _Advice = "Have the client present another one", ()
_ANOTHER_OR_CA: _Advice = "Add its authority, or have the client present another one", ("--ca",)

# What the peer means by an alert of its own, as the middle of a sentence; RFC 8446, section 6.2.
ALERT_WORDS = {
    "unexpected_message": "a message came that does not belong there",
    "bad_record_mac": "a record was damaged on its way, or the keys differ",
    "record_overflow": "a record is too long",
    "handshake_failure": "nothing that both sides can do is left: no cipher suite, or a certificate that is missing",
    "bad_certificate": "our certificate is bad, or is missing",
    "unsupported_certificate": "it does not take our kind of certificate",
    "certificate_revoked": "our certificate was revoked",
    "certificate_expired": "our certificate has expired, or is not valid yet",
    "certificate_unknown": "it does not accept our certificate",
    "illegal_parameter": "a field of a message makes no sense to it",
    "unknown_ca": "it does not know the authority that our certificate is from",
    "access_denied": "our certificate is good, but it lets us in for all that not",
    "decode_error": "a message could not be read",
    "decrypt_error": "a signature or a key does not hold",
    "protocol_version": "the versions of TLS that we speak are not among its own",
    "insufficient_security": "our cipher suites are too weak for it",
    "internal_error": "something failed within it, or it has no room",
    "inappropriate_fallback": "we came with an older version than we speak",
    "user_canceled": "somebody there cancelled it",
    "no_renegotiation": "it negotiates only once",
    "missing_extension": "an extension is missing that it needs",
    "unsupported_extension": "there is an extension that it did not ask for",
    "unrecognized_name": "it has nothing under the name that we asked for (SNI)",
    "unknown_psk_identity": "it does not know our shared key",
    "certificate_required": "it lets in nobody without a client certificate",
    "no_application_protocol": "none of our protocols (ALPN) is one of its own",
}


@dataclass(frozen=True, slots=True)
class Failure:
    """What is known of a handshake that failed."""

    is_server: bool
    reason: str = ""  # OpenSSL's, such as WRONG_VERSION_NUMBER
    verify_code: int = 0
    verify_message: str = ""
    host: str = ""  # whom a client asked for
    lowest: str = "1.2"
    first: bytes = b""  # the first bytes of the peer
    is_plain_text: bool = False
    alert: str = ""  # of the peer, if it sent one
    client_hello: ClientHello | None = None
    server_version: str = ""
    chain: Sequence[Certificate] = ()

    @property
    def peer(self) -> str:
        """What the other end is called."""
        return "client" if self.is_server else "server"


def explain_failure(failure: Failure) -> Explanation:
    """Why a handshake failed."""
    if failure.is_plain_text:
        return _plain_text(failure)
    if failure.alert:
        return alert_received(failure.peer, failure.alert)
    if failure.verify_code:
        return _bad_certificate(failure)
    if failure.reason == "PEER_DID_NOT_RETURN_A_CERTIFICATE":
        return Explanation(
            "the client showed no certificate, and this server requires one",
            advice="Have the client present one, or only ask for it",
            fault=Fault.PEER,
            options=("--cert", "--client-cert"),
        )
    if failure.reason in ("UNSUPPORTED_PROTOCOL", "VERSION_TOO_LOW", "WRONG_SSL_VERSION"):
        return _too_old(failure)
    if failure.reason == "NO_SHARED_CIPHER":
        offered = failure.client_hello.suites if failure.client_hello is not None else ()
        what = f"there is no cipher suite that both sides have; the client offers {_listed(offered[:8])}"
        return Explanation(what, fault=Fault.PEER)
    if failure.reason in ("NO_SHARED_GROUPS", "NO_SUITABLE_GROUPS", "NO_SUITABLE_KEY_SHARE"):
        return Explanation("there is no group for the exchange of keys that both sides have", fault=Fault.PEER)
    if failure.reason in ("NO_SUITABLE_SIGNATURE_ALGORITHM", "NO_SHARED_SIGNATURE_ALGORITHMS"):
        return Explanation(
            f"the {failure.peer} takes no signature that the key of our certificate can make",
            advice="Show it a certificate with another kind of key, such as RSA",
            fault=Fault.PEER,
            options=("--cert",),
        )
    if failure.reason == "EXCESSIVE_MESSAGE_SIZE":
        what = f"the {failure.peer} sends more than OpenSSL takes, such as certificates of over 100 KiB in all"
        return Explanation(what, fault=Fault.PEER)
    what = failure.reason.replace("_", " ").lower() or "no reason is given"
    return Explanation(
        f"the {failure.peer} broke the rules of TLS ({what})",
        ("its TLS is of another kind or is faulty", "something between the two changes what is sent"),
        fault=Fault.PEER,
    )


def alert_received(peer: str, name: str) -> Explanation:
    """What it means that the peer sent an alert."""
    meaning = ALERT_WORDS.get(name, "it says nothing more")
    return Explanation(f"the {peer} ended it with the alert {name}: {meaning}", fault=Fault.PEER)


def timed_out(peer: str, seconds: float, said: int) -> Explanation:
    """The peer did not finish the handshake in time, of which ``said`` bytes had come."""
    if not said:
        return Explanation(
            f"the {peer} said nothing for {seconds:g} s, so there was no TLS handshake",
            (f"the {peer} does not speak TLS, and waits for us to speak", "it hangs"),
            "Try it without TLS, or another port",
            Fault.PEER,
        )
    return Explanation(
        f"the {peer} did not finish the TLS handshake in {seconds:g} s: only {said:,} bytes of it came",
        ("its program hangs", "the network loses what is sent"),
        fault=Fault.PEER,
    )


def cut_off(peer: str, said: int) -> Explanation:
    """The connection ended in the middle of the handshake."""
    if not said:
        causes = (f"the {peer} does not speak TLS", "it has no room, or does not want us")
        return Explanation(f"the {peer} closed without a word of TLS", causes, fault=Fault.PEER)
    return Explanation(f"the {peer} closed in the middle of the TLS handshake", fault=Fault.PEER)


def truncated(peer: str) -> Explanation:
    """The end of the peer's sending came without close_notify."""
    return Explanation(
        f"the {peer} closed without saying that this is all (no close_notify): what was received may be incomplete",
        ("its program ended or leaves close_notify out", "somebody in between cut the connection"),
        fault=Fault.PEER,
    )


def injected(size: int, first: bytes) -> Explanation:
    """Bytes came in the clear that would have been taken for protected ones."""
    shown = quoted(first.decode("ascii", "backslashreplace"))
    return Explanation(
        f"{size:,} bytes came too early, in the clear, where TLS was to begin: {shown}. They are refused as an "
        "injection (CVE-2011-0411)",
        ("somebody in between put them there, to have them taken for protected ones", "the peer did not wait"),
        fault=Fault.PEER,
    )


def no_key_log(path: Path) -> Explanation:
    """The session's secrets could not be written, and OpenSSL goes on with nothing then."""
    return Explanation(
        f"the secrets of this handshake could not be written to {path}",
        ("its disk is full",),
        "Write them to another file, or none",
        options=("--key-log",),
    )


def pin_mismatch(certificate: Certificate | None, pin: str) -> Explanation:
    """The certificate is another one than was named."""
    if certificate is None:
        return Explanation("the server showed no certificate, and one was named by its fingerprint", fault=Fault.PEER)
    return Explanation(
        f"the server's certificate is not the one that was trusted: {_description(certificate)}, where "
        f"{pin[:16].upper()}… was expected",
        ("the server has a new certificate", "somebody else answers in its place"),
        "Ask whoever runs the server for its fingerprint before you trust the new one",
        Fault.PEER,
    )


def no_common_protocol(peer: str, ours: Sequence[str], theirs: Sequence[str] | None) -> Explanation:
    """ALPN was asked for and nothing came of it; what a server would take is not known."""
    if theirs is None:
        what = f"the {peer} agrees to none of the protocols {_listed(ours)} (ALPN)"
    else:
        what = f"the {peer} offers {_listed(theirs)} (ALPN), and here is {_listed(ours)}: none is in both"
    return Explanation(what, advice="Name a protocol that both sides speak, or none", fault=Fault.PEER)


def _plain_text(failure: Failure) -> Explanation:
    shown = quoted(failure.first.decode("ascii", "backslashreplace"))
    if failure.is_server:
        is_http = failure.first.split(b" ")[0] in (b"GET", b"POST", b"HEAD", b"PUT", b"DELETE", b"OPTIONS", b"CONNECT")
        return Explanation(
            f"the client speaks {'plain HTTP' if is_http else 'plain text'} and no TLS: it began with {shown}",
            advice="Use https:// there" if is_http else "Have the client use TLS, or start this server without it",
            fault=Fault.PEER,
        )
    return Explanation(
        f"the server does not speak TLS here: it answered in plain text, {shown}",
        ("this port is without TLS", "TLS has to be started by a command first"),
        "Connect without TLS, or try the port for TLS; SMTP, IMAP, PostgreSQL and LDAP can begin it in the middle",
        Fault.PEER,
        ("--starttls",),
    )


def _too_old(failure: Failure) -> Explanation:
    lowest = f"TLS {failure.lowest}"
    if failure.is_server:
        offered = failure.client_hello.versions if failure.client_hello is not None else ()
        what = f"the client offers {_listed(offered) or 'no version'}, and this server takes {lowest} or newer"
    else:
        offered = (failure.server_version,)
        what = f"the server chose {failure.server_version or 'an older version'}, and {lowest} is the lowest wanted"
    if "TLS 1.2" in offered:
        advice = "TLS 1.2 is safe as well: allow it here, or bring that program up to date"
        return Explanation(what, advice=advice, fault=Fault.PEER, options=("--tls-min",))
    advice = "What is older than TLS 1.2 is not safe: bring that program up to date"
    return Explanation(what, advice=advice, fault=Fault.PEER)


def _bad_certificate(failure: Failure) -> Explanation:
    own = failure.chain[0] if failure.chain else None
    whose, code = f"the {failure.peer}'s certificate", failure.verify_code
    about = f": {_description(own)}" if own is not None else ""
    ends = failure.chain[-1] if failure.chain else None
    explained = partial(_explained, _TRUST_IT if not failure.is_server else _ANOTHER)
    if code in _EXPIRED:
        which, expired = _at_fault(failure, "expired")
        return explained(f"{which} has expired{f' on {day(expired.ends)}' if expired else ''}{about}", _CLOCK)
    if code in _NOT_YET:
        which, early = _at_fault(failure, "not valid before")
        when = f", not before {day(early.begins)}" if early else ""
        return explained(f"{which} is not valid yet{when}{about}", _CLOCK)
    if code in _SELF_SIGNED:
        what = f"{whose} is signed by itself, so nobody vouches for it{about}"
        return _explained(_TRUST_IT if not failure.is_server else _ANOTHER_OR_CA, what)
    if code in _WRONG_HOST:
        return _wrong_host(failure, own, about)
    if code in _REVOKED:
        return Explanation(f"{whose} was revoked by its authority{about}", (), "", Fault.PEER)
    if code in _UNKNOWN:
        by = f"{quoted(ends.issuer_name, 100)}, which" if ends is not None else "an authority that"
        causes = (
            "it is from an authority of an organisation's own",
            f"the {failure.peer} does not send the certificates in between",
        )
        what = f"{whose} is from {by} nothing here trusts{about}"
        return _explained(_NEED_CA if not failure.is_server else _ANOTHER_OR_CA, what, causes)
    if code in _WRONG_PURPOSE:
        return explained(f"{whose} may not be used for this ({failure.verify_message}){about}")
    if code in _NO_AUTHORITY:
        return explained(
            f"a certificate that {whose} depends on may not vouch for others ({failure.verify_message}){about}"
        )
    if code in _WEAK:
        return explained(f"{whose} is too weak ({failure.verify_message}){about}")
    if code in _WEAK_AUTHORITY:
        return explained(f"a certificate that {whose} depends on is too weak ({failure.verify_message}){about}")
    return explained(f"{whose} does not hold ({failure.verify_message}){about}")


def _at_fault(failure: Failure, remark: str) -> tuple[str, Certificate | None]:
    """Which certificate is out of date, as a subject, and the certificate; None for one that was not shown."""
    whose = f"the {failure.peer}'s certificate"
    if not failure.chain:  # TLS 1.3 hides a client's, and OpenSSL gives it away only if it holds
        return f"{whose}, or one that it depends on,", None
    found = next((one for one in failure.chain if one.remark.startswith(remark)), None)
    if found is failure.chain[0]:
        return whose, found
    return f"a certificate that {whose} depends on{f', {_named(found)},' if found is not None else ''}", found


_CLOCK = ("nobody renewed it, or it is meant for later", "the clock of this machine is wrong")


def _wrong_host(failure: Failure, own: Certificate | None, about: str) -> Explanation:
    host = quoted(failure.host, 100)
    if own is not None and not own.names:
        what = (
            f"the server's certificate says whom it is for only in its common name, {quoted(own.name, 100)}, "
            f"which counts no longer (RFC 9525): it has no name to compare {host} with{about}"
        )
        return _explained(_TRUST_IT, what)
    names = _listed([quoted(name, 100) for name in own.names[:8]]) if own is not None else "somebody else"
    return _explained(
        _TRUST_IT,
        f"the server's certificate is for {names} and not for {host}{about}",
        ("the address is not the one that the certificate was made for", "somebody else answers in its place"),
    )


def _explained(advice: _Advice, what: str, causes: tuple[str, ...] = ()) -> Explanation:
    """What is wrong with a peer's certificate, with what to do about it."""
    return Explanation(what, causes, advice[0], Fault.PEER, advice[1])


def _description(certificate: Certificate) -> str:
    """A certificate with everything by which a person may know it."""
    names = [quoted(name, 100) for name in certificate.names[:8]]
    return (
        f"{_named(certificate)}{f' for {_listed(names)}' if names else ''}, issued by "
        f"{quoted(certificate.issuer_name, 100)}, valid from {certificate.validity}, "
        f"SHA-256 {certificate.shown_fingerprint}"
    )


def _named(certificate: Certificate) -> str:
    return quoted(certificate.name, 100)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
