"""What is asked for where a connection speaks TLS. Values only: no file is read and no ``ssl`` imported here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from types import NoneType

from core.address import check_host
from core.errors import AddressError, TlsSettingsError, check_type, quoted

STARTTLS = ("smtp", "imap", "postgres", "ldap")

_FINGERPRINT = re.compile(r"[0-9a-f]{64}", re.ASCII)
_LONGEST_PROTOCOL = 255  # bytes of a name in ALPN: RFC 7301, section 3.1


class ClientCertificates(Enum):
    """Whether a server wants to know who its clients are."""

    NONE = "none"
    ASK = "ask"  # a client without a certificate may come in, one with a bad certificate may not
    REQUIRE = "require"


class LowestVersion(Enum):
    """The oldest TLS that is spoken."""

    TLS_1_2 = "1.2"
    TLS_1_3 = "1.3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """How TLS is spoken by a session. With nothing given, a client verifies the server against the system's trust
    store and Tincan's own authority, and a server has a certificate of that authority.

    Raises ``TlsSettingsError`` for what makes no sense, ``ValueError`` for a version or a wish for certificates that
    there is not. Files are read when the session starts.
    """

    ca: Path | None = None  # PEM or DER file: who may vouch, instead of the system's trust store
    certificate: Path | None = None  # our own, with its chain: PEM or PKCS#12
    key: Path | None = None  # of the certificate, where it is not in the same file: PEM
    password: str | None = field(default=None, repr=False)  # of the key or of PKCS#12
    pin: str = ""  # SHA-256 of the peer's certificate, 64 hexadecimal digits; a client then asks nobody else
    verify: bool = True  # a client without looks at nothing that the server shows
    server_name: str = ""  # whom a client asks for (SNI) and verifies; empty: the host that it dials
    alpn: tuple[str, ...] = ()  # protocols, the dearest first; that there is one in common is required
    lowest: LowestVersion = LowestVersion.TLS_1_2
    client_certificates: ClientCertificates = ClientCertificates.NONE  # of a server; verified with ``ca``
    key_log: Path | None = None  # gets the session's secrets (SSLKEYLOGFILE), with which a capture can be read
    starttls: str = ""  # one of ``STARTTLS``: a client says in the clear first what that protocol says
    authority: Path | None = None  # the folder of Tincan's own authority; None: the settings folder

    def __post_init__(self) -> None:
        check_type("password", self.password, str, NoneType)
        check_type("verify", self.verify, bool)
        for name in ("pin", "server_name", "starttls"):
            check_type(name, getattr(self, name), str)
        for name in ("ca", "certificate", "key", "key_log", "authority"):
            value = getattr(self, name)
            object.__setattr__(self, name, Path(value) if value is not None else None)
        object.__setattr__(self, "pin", parse_pin(self.pin) if self.pin else "")
        object.__setattr__(self, "alpn", _checked_protocols(self.alpn))
        object.__setattr__(self, "lowest", LowestVersion(self.lowest))
        object.__setattr__(self, "client_certificates", ClientCertificates(self.client_certificates))
        if self.key is not None and self.certificate is None:
            raise TlsSettingsError("a key alone proves nothing: name its certificate, too")
        if self.starttls and self.starttls not in STARTTLS:
            raise TlsSettingsError(f"{quoted(self.starttls)} is none of {', '.join(STARTTLS)}")
        if self.server_name:
            try:
                check_host(self.server_name)
            except AddressError as error:
                raise TlsSettingsError(f"the name of the server: {error}") from error
        if self.pin and not self.verify:
            raise TlsSettingsError("a pin is what is verified: leave it out, or verify")


def parse_pin(text: str) -> str:
    """The SHA-256 fingerprint of a certificate as 64 small hexadecimal digits, however it was written.

    Colons, spaces and a leading ``sha256:`` are left out. Raises ``TlsSettingsError``.
    """
    digits = re.sub(r"[\s:]", "", text.strip().lower().removeprefix("sha256:").removeprefix("sha-256:"))
    if not _FINGERPRINT.fullmatch(digits):
        raise TlsSettingsError(f"{quoted(text)} is not a SHA-256 fingerprint: that has 64 hexadecimal digits")
    return digits


def parse_protocols(text: str) -> tuple[str, ...]:
    """The protocols in a list such as ``h2,http/1.1``. Raises ``TlsSettingsError``."""
    return _checked_protocols([name.strip() for name in text.split(",")])


def _checked_protocols(names: Sequence[str]) -> tuple[str, ...]:
    check_type("alpn", names, tuple, list)
    for name in names:
        check_type("a name in alpn", name, str)
        if not name or not name.isascii() or not name.isprintable() or len(name) > _LONGEST_PROTOCOL:
            raise TlsSettingsError(f"{quoted(name)} is not the name of a protocol for ALPN, as h2 and http/1.1 are")
    return tuple(dict.fromkeys(names))
