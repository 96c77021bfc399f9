"""TLS without a socket: encrypted bytes in and out on one side, plain ones on the other.

OpenSSL does the work, over two buffers in memory. Beside it the hello messages and alerts are read as they go by, so
that a handshake can be told of, whether it succeeds or fails. Times are given by the caller.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from core.errors import AlertError, Explanation, HandshakeError, TruncatedError, quoted
from core.tls import authority, failures
from core.tls.certificates import describe, describe_chain
from core.tls.facts import Alert, Certificate, ClientHello, Flight, Handshake, ServerHello, Trust
from core.wire.tls_records import ALERTS, NO_APPLICATION_PROTOCOL, HandshakeReader, plain_alert

if TYPE_CHECKING:
    from core.tls.contexts import TlsContext

_DER = 2  # _ssl.ENCODING_DER
_RECORD = 16 * 1024  # plain bytes of one record, at most: RFC 8446, section 5.1
_PEERS_ALERT = re.compile(r"(?:SSLV3|TLSV13|TLSV1)_(?:ALERT_)?([A-Z_]+?)(?:_\(.*)?$")
_OUR_ALERTS = {  # to a certificate, by the number of what is wrong with it: ssl_x509err2alert() of OpenSSL
    **dict.fromkeys((10, 12), "certificate_expired"),
    **dict.fromkeys((2, 18, 19, 20, 21, 24, 27, 33), "unknown_ca"),
    **dict.fromkeys((9, 11, 62, 63, 64, 66, 67, 68), "bad_certificate"),
    23: "certificate_revoked",
    26: "unsupported_certificate",
}


class TlsEndpoint:
    """One end of one TLS connection. Not shared: whoever has several threads locks around it.

    ``feed`` and ``feed_end`` take what the peer sent, ``take`` gives what is to be sent to it, also after an error:
    an alert. While ``handshake`` is None it is not over; afterwards ``read`` and ``write`` carry plain bytes.
    ``at`` is in seconds on any clock, ``now`` in seconds since 1970. Raises ``TlsError``, explained.
    """

    def __init__(self, context: TlsContext, *, host: str, at: float, now: float) -> None:
        self.handshake: Handshake | None = None
        self.why: Explanation | None = None  # of one that failed
        self._context = context
        self._is_server = context.is_server
        self._name = "" if context.is_server else context.tls.server_name or host
        self._began, self._now = at, now
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.ssl.wrap_bio(
            self._incoming,
            self._outgoing,
            server_side=context.is_server,
            # Without an interface, and without the dot of an absolute name, which SNI has not (RFC 6066, section 3).
            server_hostname=None if context.is_server else self._name.partition("%")[0].removesuffix("."),
        )
        self._theirs, self._ours = HandshakeReader(), HandshakeReader()
        self._flights: list[Flight] = []
        self._plain = b""  # decrypted and not asked for yet
        self._said = 0  # bytes of the peer's handshake
        self._extra = b""  # what goes out behind what OpenSSL says
        self._is_ended = self._has_closed = False

    @property
    def stands(self) -> bool:
        """Whether the handshake has succeeded."""
        return self.handshake is not None and not self.handshake.failure

    @property
    def holds_bytes(self) -> bool:
        """Whether something is here that the peer sent and nobody has read, in whatever form; if unsure, True."""
        return bool(self._incoming.pending or self._plain or self._tls.pending() or (self._is_ended and self.stands))

    @property
    def owed(self) -> int:
        """Bytes that wait to be taken."""
        return self._outgoing.pending + len(self._extra)

    def begin(self) -> None:
        """Say hello, if that is for us to do."""
        if not self._is_server:
            self._advance(self._began)

    def feed(self, data: bytes, at: float) -> None:
        """Take in what the peer sent."""
        while data and self.handshake is None:  # a record at a time: what follows the last is no part of the handshake
            size = self._theirs.size_of_rest(data)
            self._feed_handshake(data[:size], at)
            data = data[size:]
        if data:
            self._incoming.write(data)

    def _feed_handshake(self, data: bytes, at: float) -> None:
        self._said += len(data)
        self._note_flight(self._theirs.feed(data), len(data), at, is_ours=False)
        if self._theirs.is_plain_text:  # OpenSSL would wait for more of it
            self._raise(failures.explain_failure(self._failure()), at)
        self._refuse_protocols(at)
        self._incoming.write(data)
        self._advance(at)

    def feed_end(self, at: float) -> None:
        """The peer's sending is over. Raises ``HandshakeError`` where that is too early."""
        self._is_ended = True
        if self.handshake is None:
            self._raise(failures.cut_off(self._peer, self._said), at)

    def time_out(self, at: float, seconds: float) -> None:
        """The handshake has taken too long. Raises ``HandshakeError``."""
        self._raise(failures.timed_out(self._peer, seconds, self._said), at)

    def break_off(self, at: float, why: Explanation) -> None:
        """The connection broke in the middle of the handshake. Raises ``HandshakeError``."""
        what = f"the {self._peer} broke off in the middle of the TLS handshake: {why.what}"
        self._raise(replace(why, what=what), at)

    def take(self, at: float) -> bytes:
        """What is to be sent to the peer now."""
        data, self._extra = self._extra + self._outgoing.read(), b""
        if data and self.handshake is None:
            self._note_flight(self._ours.feed(data), len(data), at, is_ours=True)
        return data

    def read(self, most: int) -> bytes:
        """The next plain bytes, at most those of one record; none after the peer's close_notify.

        Raises ``BlockingIOError`` if there are none yet, ``TruncatedError`` if there will be none and nobody said so.
        """
        if self._plain:
            data, self._plain = self._plain[:most], self._plain[most:]
            return data
        if self._has_closed:
            return b""
        try:
            data = self._tls.read(min(most, _RECORD))
        except ssl.SSLWantReadError:
            if self._is_ended:
                raise TruncatedError(failures.truncated(self._peer)) from None
            raise BlockingIOError from None
        except ssl.SSLZeroReturnError:
            data = b""
        except ssl.SSLError as error:
            raise AlertError(self._why_broken(error)) from error
        self._has_closed = not data
        return data

    def write(self, data: bytes | memoryview) -> None:
        """Encrypt plain bytes for ``take``."""
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._tls.write(rest) :]
        except ssl.SSLError as error:
            raise AlertError(self._why_broken(error)) from error

    def close(self) -> None:
        """Say that nothing more comes (close_notify); what the peer still says can be read."""
        if not self.stands:
            return
        # OpenSSL looks for the peer's answer at once, and would throw away what is before it.
        while count := self._tls.pending():
            self._plain += self._tls.read(count)
        held = self._incoming.read()
        try:
            self._tls.unwrap()
        except ssl.SSLError:  # SSLWantReadError: the answer is not there, as it was meant to be
            pass
        self._incoming.write(held)

    @property
    def _peer(self) -> str:
        return "client" if self._is_server else "server"

    def _advance(self, at: float) -> None:
        """Go on with the handshake as far as what is there allows."""
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return
        except ssl.SSLError as error:
            self._fail(error, at)
        self._check_agreement(at)
        self._extra = self._outgoing.read()  # it belongs to the handshake, although it is sent when that is over
        self._note_flight(self._ours.feed(self._extra), len(self._extra), at, is_ours=True)
        self.handshake = self._facts(at)

    def _refuse_protocols(self, at: float) -> None:
        """OpenSSL goes on where ALPN has led to nothing; RFC 7301, section 3.2, does not."""
        hello, ours = self._theirs.client_hello, self._context.tls.alpn
        if self._is_server and hello is not None and ours and hello.alpn and not set(ours) & set(hello.alpn):
            self._extra = plain_alert(NO_APPLICATION_PROTOCOL)
            self._raise(
                failures.no_common_protocol(self._peer, ours, hello.alpn), at, Alert(True, "no_application_protocol")
            )

    def _check_agreement(self, at: float) -> None:
        """Look at what OpenSSL leaves to us. Nothing that was to go out on top of it does."""
        tls = self._context.tls
        if tls.pin:
            chain = self._chain()
            own = chain[0] if chain else None
            if (own is not None or not self._is_server) and (own is None or own.fingerprint != tls.pin):
                self._outgoing.read()
                self._raise(failures.pin_mismatch(own, tls.pin), at, can_be_pinned=own is not None)
        if tls.alpn and not self._is_server and self._tls.selected_alpn_protocol() is None:
            self._outgoing.read()
            self._raise(failures.no_common_protocol(self._peer, tls.alpn, None), at)

    def _fail(self, error: ssl.SSLError, at: float) -> None:
        """Tell of a handshake that OpenSSL has given up. Raises ``HandshakeError``."""
        key_log = self._context.tls.key_log
        if key_log is not None and error.library == "BIO":  # those that we read and write are in memory, and never fail
            self._raise(failures.no_key_log(key_log), at)
        code = getattr(error, "verify_code", 0)
        alert = self._alert_of_peer(error)
        failure = replace(
            self._failure(),
            reason=error.reason or "",
            verify_code=code,
            verify_message=getattr(error, "verify_message", ""),
            alert=alert,
            chain=self._chain(),
        )
        alerts = [Alert(False, alert)] if alert else []
        self._extra = self._outgoing.read()
        self._ours.feed(self._extra)
        alerts += [Alert(True, ALERTS.get(number, str(number))) for number in self._ours.plain_alerts]
        if code in _OUR_ALERTS and not self._ours.plain_alerts:
            alerts.append(Alert(True, _OUR_ALERTS[code]))
        self._raise(failures.explain_failure(failure), at, *alerts, can_be_pinned=bool(code) and not self._is_server)

    def _failure(self) -> failures.Failure:
        """What is known of the peer whatever has gone wrong."""
        return failures.Failure(
            is_server=self._is_server,
            host=self._name,
            lowest=self._context.tls.lowest.value,
            first=self._theirs.first,
            is_plain_text=self._theirs.is_plain_text,
            client_hello=self._hello,
            server_version=self._theirs.server_hello.version if self._theirs.server_hello is not None else "",
        )

    def _raise(self, why: Explanation, at: float, *alerts: Alert, can_be_pinned: bool = False) -> None:
        """The one place where a handshake fails."""
        facts = self._facts(at)
        is_distrusted = can_be_pinned and bool(facts.chain)
        self.handshake = replace(
            facts,
            failure=why.what,
            alerts=alerts,
            trust=Trust.REFUSED if is_distrusted else Trust.UNKNOWN,
            proved_by="",
            can_be_pinned=is_distrusted,
        )
        self.why = why
        raise HandshakeError(why)

    def _alert_of_peer(self, error: ssl.SSLError) -> str:
        """What the peer's alert is called, if that is what the error is about."""
        if isinstance(error, ssl.SSLZeroReturnError):
            return "close_notify"
        if self._theirs.plain_alerts and not getattr(error, "verify_code", 0):
            number = self._theirs.plain_alerts[-1]
            return ALERTS.get(number, f"number {number}")
        text = error.reason or str(error)  # where Python does not know the number, it has OpenSSL's words alone
        found = _PEERS_ALERT.search(text.upper().replace(" ", "_"))
        name = found[1].lower().replace("user_cancelled", "user_canceled") if found is not None else ""
        return name if name in ALERTS.values() else ""

    def _why_broken(self, error: ssl.SSLError) -> Explanation:
        """Why a connection that stood is over."""
        alert = self._alert_of_peer(error)
        if alert:
            return failures.alert_received(self._peer, alert)
        return failures.explain_failure(failures.Failure(self._is_server, error.reason or ""))

    def _note_flight(self, messages: list[str], size: int, at: float, *, is_ours: bool) -> None:
        """Bytes that follow others in the same direction belong to the same flight, however they were cut."""
        if not size:
            return
        if self._flights and self._flights[-1].is_ours is is_ours:
            last = self._flights[-1]
            self._flights[-1] = replace(last, messages=(*last.messages, *messages), size=last.size + size)
        else:
            self._flights.append(Flight(is_ours, tuple(messages), size, at - self._began))

    @property
    def _hello(self) -> ClientHello | None:
        return (self._theirs if self._is_server else self._ours).client_hello

    def _facts(self, at: float) -> Handshake:
        """What is known of the handshake by now."""
        chosen = (self._ours if self._is_server else self._theirs).server_hello
        version = (self._tls.version() or "").replace("TLSv", "TLS ")
        version = "TLS 1.0" if version == "TLS 1" else version
        cipher = self._tls.cipher()
        suite = chosen.suite if chosen is not None else cipher[0] if cipher is not None else ""
        chain = self._chain()
        trust, proved_by = self._trust(bool(chain))
        return Handshake(
            is_server=self._is_server,
            took=at - self._began,
            client_hello=self._hello,
            server_hello=chosen or ServerHello(),
            version=version or (chosen.version if chosen is not None else ""),
            suite=suite,
            alpn=self._tls.selected_alpn_protocol() or "",
            is_resumed=bool(self._tls.session_reused),
            name=self._name,
            trust=trust,
            proved_by=proved_by,
            chain=chain,
            own=self._context.own_name,
            flights=tuple(self._flights),
            key_log=str(self._context.tls.key_log or ""),
        )

    def _trust(self, has_shown: bool) -> tuple[Trust, str]:
        tls = self._context.tls
        if not self._is_server and tls.pin:
            return Trust.PIN, ""
        if not self._is_server and not tls.verify:
            return Trust.UNVERIFIED, ""
        if not has_shown:
            return (Trust.ANONYMOUS if self._is_server else Trust.AUTHORITY), ""
        verified = self._certificates("verified")
        if not verified:
            return Trust.AUTHORITY, "an authority that is trusted"
        last = describe(verified[-1], self._now)
        if last.fingerprint == self._context.own_authority:
            return Trust.AUTHORITY, authority.NAME
        if len(verified) == 1:
            return Trust.AUTHORITY, "its own certificate, which is trusted"
        return Trust.AUTHORITY, quoted(last.name, 100)

    def _chain(self) -> tuple[Certificate, ...]:
        """The peer's certificates as it showed them.

        Where OpenSSL forgets them when the handshake fails, as before 3.0, they are what went by in the clear, which
        TLS 1.3 hides.
        """
        return describe_chain(self._certificates("unverified") or self._theirs.certificates, self._now)

    def _certificates(self, which: str) -> Sequence[bytes]:
        """The peer's certificates (DER) as it showed them ("unverified"), or with the authority's ("verified").

        Python has methods for that from 3.13 on, and what they call from 3.10 on.
        """
        get = getattr(self._tls, f"get_{which}_chain", None) or getattr(
            getattr(self._tls, "_sslobj", None), f"get_{which}_chain", None
        )
        try:
            found = get() if get is not None else None
        except AttributeError:  # Python 3.13 stumbles over a client that was asked for a certificate and has none
            found = None
        shown = [one for one in found or () if one is not None]  # None is the certificate of a client that has none
        return [one if isinstance(one, bytes) else one.public_bytes(_DER) for one in shown]
