"""What can be read in the records of a TLS handshake before it is encrypted: the hello messages and alerts.

RFC 8446, sections 4 and 5.1. Nothing here judges; what cannot be read is left out, and nothing raises.
"""

from __future__ import annotations

from core.tls.facts import ClientHello, ServerHello

HANDSHAKE, ALERT, CHANGE_CIPHER_SPEC, APPLICATION_DATA = 22, 21, 20, 23
NO_APPLICATION_PROTOCOL, INTERNAL_ERROR = 120, 80

_HEADER = 5  # bytes: type, version, length
_LONGEST_RECORD = 16_384 + 2_048  # RFC 5246, section 6.2.3, which allows more than RFC 8446
_MOST = 256 * 1024  # bytes of a handshake that are read at the most

MESSAGES = {
    0: "hello request", 1: "client hello", 2: "server hello", 4: "new session ticket", 5: "end of early data",
    8: "encrypted extensions", 11: "certificate", 12: "server key exchange", 13: "certificate request",
    14: "server hello done", 15: "certificate verify", 16: "client key exchange", 20: "finished",
    22: "certificate status", 24: "key update",
}  # fmt: skip

ALERTS = {
    0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 21: "decryption_failed", 22: "record_overflow",
    30: "decompression_failure", 40: "handshake_failure", 41: "no_certificate", 42: "bad_certificate",
    43: "unsupported_certificate", 44: "certificate_revoked", 45: "certificate_expired", 46: "certificate_unknown",
    47: "illegal_parameter", 48: "unknown_ca", 49: "access_denied", 50: "decode_error", 51: "decrypt_error",
    60: "export_restriction", 70: "protocol_version", 71: "insufficient_security", 80: "internal_error",
    86: "inappropriate_fallback", 90: "user_canceled", 100: "no_renegotiation", 109: "missing_extension",
    110: "unsupported_extension", 111: "certificate_unobtainable", 112: "unrecognized_name",
    113: "bad_certificate_status_response", 114: "bad_certificate_hash_value", 115: "unknown_psk_identity",
    116: "certificate_required", 120: "no_application_protocol",
}  # fmt: skip

_VERSIONS = {0x0002: "SSL 2", 0x0300: "SSL 3", 0x0301: "TLS 1.0", 0x0302: "TLS 1.1", 0x0303: "TLS 1.2",
             0x0304: "TLS 1.3"}  # fmt: skip

# https://www.iana.org/assignments/tls-parameters; those that programs of today offer. "+" stands for "_WITH_".
_SUITES = {
    0x1301: "TLS_AES_128_GCM_SHA256", 0x1302: "TLS_AES_256_GCM_SHA384", 0x1303: "TLS_CHACHA20_POLY1305_SHA256",
    0x1304: "TLS_AES_128_CCM_SHA256", 0x1305: "TLS_AES_128_CCM_8_SHA256",
    0x000A: "TLS_RSA+3DES_EDE_CBC_SHA", 0x002F: "TLS_RSA+AES_128_CBC_SHA", 0x0033: "TLS_DHE_RSA+AES_128_CBC_SHA",
    0x0035: "TLS_RSA+AES_256_CBC_SHA", 0x0039: "TLS_DHE_RSA+AES_256_CBC_SHA",
    0x003C: "TLS_RSA+AES_128_CBC_SHA256", 0x003D: "TLS_RSA+AES_256_CBC_SHA256",
    0x0067: "TLS_DHE_RSA+AES_128_CBC_SHA256", 0x006B: "TLS_DHE_RSA+AES_256_CBC_SHA256",
    0x009C: "TLS_RSA+AES_128_GCM_SHA256", 0x009D: "TLS_RSA+AES_256_GCM_SHA384",
    0x009E: "TLS_DHE_RSA+AES_128_GCM_SHA256", 0x009F: "TLS_DHE_RSA+AES_256_GCM_SHA384",
    0x00A2: "TLS_DHE_DSS+AES_128_GCM_SHA256", 0x00A3: "TLS_DHE_DSS+AES_256_GCM_SHA384",
    0x00A8: "TLS_PSK+AES_128_GCM_SHA256", 0x00A9: "TLS_PSK+AES_256_GCM_SHA384",
    0x00AA: "TLS_DHE_PSK+AES_128_GCM_SHA256", 0x00AB: "TLS_DHE_PSK+AES_256_GCM_SHA384",
    0x00FF: "TLS_EMPTY_RENEGOTIATION_INFO_SCSV", 0x5600: "TLS_FALLBACK_SCSV",
    0xC009: "TLS_ECDHE_ECDSA+AES_128_CBC_SHA", 0xC00A: "TLS_ECDHE_ECDSA+AES_256_CBC_SHA",
    0xC013: "TLS_ECDHE_RSA+AES_128_CBC_SHA", 0xC014: "TLS_ECDHE_RSA+AES_256_CBC_SHA",
    0xC023: "TLS_ECDHE_ECDSA+AES_128_CBC_SHA256", 0xC024: "TLS_ECDHE_ECDSA+AES_256_CBC_SHA384",
    0xC027: "TLS_ECDHE_RSA+AES_128_CBC_SHA256", 0xC028: "TLS_ECDHE_RSA+AES_256_CBC_SHA384",
    0xC02B: "TLS_ECDHE_ECDSA+AES_128_GCM_SHA256", 0xC02C: "TLS_ECDHE_ECDSA+AES_256_GCM_SHA384",
    0xC02F: "TLS_ECDHE_RSA+AES_128_GCM_SHA256", 0xC030: "TLS_ECDHE_RSA+AES_256_GCM_SHA384",
    0xC09C: "TLS_RSA+AES_128_CCM", 0xC09D: "TLS_RSA+AES_256_CCM", 0xC09E: "TLS_DHE_RSA+AES_128_CCM",
    0xC09F: "TLS_DHE_RSA+AES_256_CCM", 0xC0AC: "TLS_ECDHE_ECDSA+AES_128_CCM", 0xC0AD: "TLS_ECDHE_ECDSA+AES_256_CCM",
    0xC0AE: "TLS_ECDHE_ECDSA+AES_128_CCM_8", 0xC0AF: "TLS_ECDHE_ECDSA+AES_256_CCM_8",
    0xCCA8: "TLS_ECDHE_RSA+CHACHA20_POLY1305_SHA256", 0xCCA9: "TLS_ECDHE_ECDSA+CHACHA20_POLY1305_SHA256",
    0xCCAA: "TLS_DHE_RSA+CHACHA20_POLY1305_SHA256",
}  # fmt: skip

_SERVER_NAME, _ALPN, _SUPPORTED_VERSIONS = 0, 16, 43  # extensions
_RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")  # RFC 8446, section 4.1.3


def plain_alert(number: int) -> bytes:
    """The record of a fatal alert as it is sent before anything is encrypted."""
    return bytes((ALERT, 3, 3, 0, 2, 2, number))


def suite_name(number: int) -> str:
    """What IANA calls a cipher suite; its number where that is not known here."""
    known = _SUITES.get(number)
    if known is not None:
        return known.replace("+", "_WITH_")
    return "GREASE" if _is_grease(number) else f"0x{number:04x}"


class HandshakeReader:
    """Reads one direction of a handshake as it goes by, until it is encrypted.

    ``client_hello``, ``server_hello`` and ``certificates`` (each as DER, before TLS 1.3 only) are None or empty until
    they have gone by.
    """

    def __init__(self) -> None:
        self.first = b""  # the first bytes of all
        self.client_hello: ClientHello | None = None
        self.server_hello: ServerHello | None = None
        self.certificates: tuple[bytes, ...] = ()
        self.plain_alerts: list[int] = []
        self._records = bytearray()
        self._handshake = bytearray()
        self._is_encrypted = self._is_lost = False
        self._read = 0

    @property
    def is_plain_text(self) -> bool:
        """Whether what began was not TLS: neither a record, be it out of place, nor the hello of SSL 2."""
        first = self.first
        if not first:
            return False
        if CHANGE_CIPHER_SPEC <= first[0] <= APPLICATION_DATA:
            return len(first) > 1 and first[1] != 3
        return not first[0] & 0x80 or (len(first) > 2 and first[2] != 1)

    def size_of_rest(self, data: bytes) -> int:
        """How many bytes of what comes next belong to the record that is under way; all, where that is not known."""
        head = bytes(self._records[:_HEADER]) + data[:_HEADER]
        if self._is_lost or len(head) < _HEADER:
            return len(data)
        return min(len(data), _HEADER + int.from_bytes(head[3:5], "big") - len(self._records))

    def feed(self, data: bytes) -> list[str]:
        """Take in what goes by; return what the records in it are called that have come to their end."""
        self.first = self.first if len(self.first) >= 64 else (self.first + data)[:64]
        self._read += len(data)
        if self._is_lost or self._read > _MOST:
            self._is_lost = True
            return []
        self._records += data
        found: list[str] = []
        while (record := self._next_record()) is not None:
            found += self._look(*record)
        return found

    def _next_record(self) -> tuple[int, bytes] | None:
        if len(self._records) < _HEADER:
            return None
        kind, length = self._records[0], int.from_bytes(self._records[3:5], "big")
        if not CHANGE_CIPHER_SPEC <= kind <= APPLICATION_DATA or self._records[1] != 3 or length > _LONGEST_RECORD:
            self._is_lost = True
            return None
        if len(self._records) < _HEADER + length:
            return None
        payload = bytes(self._records[_HEADER : _HEADER + length])
        del self._records[: _HEADER + length]
        return kind, payload

    def _look(self, kind: int, payload: bytes) -> list[str]:
        if kind == CHANGE_CIPHER_SPEC:
            # In TLS 1.3 it means nothing, and what is encrypted has another type.
            self._is_encrypted = self._is_encrypted or not self._is_tls_1_3
            return ["change cipher spec"]
        if self._is_encrypted or kind == APPLICATION_DATA:
            return ["encrypted"]
        if kind == ALERT:
            self.plain_alerts += payload[1:2]
            return [f"alert {ALERTS.get(number, number)}" for number in payload[1:2]]
        self._handshake += payload
        found: list[str] = []
        while len(self._handshake) >= 4:
            length = int.from_bytes(self._handshake[1:4], "big")
            if len(self._handshake) < 4 + length:
                break
            number, body = self._handshake[0], bytes(self._handshake[4 : 4 + length])
            del self._handshake[: 4 + length]
            found.append(self._message(number, body))
        return found

    @property
    def _is_tls_1_3(self) -> bool:
        hello = self.server_hello
        if hello is not None:
            return hello.version == "TLS 1.3"
        return self.client_hello is not None and "TLS 1.3" in self.client_hello.versions

    def _message(self, number: int, body: bytes) -> str:
        name = MESSAGES.get(number, f"message {number}")
        try:
            if number == 1:
                self.client_hello = _client_hello(body)
            elif number == 2:
                self.server_hello = _server_hello(body)
                name = "hello retry request" if body[2:34] == _RETRY else name
            elif number == 11:
                self.certificates = _certificates(body)
        except _Short:
            self._is_lost = True
        return name


class _Short(Exception):
    """A length says more than there is."""


class _Fields:
    """Reads the fields of a message one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0

    def __bool__(self) -> bool:
        return self._place < len(self._data)

    def take(self, count: int) -> bytes:
        end = self._place + count
        if end > len(self._data):
            raise _Short
        piece, self._place = self._data[self._place : end], end
        return piece

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def vector(self, size: int) -> _Fields:
        """What has its own length, of ``size`` bytes, before it."""
        return _Fields(self.take(self.number(size)))

    def rest(self) -> bytes:
        return self.take(len(self._data) - self._place)

    def numbers(self, size: int) -> list[int]:
        found = []
        while self:
            found.append(self.number(size))
        return found


def _client_hello(body: bytes) -> ClientHello:
    fields = _Fields(body)
    version = fields.number(2)
    fields.take(32)
    fields.vector(1)
    suites = fields.vector(2).numbers(2)
    fields.vector(1)
    extensions = _extensions(fields)
    versions = [version]
    if _SUPPORTED_VERSIONS in extensions:
        versions = _Fields(extensions[_SUPPORTED_VERSIONS]).vector(1).numbers(2)
    return ClientHello(
        tuple(_version(number) for number in versions if not _is_grease(number)),
        tuple(map(suite_name, suites)),
        _server_name(extensions.get(_SERVER_NAME, b"")),
        _protocols(extensions.get(_ALPN, b"")),
    )


def _server_hello(body: bytes) -> ServerHello:
    fields = _Fields(body)
    version = fields.number(2)
    fields.take(32)
    fields.vector(1)
    suite = fields.number(2)
    fields.take(1)
    extensions = _extensions(fields)
    if _SUPPORTED_VERSIONS in extensions:
        version = _Fields(extensions[_SUPPORTED_VERSIONS]).number(2)
    return ServerHello(_version(version), suite_name(suite))


def _certificates(body: bytes) -> tuple[bytes, ...]:
    found, entries = [], _Fields(body).vector(3)
    while entries:
        found.append(entries.vector(3).rest())
    return tuple(found)


def _extensions(fields: _Fields) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    rest = fields.vector(2) if fields else fields
    while rest:
        number = rest.number(2)
        found[number] = rest.vector(2).rest()
    return found


def _server_name(data: bytes) -> str:
    if not data:
        return ""
    names = _Fields(data).vector(2)
    while names:
        kind, name = names.number(1), names.vector(2).rest()
        if kind == 0:
            return name.decode("ascii", "backslashreplace")
    return ""


def _protocols(data: bytes) -> tuple[str, ...]:
    if not data:
        return ()
    found, names = [], _Fields(data).vector(2)
    while names:
        found.append(names.vector(1).rest())
    return tuple(name.decode("ascii", "backslashreplace") for name in found if not _is_grease_name(name))


def _version(number: int) -> str:
    return _VERSIONS.get(number, f"0x{number:04x}")


def _is_grease(number: int) -> bool:
    """Whether it is one of the numbers that mean nothing, which some clients throw in (RFC 8701)."""
    return number & 0x0F0F == 0x0A0A and number >> 8 == number & 0xFF


def _is_grease_name(name: bytes) -> bool:
    return len(name) == 2 and _is_grease(int.from_bytes(name, "big"))
